// Chains of unary and binary operators, one element a thread.
#pragma once

#include "kernels/cuda/math.h"

namespace stretto::kernels::cuda {

struct ElementwiseParams {
  static constexpr int kMaxSteps = 6, kMaxOperands = 7;
  struct Operand {
    Place place;
    bool half, dense;  // dense: lies as the result does
    Walk walk;         // else where it lies, in the result's order
  };
  struct Step {
    bool binary;
    Function unary;
    op::BinaryKind kind;
    int8_t x, y;  // operands from 0, results of earlier steps from −1 downwards
  };
  uint32_t total;
  bool out_half;
  Lanes lanes;
  int32_t operands, steps;
  Operand operand[kMaxOperands];
  Step step[kMaxSteps];
};

struct ElementwiseElement {
  using Params = ElementwiseParams;
  ElementwiseParams p;
  const void *data[ElementwiseParams::kMaxOperands];
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static ElementwiseElement of(const Params &p, const StepArgs &args, uint32_t) {
    ElementwiseElement e{p, {}, args.dst};
    for (int i = 0; i < p.operands; ++i) e.data[i] = p.operand[i].place.of(args);
    return e;
  }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    if (p.lanes.is_padding(i)) return store(dst, p.out_half, i, 0.0f);
    float results[ElementwiseParams::kMaxSteps] = {};
    const auto value = [&](int8_t from) {
      if (from < 0) return results[-1 - from];
      const ElementwiseParams::Operand &o = p.operand[from];
      return load(data[from], o.half, o.dense ? i : o.walk.at(i));
    };
    for (int32_t s = 0; s < p.steps; ++s) {
      const ElementwiseParams::Step &step = p.step[s];
      const float x = value(step.x);
      results[s] = step.binary ? apply_binary(step.kind, x, value(step.y)) : apply_unary(step.unary, x);
    }
    store(dst, p.out_half, i, results[p.steps - 1]);
  }
};

}  // namespace stretto::kernels::cuda
