// For tests: plans made by hand, each step with the first tactic of the tables that takes its problem.
#pragma once

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/memory.h"
#include "kernels/cpu/tables.h"
#include "plan/plan.h"

namespace stretto::testing {

inline const Tactic& tactic_for(const Problem& problem) {
  for (TacticTable table : cpu_tactic_tables()) {
    for (const Tactic& tactic : table) {
      if (cpu_has(tactic.isa) && tactic.supports(problem) == Refusal::none) return tactic;
    }
  }
  throw std::runtime_error("no tactic takes " + to_string(problem));
}

/// One program, step by step. Tensors in the arena never share memory.
class PlanMaker {
 public:
  uint32_t input(const std::string& name, TensorType type) {
    const auto tensor = add({name, type, Layout::plain, {plan::Place::input, 0, count(program_.inputs)}});
    program_.inputs.push_back({name, type, tensor});
    return tensor;
  }
  uint32_t output(const std::string& name, TensorType type) {
    const auto tensor = add({name, type, Layout::plain, {plan::Place::output, 0, count(program_.outputs)}});
    program_.outputs.push_back({name, type, tensor});
    return tensor;
  }
  uint32_t activation(TensorType type, Layout layout = Layout::plain) {
    const uint64_t offset = program_.arena_bytes;
    program_.arena_bytes += align_up(stored_bytes(type, layout));
    return add({"t" + std::to_string(program_.tensors.size()), type, layout, {plan::Place::arena, offset, 0}});
  }
  uint32_t constant(const Tensor& value) {
    const uint64_t offset = pool_.add({static_cast<const std::byte*>(value.data()), value.bytes()});
    return add({"constant", value.type(), Layout::plain, {plan::Place::weights, offset, 0}});
  }
  void step(const std::string& problem_text, std::vector<uint32_t> inputs, uint32_t output,
            const std::vector<Tensor>& constants = {}) {
    plan::Step step;
    step.name = "step" + std::to_string(program_.steps.size());
    step.problem = problem_from_string(problem_text).value();
    const Tactic& tactic = tactic_for(step.problem);
    step.tactic = tactic.name;
    step.tactic_version = tactic.version;
    step.config = tactic.configs(step.problem).front();
    const Booking booking = tactic.book(step.problem, step.config);
    if (booking.weights_bytes > 0) {
      Memory packed(booking.weights_bytes);
      tactic.pack(step.problem, step.config, constants, packed.data());
      step.weights_offset = pool_.add({packed.data(), booking.weights_bytes});
      step.weights_bytes = booking.weights_bytes;
    }
    step.scratch_offset = program_.arena_bytes;
    program_.arena_bytes += align_up(booking.scratch_bytes);
    program_.worker_scratch_bytes = std::max<uint64_t>(program_.worker_scratch_bytes, booking.worker_scratch_bytes);
    step.inputs = std::move(inputs);
    step.output = output;
    program_.steps.push_back(std::move(step));
  }
  std::shared_ptr<plan::Plan> finish() {
    auto plan = std::make_shared<plan::Plan>();
    plan->programs.push_back(std::move(program_));
    std::move(pool_).give_to(*plan);
    return plan;
  }

 private:
  template <class T>
  static uint32_t count(const std::vector<T>& v) {
    return static_cast<uint32_t>(v.size());
  }
  uint32_t add(plan::ProgramTensor tensor) {
    program_.tensors.push_back(std::move(tensor));
    return count(program_.tensors) - 1;
  }

  plan::Program program_;
  plan::WeightsPool pool_;
};

inline const TensorType kMapType{DType::f32, {1, 20, 9, 7}};
inline constexpr int64_t kMapElements = 20 * 9 * 7;

inline std::string unary(const std::string& from, const std::string& to, const std::string& attributes) {
  return "%0 f32[1x20x9x7] " + from + " in; %1 f32[1x20x9x7] " + to + " out; %1 = " + attributes + " %0";
}

/// y = relu(x) + x computed in the arena, z = relu(x) read back from an output; k is a constant.
inline std::shared_ptr<plan::Plan> small_plan() {
  PlanMaker m;
  const uint32_t x = m.input("x", kMapType), y = m.output("y", kMapType), z = m.output("z", kMapType);
  const uint32_t k = m.output("k", {DType::f32, {1, 4, 1, 1}});
  const uint32_t sum = m.activation(kMapType);
  const std::vector<float> values = {1, -2, 3, -4};
  const uint32_t constant = m.constant(Tensor::of<float>(DType::f32, {1, 4, 1, 1}, values));
  m.step(unary("plain", "plain", "unary(kind=relu,a=0,b=0)"), {x}, z);
  m.step(
      "%0 f32[1x20x9x7] plain in; %1 f32[1x20x9x7] plain in; %2 f32[1x20x9x7] plain out; "
      "%2 = binary(kind=add) %0 %1",
      {z, x}, sum);
  m.step(unary("plain", "plain", "reformat()"), {sum}, y);
  m.step("%0 f32[1x4x1x1] plain in; %1 f32[1x4x1x1] plain out; %1 = reformat() %0", {constant}, k);
  return m.finish();
}

inline std::vector<float> ramp(int64_t n, float scale = 1) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(scale * static_cast<float>(i % 41 - 20));
  return values;
}

}  // namespace stretto::testing
