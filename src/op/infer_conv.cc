// Types of convolution and its transpose.
#include <fmt/format.h>

#include "op/infer_rules.h"

namespace stretto::op {
namespace {

/// Ranks, channels over groups, attributes and bias, which both directions share. `out_channels` of the whole.
Status check_common(Types in, const Dims& strides, const Dims& dilations, const Dims& pads, int64_t group,
                    int64_t weights_in, int64_t out_channels) {
  const Shape &src = in[0].shape, &weights = in[1].shape;
  if (src.size() < 3 || weights.size() != src.size()) {
    return bad_input(fmt::format("source {} and weights {} must both be N,C and one to {} more axes",
                                 stretto::to_string(src), stretto::to_string(weights), kMaxRank - 2));
  }
  int spatial = src.size() - 2;
  STRETTO_TRY(check_dims("strides", strides, spatial, 1));
  STRETTO_TRY(check_dims("dilations", dilations, spatial, 1));
  STRETTO_TRY(check_dims("pads", pads, 2 * spatial, 0));
  if (group < 1 || src[1] % group != 0 || out_channels % group != 0 || src[1] != weights_in) {
    return bad_input(fmt::format("source {} and weights {} do not fit group {}: channels must agree and divide by it",
                                 stretto::to_string(src), stretto::to_string(weights), group));
  }
  if (in.size() == 3 && !(in[2].shape == Shape{out_channels})) {
    return bad_input(fmt::format("bias is {}; expected one number an output channel ({})",
                                 stretto::to_string(in[2].shape), out_channels));
  }
  return {};
}

Status no_output(int axis) {
  return bad_input(fmt::format("nothing is left along axis {}: the kernel exceeds the padded input", axis));
}

}  // namespace

Result<Shape> conv_shape(const Conv& a, Types in) {
  if (in[0].shape.size() < 3 || in[1].shape.size() < 3 || a.group < 1 || a.group > kMaxSize) {
    return bad_input("source and weights need at least 3 axes, and group must be positive");
  }
  const Shape &src = in[0].shape, &weights = in[1].shape;
  STRETTO_TRY(check_common(in, a.strides, a.dilations, a.pads, a.group, weights[1] * a.group, weights[0]));
  int spatial = src.size() - 2;
  Shape out{src[0], weights[0]};
  for (int i = 0; i < spatial; ++i) {
    int64_t window = (weights[2 + i] - 1) * a.dilations[i] + 1;
    int64_t room = src[2 + i] + a.pads[i] + a.pads[spatial + i] - window;
    if (room < 0) return no_output(2 + i);
    out.push_back(room / a.strides[i] + 1);
  }
  return out;
}

Result<Shape> conv_transpose_shape(const ConvTranspose& a, Types in) {
  if (in[0].shape.size() < 3 || in[1].shape.size() < 3 || a.group < 1 || a.group > kMaxSize) {
    return bad_input("source and weights need at least 3 axes, and group must be positive");
  }
  const Shape &src = in[0].shape, &weights = in[1].shape;
  int64_t out_channels = weights[1] * a.group;
  STRETTO_TRY(check_common(in, a.strides, a.dilations, a.pads, a.group, weights[0], out_channels));
  int spatial = src.size() - 2;
  STRETTO_TRY(check_dims("output_padding", a.output_padding, spatial, 0));
  Shape out{src[0], out_channels};
  for (int i = 0; i < spatial; ++i) {
    int64_t window = (weights[2 + i] - 1) * a.dilations[i] + 1;
    int64_t full = (src[2 + i] - 1) * a.strides[i] + window + a.output_padding[i];
    int64_t size = full - a.pads[i] - a.pads[spatial + i];
    if (size < 1) return bad_input(fmt::format("nothing is left along axis {} once pads are cut", 2 + i));
    out.push_back(size);
  }
  return out;
}

Result<TensorType> infer_one(const Conv& a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  STRETTO_ASSIGN(Shape out, conv_shape(a, in));
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const ConvTranspose& a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  STRETTO_ASSIGN(Shape out, conv_transpose_shape(a, in));
  return TensorType{in[0].dtype, out};
}

}  // namespace stretto::op
