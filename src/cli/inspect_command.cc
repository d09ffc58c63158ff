// stretto inspect PLAN|MODEL.onnx
#include <fmt/format.h>
#include <stretto/stretto.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

struct Options {
  std::string file;
  bool json = false, problems = false;
};

void print_tensors(const char* kind, const std::vector<TensorInfo>& tensors) {
  for (const TensorInfo& t : tensors) {
    fmt::print("  {:12}  {}: {} {}, {}\n", kind, one_line(t.name), type_text(t.type), shape_text(t.shape),
               bytes_text(t.bytes));
  }
}

void print_program(const ProgramInfo& program, bool problems) {
  using enum Table::Align;
  print_tensors("input", program.inputs);
  print_tensors("output", program.outputs);
  fmt::print("  memory        weights {}, activations {}, workspace {}\n", bytes_text(program.memory.weights),
             bytes_text(program.memory.activations), bytes_text(program.memory.workspace));
  if (program.time_ms > 0) fmt::print("  timed         {} when it was built\n", time_text(program.time_ms));
  Table table({"layer", "op", "tactic", "config", "type", "layout", "shape", "GFLOP", "weights", "ms"},
              {left, left, left, left, left, left, left, right, right, right});
  for (const PlanLayer& l : program.layers) {
    const std::string layout =
        l.input_layout == l.output_layout ? l.output_layout : l.input_layout + "→" + l.output_layout;
    table.add({l.name, l.op, l.tactic, l.config, l.precision, layout, l.output_shape, fmt::format("{:.4f}", l.gflop),
               bytes_text(l.weights_bytes), l.time_ms > 0 ? fmt::format("{:.4f}", l.time_ms) : "-"});
  }
  fmt::print("{}", table.text(40));
  if (!problems) return;
  for (const PlanLayer& l : program.layers) fmt::print("  {}: {}\n", one_line(l.name), one_line(l.problem));
}

/// A plan's details without what the integers of every value stand for, which --json has.
std::string without_scales(const std::string& details) {
  nlohmann::ordered_json read = nlohmann::ordered_json::parse(details, nullptr, false);
  if (!read.is_object()) return details;
  for (const char* name : {"scales", "factors", "factor_lists"}) read.erase(name);
  return read.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_plan(const PlanInfo& p, bool problems) {
  fmt::print("{}: a plan of {}\n", p.path, one_line(p.model));
  fmt::print("  target        {}, needs {}, {}, timed with {} thread{}\n", one_line(p.device), p.required_isa,
             one_line(p.precision), p.threads, p.threads == 1 ? "" : "s");
  if (!p.machine.empty()) fmt::print("  built on      {}\n", one_line(p.machine));
  fmt::print("  size          file {}, weights {}\n", bytes_text(p.file_bytes), bytes_text(p.weights_bytes));
  fmt::print("  model         SHA-256 {}\n", one_line(p.model_sha256));
  if (!p.preprocess.empty()) fmt::print("  preprocess    {}\n", one_line(p.preprocess));
  if (!p.details.empty()) fmt::print("  details       {}\n", one_line(without_scales(p.details)));
  for (size_t i = 0; i < p.programs.size(); ++i) {
    if (p.programs.size() > 1) fmt::print("program {}\n", i);
    print_program(p.programs[i], problems);
  }
}

void print_model(const ModelInfo& m) {
  using enum Table::Align;
  fmt::print("{}: an ONNX model{}{}\n", m.path, m.producer.empty() ? "" : " by ", one_line(m.producer));
  fmt::print("  version       IR {}, opset {}\n", m.ir_version, m.opset);
  for (size_t i = 0; i < m.inputs.size(); ++i) {
    fmt::print("  input         {}: {} {}\n", one_line(m.inputs[i].name), type_text(m.inputs[i].type),
               one_line(m.input_shapes[i]));
  }
  for (const TensorInfo& t : m.outputs) {
    fmt::print("  output        {}{}\n", one_line(t.name),
               t.bytes > 0 ? fmt::format(": {} {}", type_text(t.type), shape_text(t.shape)) : "");
  }
  fmt::print("  weights       {} parameters, {}\n", m.parameters, bytes_text(m.weights_bytes));
  if (m.gflop > 0) fmt::print("  work          {:.3f} GFLOP\n", m.gflop);
  std::string operators;
  for (const auto& [name, count] : m.operators)
    operators += fmt::format("{}{} {}", operators.empty() ? "" : ", ", name, count);
  fmt::print("  operators     {}\n", one_line(operators));
  for (const std::string& text : m.unsupported) fmt::print("  unsupported   {}\n", one_line(text));
  for (const std::string& note : m.notes) fmt::print("  note          {}\n", one_line(note));
  if (m.layers.empty()) return;
  Table table({"node", "op", "shape", "GFLOP", "parameters"}, {left, left, left, right, right});
  for (const ModelInfo::Layer& l : m.layers) {
    table.add({l.name, l.op, l.output_shape, fmt::format("{:.4f}", l.gflop), fmt::format("{}", l.parameters)});
  }
  fmt::print("{}", table.text());
}

void run(const Options& o) {
  if (is_plan(o.file)) {
    const PlanInfo info = inspect_plan(o.file);
    o.json ? print_json(to_json(info)) : print_plan(info, o.problems);
  } else {
    const ModelInfo info = inspect_model(o.file);
    o.json ? print_json(to_json(info)) : print_model(info);
  }
}

}  // namespace

void add_inspect(CLI::App& app, Work& work) {
  auto o = std::make_shared<Options>();
  CLI::App* sub = app.add_subcommand("inspect", "Show what is inside a plan or a model, layer by layer");
  sub->add_option("PLAN|MODEL", o->file, "A plan, or an ONNX file")->required();
  sub->add_flag("--problems", o->problems,
                "The full problem of each layer of a plan, as benchmarks and caches name it");
  sub->add_flag("--json", o->json, "Everything as one JSON object on stdout");
  sub->footer("Examples:\n  stretto inspect resnet50.plan\n  stretto inspect resnet50.onnx --json");
  sub->callback([o, &work] { work = [o] { run(*o); }; });
}

}  // namespace stretto::cli
