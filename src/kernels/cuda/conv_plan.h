// What rows of convolutions over two axes plan alike, whatever they multiply.
#pragma once

#include <type_traits>

#include "kernels/cuda/common.h"
#include "kernels/cuda/conv.h"

namespace stretto::kernels::cuda {

/// Of a single T node or the first of several: a convolution or its transpose.
template <class T>
ConvGeometry geometry_of(const Problem &problem) {
  const T &a = *first_as<T>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape;
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return ConvAxis{at(src.type.shape[2 + i]), at(weights[2 + i]), at(a.strides[i]), at(a.dilations[i]), at(a.pads[i])};
  };
  ConvGeometry g{};
  g.out = order4_of(dst);
  g.in = strides4_of(src);
  g.has_bias = source_count(problem) > 2;
  g.transposed = std::is_same_v<T, op::ConvTranspose> || std::is_same_v<T, op::ConvTransposeInteger>;
  g.in_group = static_cast<uint32_t>(src.type.shape[1] / a.group);
  g.out_group = static_cast<uint32_t>(dst.type.shape[1] / a.group);
  g.h = axis(0);
  g.w = axis(1);
  g.source = input_position(problem, problem.nodes[0].inputs[0]);
  return g;
}

/// Weights as ConvGeometry says; returns where they end.
template <class E>
E *pack_taps(const ConvGeometry &g, std::span<const E> weights, E *to) {
  const auto taps = static_cast<size_t>(g.h.kernel * g.w.kernel);
  for (size_t tap = 0; tap < taps; ++tap) {
    for (size_t ic = 0; ic < g.in_group; ++ic) {
      for (size_t oc = 0; oc < g.out.c; ++oc) {
        const size_t group = oc / g.out_group, row = group * g.in_group + ic;
        const size_t from = g.transposed ? row * g.out_group + oc % g.out_group : oc * g.in_group + ic;
        *to++ = weights[from * taps + tap];
      }
    }
  }
  return to;
}

}  // namespace stretto::kernels::cuda
