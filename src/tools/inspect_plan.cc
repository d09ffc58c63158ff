#include <stretto/tools.h>

#include <filesystem>
#include <fstream>

#include "kernels/cpu/tables.h"
#include "plan/plan.h"
#include "runtime/throw.h"
#include "tools/describe.h"

namespace stretto {
namespace {

std::string layout_of_input(const Problem& problem) {
  for (const Operand& operand : problem.operands) {
    if (operand.role == Role::input) return std::string(name_of(operand.layout));
  }
  return "-";
}

PlanLayer describe_step(const plan::Step& step, double time_ms) {
  PlanLayer layer;
  layer.name = step.name;
  layer.op = tools::operators_of(step.problem);
  layer.tactic = step.tactic;
  layer.config = to_string(step.config);
  layer.precision = precision_of(step.problem, find_tactic(step.tactic, step.tactic_version));
  layer.input_layout = layout_of_input(step.problem);
  layer.output_layout = std::string(name_of(step.problem.output().layout));
  layer.output_shape = to_string(step.problem.output().type.shape);
  layer.problem = to_string(step.problem);
  layer.gflop = step.problem.flops() * 1e-9;
  layer.weights_bytes = step.weights_bytes;
  layer.time_ms = time_ms;
  return layer;
}

ProgramInfo describe_program(const plan::Plan& plan, size_t number) {
  const plan::Program& program = plan.programs[number];
  const plan::Times& times = plan.times;
  ProgramInfo info;
  for (const plan::Binding& b : program.inputs) info.inputs.push_back(tools::tensor_info(b.name, b.type));
  for (const plan::Binding& b : program.outputs) info.outputs.push_back(tools::tensor_info(b.name, b.type));
  info.memory = tools::memory_of(plan, program, static_cast<int>(plan.report.threads));
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const bool timed = number < times.step_ms.size() && i < times.step_ms[number].size();
    info.layers.push_back(describe_step(program.steps[i], timed ? times.step_ms[number][i] : 0));
  }
  if (number < times.total_ms.size()) info.time_ms = times.total_ms[number];
  return info;
}

}  // namespace

PlanInfo inspect_plan(const std::string& path) {
  const plan::Plan plan = value_or_throw(plan::load(path));
  PlanInfo info;
  info.path = path;
  info.model = plan.report.model;
  info.model_sha256 = plan.report.model_sha256;
  info.precision = plan.report.precision;
  info.device = plan.report.device;
  info.required_isa = std::string(name_of(plan.required_isa));
  info.machine = plan.times.machine;
  info.preprocess = plan.preprocess.spec;
  info.details = plan.report.details;
  std::error_code ec;
  const auto size = std::filesystem::file_size(path, ec);
  info.file_bytes = ec ? 0 : size;
  info.weights_bytes = plan.weights.size();
  info.threads = static_cast<int>(plan.report.threads);
  for (size_t i = 0; i < plan.programs.size(); ++i) info.programs.push_back(describe_program(plan, i));
  return info;
}

bool is_plan(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[8] = {};
  file.read(magic, sizeof(magic));
  return file.gcount() == sizeof(magic) && std::string_view(magic, sizeof(magic)) == std::string_view("STRETTO\0", 8);
}

}  // namespace stretto
