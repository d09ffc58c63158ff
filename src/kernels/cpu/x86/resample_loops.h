// Resize of blocked planes, nearest and linear: one vector is one pixel's channels.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/move_params.h"

namespace stretto::kernels {
namespace {

template <class V>
void resample_nearest(const ResampleParams& p, const typename V::Element* src, const ResampleTap& row,
                      const ResampleTap* columns, typename V::Element* dst) {
  constexpr int W = V::width;
  const typename V::Element* from = src + static_cast<ptrdiff_t>(row.first) * p.iw * W;
  for (int x = 0; x < p.ow; ++x) V::store(dst + x * W, V::load(from + columns[x].first * W));
}

template <class V>
void resample_linear(const ResampleParams& p, const typename V::Element* src, const ResampleTap& row,
                     const ResampleTap* columns, typename V::Element* dst) {
  using T = typename V::T;
  constexpr int W = V::width;
  const typename V::Element* upper = src + static_cast<ptrdiff_t>(row.first) * p.iw * W;
  const typename V::Element* lower = src + static_cast<ptrdiff_t>(row.second) * p.iw * W;
  const T down = V::set(row.fraction);
  for (int x = 0; x < p.ow; ++x) {
    const ResampleTap& column = columns[x];
    const T right = V::set(column.fraction);
    const T a = V::load(upper + column.first * W), b = V::load(upper + column.second * W);
    const T c = V::load(lower + column.first * W), d = V::load(lower + column.second * W);
    const T top = V::fma(V::sub(b, a), right, a), bottom = V::fma(V::sub(d, c), right, c);
    V::store(dst + x * W, V::fma(V::sub(bottom, top), down, top));
  }
}

template <class V>
void resample_task(const StepArgs& args, TaskId id) {
  using Element = typename V::Element;
  constexpr int W = V::width;
  const ResampleParams& p = *static_cast<const ResampleParams*>(args.params);
  const auto* rows = reinterpret_cast<const ResampleTap*>(&p + 1);
  const ResampleTap* columns = rows + p.oh;
  const int first = id.index / p.row_blocks * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  const int row_begin = id.index % p.row_blocks * p.row_block;
  const int row_end = row_begin + p.row_block < p.oh ? row_begin + p.row_block : p.oh;
  for (int plane = first; plane < last; ++plane) {
    const Element* src = static_cast<const Element*>(args.src[0]) + static_cast<ptrdiff_t>(plane) * p.ih * p.iw * W;
    Element* dst = static_cast<Element*>(args.dst) + static_cast<ptrdiff_t>(plane) * p.oh * p.ow * W;
    for (int y = row_begin; y < row_end; ++y) {
      Element* to = dst + static_cast<ptrdiff_t>(y) * p.ow * W;
      if constexpr (requires { typename V::Wide; }) {
        if (p.linear) {
          resample_linear<typename V::Wide>(p, src, rows[y], columns, to);
          continue;
        }
      }
      resample_nearest<V>(p, src, rows[y], columns, to);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
