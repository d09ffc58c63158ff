// Types of pooling and reductions.
#include <fmt/format.h>

#include <cmath>

#include "op/enum_names.h"
#include "op/infer_rules.h"

namespace stretto::op {
namespace {

/// Every window must see at least one element of the input; only a dilation wider than the input can prevent it.
Status check_windows(int64_t size, int64_t out, const Pool& a, int axis) {
  int64_t dilation = a.dilations[axis], pad = a.pads[axis];
  if (size >= dilation || pad == 0) return {};
  for (int64_t o = 0; o < out; ++o) {
    int64_t start = o * a.strides[axis] - pad;
    if (start >= 0) return {};
    int64_t first = start + (-start + dilation - 1) / dilation * dilation;
    if (first >= size) return bad_input(fmt::format("window {} along axis {} sees only padding", o, 2 + axis));
  }
  return {};
}

}  // namespace

Result<TensorType> infer_one(const Pool& a, Types in) {
  STRETTO_TRY(check_dtypes_or_bytes(in, false));
  const Shape& src = in[0].shape;
  int spatial = src.size() - 2;
  if (spatial < 1)
    return bad_input(fmt::format("source {} needs N, C and at least one more axis", stretto::to_string(src)));
  if (!enum_valid(a.kind)) return bad_input("unknown kind of pooling");
  STRETTO_TRY(check_dims("kernel", a.kernel, spatial, 1, kMaxWindow));
  STRETTO_TRY(check_dims("strides", a.strides, spatial, 1));
  STRETTO_TRY(check_dims("dilations", a.dilations, spatial, 1, kMaxWindow));
  STRETTO_TRY(check_dims("pads", a.pads, 2 * spatial, 0, kMaxWindow));
  Shape out{src[0], src[1]};
  double window_elements = 1;
  for (int i = 0; i < spatial; ++i) {
    int64_t window = (a.kernel[i] - 1) * a.dilations[i] + 1;
    int64_t begin = a.pads[i], end = a.pads[spatial + i];
    if (begin >= window || end >= window) {
      return bad_input(fmt::format("pads {} along axis {} must be smaller than the kernel's extent {}",
                                   stretto::to_string(a.pads), 2 + i, window));
    }
    int64_t room = src[2 + i] + begin + end - window;
    if (room < 0) return bad_input(fmt::format("the kernel exceeds the padded input along axis {}", 2 + i));
    int64_t size = (room + (a.ceil_mode ? a.strides[i] - 1 : 0)) / a.strides[i] + 1;
    // A window that would start past the input and its leading pad is left out, as in ONNX and PyTorch.
    if (a.ceil_mode && (size - 1) * a.strides[i] >= src[2 + i] + begin) --size;
    STRETTO_TRY(check_windows(src[2 + i], size, a, i));
    out.push_back(size);
    window_elements *= static_cast<double>(a.kernel[i]);
  }
  if (window_elements > static_cast<double>(kMaxSize)) return bad_input("the kernel has more than 2^31 elements");
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const Reduce& a, Types in) {
  STRETTO_TRY(check_dtypes_or_bytes(in, true));
  if (!enum_valid(a.kind)) return bad_input("unknown kind of reduction");
  const Shape& src = in[0].shape;
  int64_t previous = -1;
  for (int64_t axis : a.axes) {
    STRETTO_TRY(check_axis(axis, src.size()));
    if (axis <= previous) return bad_input(fmt::format("axes {} must rise", stretto::to_string(a.axes)));
    previous = axis;
  }
  Shape out;
  for (int i = 0, next = 0; i < src.size(); ++i) {
    bool reduced = next < a.axes.size() && a.axes[next] == i;
    if (reduced) ++next;
    if (!reduced || a.keepdims) out.push_back(reduced ? 1 : src[i]);
  }
  const bool widens = a.kind == ReduceKind::sum && is_byte(in[0].dtype);
  return TensorType{widens ? DType::i32 : in[0].dtype, out};
}

}  // namespace stretto::op
