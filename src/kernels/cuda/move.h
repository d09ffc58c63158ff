// Moving elements about: reformats, transposes, slices, broadcasts,
// concatenations. One element a thread.
#pragma once

#include "kernels/cuda/math.h"

namespace stretto::kernels::cuda {

/// One source of a move: its elements in an order, where each is read and where
/// it is written.
struct MovePart {
  Place src;
  Element in;
  Lanes lanes;  // in this order: padding lanes are written with zeros
  uint32_t total;
  Walk from, to;
};

struct MoveParams {
  static constexpr uint32_t kMaxParts = 32;
  uint32_t parts;
  Element out;
  MovePart part[kMaxParts];
};

struct MoveElement {
  using Params = MoveParams;
  MovePart p;
  Element out;
  const void *src;
  void *dst;

  static uint32_t launches(const Params &p) { return p.parts; }
  static MoveElement of(const Params &p, const StepArgs &args, uint32_t launch) {
    const MovePart &part = p.part[launch];
    return {part, p.out, part.src.of(args), args.dst};
  }
  uint32_t count() const { return p.total; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    if (p.lanes.is_padding(i)) return clear_element(dst, out, p.to.at(i));
    copy_element(src, p.in, p.from.at(i), dst, out, p.to.at(i));
  }
};

}  // namespace stretto::kernels::cuda
