// Reading a dense range of a tensor whose elements lie elsewhere by strides: broadcasts, slices, transposes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/tensor.h"

namespace stretto::kernels::generic {

inline constexpr int kMaxWalk = kMaxRank + 1;  // a blocked tensor has one axis more

/// Sizes by axis, outermost first, and for each axis the elements to move in the source. Axes join where they can.
struct Walk {
  int32_t rank = 0;
  int64_t size[kMaxWalk] = {}, stride[kMaxWalk] = {};
  int64_t base = 0;  // source element of the first

  void add(int64_t n, int64_t step) {
    if (n == 1) return;
    if (rank > 0 && stride[rank - 1] == step * n) {
      size[rank - 1] *= n;
      stride[rank - 1] = step;
      return;
    }
    size[rank] = n;
    stride[rank++] = step;
  }
  /// One source element for all.
  bool is_scalar() const { return rank == 0 || (rank == 1 && stride[0] == 0); }
  /// The source in its own order.
  bool is_dense() const { return rank == 0 || (rank == 1 && stride[0] == 1); }
};

/// out[0 … count) = elements [first, first + count) of what the walk visits in order.
template <class T>
void read_walk(const Walk& w, const T* src, int64_t first, int64_t count, T* out) {
  src += w.base;
  if (w.rank == 0) {
    std::fill_n(out, count, *src);
    return;
  }
  int64_t at[kMaxWalk], offset = 0, rest = first;
  for (int i = w.rank; i-- > 0; rest /= w.size[i]) {
    at[i] = rest % w.size[i];
    offset += at[i] * w.stride[i];
  }
  int last = w.rank - 1;
  int64_t n = w.size[last], step = w.stride[last];
  while (count > 0) {
    int64_t run = std::min(n - at[last], count);
    const T* from = src + offset;
    if (step == 1) {
      std::memcpy(out, from, static_cast<size_t>(run) * sizeof(T));
    } else if (step == 0) {
      std::fill_n(out, run, *from);
    } else {
      for (int64_t i = 0; i < run; ++i) out[i] = from[i * step];
    }
    out += run;
    count -= run;
    offset -= at[last] * step;
    at[last] = 0;
    for (int i = last - 1; i >= 0; --i) {
      offset += w.stride[i];
      if (++at[i] < w.size[i]) break;
      offset -= w.size[i] * w.stride[i];
      at[i] = 0;
    }
  }
}

}  // namespace stretto::kernels::generic
