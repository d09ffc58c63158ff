// Inside ref/: where each element of an operator that only moves data comes from.
#pragma once

#include "op/resize_map.h"
#include "ref/indexing.h"
#include "ref/resize.h"
#include "ref/values.h"

namespace stretto::ref {

/// Element [i…] of the output is element first + Σ i·strides of the input.
struct Affine {
  int64_t first = 0;
  Dims strides;
};
Affine affine_of(const op::Slice& a, const Types& t);
Affine affine_of(const op::Transpose& a, const Types& t);
Affine affine_of(const op::Expand& a, const Types& t);

/// An element of an input; input < 0 stands for Pad's value.
struct Source {
  int input = 0;
  int64_t linear = 0;
};
Source source_of(const Affine& affine, const Types& t, int64_t linear);
Source source_of(const op::Concat& a, const Types& t, int64_t linear);
Source source_of(const op::Pad& a, const Types& t, int64_t linear);
/// Mode nearest.
Source source_of(const op::Resize& a, const Types& t, int64_t linear);

/// Which element of the index tensor, and how its value leads to the element of data.
struct GatherPoint {
  int64_t outer = 0, index = 0, inner = 0;
};
GatherPoint gather_point(const op::Gather& a, const Types& t, int64_t linear);
/// The element of data, given the value of the index; values out of range are brought to the nearer end.
int64_t gathered(const op::Gather& a, const Types& t, const GatherPoint& p, int64_t value);

}  // namespace stretto::ref
