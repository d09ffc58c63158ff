// Matrix products, one element a thread.
#pragma once

#include "kernels/cuda/chunk.h"

namespace stretto::kernels::cuda {

/// Steps from row to row and from column to column are in elements.
struct GemmParams {
  uint32_t m, n, k;
  uint32_t a_row, a_column, b_row, b_column, c_row, c_column;
  bool has_c;
  float alpha, beta;
  Place a, b, c;
  EpilogueParams epilogue;
};

struct GemmElement {
  using Params = GemmParams;
  GemmParams p;
  const float *a, *b, *c;
  const void *other;
  void *dst;

  static uint32_t launches(const Params &) { return 1; }
  static GemmElement of(const Params &p, const StepArgs &args, uint32_t) {
    const auto at = [&](const Place &place) { return static_cast<const float *>(place.of(args)); };
    return {p,
            at(p.a),
            at(p.b),
            p.has_c ? at(p.c) : nullptr,
            p.epilogue.binary ? args.src[p.epilogue.other] : nullptr,
            args.dst};
  }
  uint32_t count() const { return p.m * p.n; }

  STRETTO_BOTH void operator()(uint32_t i) const {
    const uint32_t row = i / p.n, column = i % p.n;
    const float *x = a + size_t{row} * p.a_row, *y = b + size_t{column} * p.b_column;
    float sum = 0;
    for (uint32_t k = 0; k < p.k; ++k, x += p.a_column, y += p.b_row) sum += *x * *y;
    sum *= p.alpha;
    if (p.has_c) sum += p.beta * c[size_t{row} * p.c_row + size_t{column} * p.c_column];
    store(dst, false, i, p.epilogue.apply(sum, other, i));
  }
};

}  // namespace stretto::kernels::cuda
