// What depthwise convolution and pooling share: the rows of a task and which part of a window meets the image.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/window_params.h"

namespace stretto::kernels {
namespace {

struct Range {
  int begin, end;
};

/// The elements of a window from `start` that lie in 0…size.
inline Range window_range(int start, int size, int kernel, int dilation) {
  int begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
  int end = start < size ? (size - start + dilation - 1) / dilation : 0;
  if (begin > kernel) begin = kernel;
  if (end > kernel) end = kernel;
  return {begin, end < begin ? begin : end};
}

struct WindowTask {
  int plane_begin, plane_end, row_begin, row_end;
};

inline WindowTask window_task(const WindowParams& p, TaskId id) {
  WindowTask t;
  t.plane_begin = id.index / p.row_blocks * p.plane_block;
  t.plane_end = t.plane_begin + p.plane_block < p.planes ? t.plane_begin + p.plane_block : p.planes;
  t.row_begin = id.index % p.row_blocks * p.row_block;
  t.row_end = t.row_begin + p.row_block < p.oh ? t.row_begin + p.row_block : p.oh;
  return t;
}

/// The first element of a plane of src, and how far a plane of dst is.
template <class V>
const typename V::Element* window_src(const WindowParams& p, const StepArgs& args, int plane) {
  return static_cast<const typename V::Element*>(args.src[p.src]) +
         static_cast<ptrdiff_t>(plane) * p.ih * p.iw * V::width;
}
template <class V>
ptrdiff_t window_dst(const WindowParams& p, int plane) {
  return static_cast<ptrdiff_t>(plane) * p.oh * p.ow * V::width;
}

}  // namespace
}  // namespace stretto::kernels
