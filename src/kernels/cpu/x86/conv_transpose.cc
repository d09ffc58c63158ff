#include "kernels/cpu/x86/conv_transpose.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_half_pack.h"
#include "kernels/cpu/x86/conv_split.h"
#include "kernels/cpu/x86/transposed_axes.h"

namespace stretto::kernels {
namespace {

int32_t i32(int64_t v) {
  return static_cast<int32_t>(v);
}

ConvParams transposed_params(const Problem& problem, int width) {
  const auto& conv = *first_as<op::ConvTranspose>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  const int sh = i32(conv.strides[0]), sw = i32(conv.strides[1]);
  ConvParams p;
  p.batch = i32(src[0]);
  p.passes = sh * sw;
  p.ic_blocks = div_up(src[1], width);
  p.oc_blocks = div_up(dst[1], width);
  p.last_quads = div_up(src[1] - (p.ic_blocks - 1) * width, 4);
  p.ih = i32(src[2]);
  p.iw = i32(src[3]);
  p.src_block = src[2] * src[3] * width;
  p.dst_pixel = sw * width;
  p.dst_row = sh * dst[3] * width;
  p.dst_block = dst[2] * dst[3] * width;
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.oc_blocks) * width, 16));
  for (int i = 0; i < p.passes; ++i) {
    const TransposedAxes axes = transposed_axes(conv, weights, dst, i);
    ConvPass& pass = p.pass[i];
    pass.kh = axes.y.taps;
    pass.kw = axes.x.taps;
    pass.pt = axes.y.pad;
    pass.pl = axes.x.pad;
    pass.oh = axes.y.outputs;
    pass.ow = axes.x.outputs;
    pass.dst = (i / sw * dst[3] + i % sw) * width;
    pass.weights = p.group_weights;
    p.group_weights += static_cast<int64_t>(p.oc_blocks) * p.ic_blocks * pass.kh * pass.kw * width * width;
  }
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.epilogue = epilogue_params(problem, width);
  return p;
}

ConvParams transposed_params(const Problem& problem, const Config& config, int width) {
  ConvParams p = transposed_params(problem, width);
  apply_split(config, width, p);
  return p;
}

Refusal check_transposed(const Problem& problem, int width) {
  const auto* conv = first_as<op::ConvTranspose>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (!is_f32(problem)) return Refusal::other_type;
  const Layout layout = blocked_layout(width);
  if (src.layout != layout || dst.layout != layout) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  if (src.type.elements() == 0 || dst.type.elements() == 0) return Refusal::other_shape;
  if (conv->group != 1) return Refusal::grouped;
  if (conv->dilations != Dims::filled(2, 1)) return Refusal::dilated;
  if (conv->strides[0] > kMaxConvPasses || conv->strides[1] > kMaxConvPasses ||
      conv->strides[0] * conv->strides[1] > kMaxConvPasses) {
    return Refusal::strided;
  }
  if (dst.type.shape[2] < conv->strides[0] || dst.type.shape[3] < conv->strides[1]) return Refusal::other_shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const int64_t most = int64_t{1} << 31;
  const bool large = weights[2] > kMaxConvKernel || weights[3] > kMaxConvKernel || conv->pads[0] > 4096 ||
                     conv->pads[1] > 4096 || stored_elements(src.type.shape, layout) >= most ||
                     stored_elements(dst.type.shape, layout) >= most;
  return large ? Refusal::too_large : check_epilogue(problem);
}

/// Calls use(weights of a pass, its taps) for every pass that has any, in order.
template <class Use>
void for_each_pass(const Problem& problem, const Tensor& kernel, Use use) {
  const auto& conv = *first_as<op::ConvTranspose>(problem);
  const Shape& shape = kernel.shape();
  const int passes = i32(conv.strides[0] * conv.strides[1]);
  for (int i = 0; i < passes; ++i) {
    const TransposedAxes axes = transposed_axes(conv, shape, problem.output().type.shape, i);
    if (axes.y.taps == 0 || axes.x.taps == 0) continue;
    WeightView view;
    view.data = static_cast<const float*>(kernel.data()) + axes.y.last * shape[3] + axes.x.last;
    view.oc = shape[2] * shape[3];
    view.ic = shape[1] * view.oc;
    view.row = -conv.strides[0] * shape[3];
    view.column = -conv.strides[1];
    use(view, axes.y.taps, axes.x.taps);
  }
}

}  // namespace

template <int width>
Refusal ConvTransposed<width>::supports(const Problem& problem) {
  return check_transposed(problem, width);
}

template <int width>
std::vector<Config> ConvTransposed<width>::configs(const Problem& problem) {
  return conv_splits(transposed_params(problem, width), width);
}

template <int width>
double ConvTransposed<width>::estimate(const Problem& problem, const Config& config, int threads) {
  return conv_seconds(transposed_params(problem, config, width), width, threads);
}

template <int width>
Booking ConvTransposed<width>::book(const Problem& problem, const Config& config) {
  const ConvParams p = transposed_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = conv_tasks(p);
  booking.weights_bytes = static_cast<size_t>(p.weights + p.group_weights) * kFloat;
  booking.worker_scratch_bytes = panel_bytes(p, width);
  return booking;
}

template <int width>
void ConvTransposed<width>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                 std::byte* weights) {
  const ConvParams p = transposed_params(problem, config, width);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const Shape& shape = kernel.shape();
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), shape[1], p.weights, out);
  out += p.weights;
  for_each_pass(problem, kernel, [&](const WeightView& view, int kh, int kw) {
    out = pack_tiles(view, i32(shape[1]), i32(shape[0]), kh, kw, width, p.blocks, out);
  });
}

Refusal ConvTransposedHalf::supports(const Problem& problem) {
  if (Refusal r = check_transposed(problem, kHalfWidth); r != Refusal::none) return r;
  const Shape& weights = first_input(problem, 1).type.shape;
  return div_up(weights[0], kHalfWidth) * weights[2] * weights[3] > kMostUnits ? Refusal::too_large : Refusal::none;
}

std::vector<Config> ConvTransposedHalf::configs(const Problem& problem) {
  return conv_splits(transposed_params(problem, kHalfWidth), kHalfWidth);
}

double ConvTransposedHalf::estimate(const Problem& problem, const Config& config, int threads) {
  return conv_seconds(transposed_params(problem, config, kHalfWidth), kHalfWidth, threads);
}

Booking ConvTransposedHalf::book(const Problem& problem, const Config& config) {
  return book_conv_half(transposed_params(problem, config, kHalfWidth));
}

void ConvTransposedHalf::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                              std::byte* weights) {
  const ConvParams p = transposed_params(problem, config, kHalfWidth);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const Shape& shape = kernel.shape();
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), shape[1], p.weights, out);
  auto* to = reinterpret_cast<uint16_t*>(out + p.weights);
  for_each_pass(problem, kernel, [&](const WeightView& view, int kh, int kw) {
    to = pack_half_tiles(view, i32(shape[1]), i32(shape[0]), kh, kw, p.blocks, to);
  });
}

template struct ConvTransposed<8>;
template struct ConvTransposed<16>;

}  // namespace stretto::kernels
