// Moving elements about: reformats, transposes, slices, broadcasts,
// concatenations. One element a thread.
#pragma once

#include "kernels/cuda/math.h"

namespace stretto::kernels::cuda {

/// One source of a move: its elements in an order, where each is read and where
/// it is written.
struct MovePart {
  Place src;
  bool in_half;
  Lanes lanes;  // in this order: padding lanes are written with zeros
  uint32_t total;
  Walk from, to;
};

struct MoveParams {
  static constexpr uint32_t kMaxParts = 32;
  uint32_t parts;
  bool out_half;
  MovePart part[kMaxParts];
};

struct MoveElement {
  using Params = MoveParams;
  MovePart p;
  bool out_half;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &p) { return p.parts; }
  static MoveElement of(const Params &p, const StepArgs &args, uint32_t launch) {
    const MovePart &part = p.part[launch];
    return {part, p.out_half, part.src.of(args), args.dst};
  }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const float value = p.lanes.is_padding(i) ? 0.0f : load(src, p.in_half, p.from.at(i));
    store(dst, out_half, p.to.at(i), value);
  }
};

}  // namespace stretto::kernels::cuda
