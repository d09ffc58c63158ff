#include "kernels/cpu/x86/conv_direct.h"

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_split.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostFloats = int64_t{1} << 31;  // offsets within a row fit int32

}  // namespace

ConvParams conv_params(const Problem& problem, int width) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  ConvParams p;
  p.batch = static_cast<int32_t>(src[0]);
  p.groups = static_cast<int32_t>(conv.group);
  const int64_t ic = src[1] / conv.group, oc = dst[1] / conv.group;
  p.ic_blocks = div_up(ic, width);
  p.oc_blocks = div_up(oc, width);
  p.last_quads = div_up(ic - (p.ic_blocks - 1) * width, 4);
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.sh = static_cast<int32_t>(conv.strides[0]);
  p.sw = static_cast<int32_t>(conv.strides[1]);
  p.dh = static_cast<int32_t>(conv.dilations[0]);
  p.dw = static_cast<int32_t>(conv.dilations[1]);
  ConvPass& pass = p.pass[0];
  pass.kh = static_cast<int32_t>(weights[2]);
  pass.kw = static_cast<int32_t>(weights[3]);
  pass.pt = static_cast<int32_t>(conv.pads[0]);
  pass.pl = static_cast<int32_t>(conv.pads[1]);
  pass.oh = static_cast<int32_t>(dst[2]);
  pass.ow = static_cast<int32_t>(dst[3]);
  const bool pointwise = pass.kh == 1 && pass.kw == 1 && p.sh == 1 && p.sw == 1 && conv.pads == Dims::filled(4, 0);
  if (pointwise) {
    p.iw = pass.ow = p.ih * p.iw;
    p.ih = pass.oh = 1;
  }
  p.src_block = static_cast<int64_t>(p.ih) * p.iw * width;
  p.dst_pixel = width;
  p.dst_row = static_cast<int64_t>(pass.ow) * width;
  p.dst_block = pass.oh * p.dst_row;
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.groups) * p.oc_blocks * width, 16));
  p.group_weights = static_cast<int64_t>(p.oc_blocks) * p.ic_blocks * pass.kh * pass.kw * width * width;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.epilogue = epilogue_params(problem, width);
  return p;
}

namespace {

ConvParams split_params(const Problem& problem, const Config& config, int width) {
  ConvParams p = conv_params(problem, width);
  apply_split(config, width, p);
  return p;
}

}  // namespace

Refusal check_conv(const Problem& problem, int width) {
  const auto* conv = first_as<op::Conv>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  const Operand& src = first_input(problem, 0);
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (!is_f32(problem)) return Refusal::other_type;
  const Layout layout = blocked_layout(width);
  if (src.layout != layout || problem.output().layout != layout) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  const Shape& dst = problem.output().type.shape;
  if (problem.output().type.elements() == 0 || src.type.elements() == 0) return Refusal::other_shape;
  if (conv->group > 1 && (src.type.shape[1] / conv->group % width != 0 || dst[1] / conv->group % width != 0)) {
    return Refusal::grouped;
  }
  const Shape& weights = first_input(problem, 1).type.shape;
  const bool large = weights[3] > kMaxConvKernel || weights[2] > kMaxConvKernel || conv->strides[0] > 1024 ||
                     conv->strides[1] > 1024 || conv->dilations[0] > 1024 || conv->dilations[1] > 1024 ||
                     stored_elements(src.type.shape, layout) >= kMostFloats ||
                     stored_elements(dst, layout) >= kMostFloats;
  if (large) return Refusal::too_large;
  return check_epilogue(problem);
}

size_t conv_weights_bytes(const ConvParams& p, WeightKind kind) {
  return static_cast<size_t>(p.weights) * kFloat + static_cast<size_t>(p.groups * p.group_weights) * size_of(kind);
}

void pack_conv(const Problem& problem, const ConvParams& p, int width, WeightKind kind,
               std::span<const Tensor> constants, std::byte* weights) {
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  auto* out = reinterpret_cast<float*>(weights);
  const Shape& shape = kernel.shape();
  const int64_t oc = shape[0] / p.groups;
  copy_padded(static_cast<const float*>(bias.data()), shape[0], p.weights, out);
  std::vector<float> packed(static_cast<size_t>(p.groups * p.group_weights));
  float* to = packed.data();
  WeightView view{static_cast<const float*>(kernel.data()), shape[1] * shape[2] * shape[3], shape[2] * shape[3],
                  shape[3], 1};
  for (int g = 0; g < p.groups; ++g, view.data += oc * view.oc) {
    to = pack_tiles(view, static_cast<int>(oc), static_cast<int>(shape[1]), static_cast<int>(shape[2]),
                    static_cast<int>(shape[3]), width, p.blocks, to);
  }
  store_weights(kind, packed.data(), to - packed.data(), reinterpret_cast<std::byte*>(out + p.weights));
}

template <int width, WeightKind kind>
Refusal ConvDirect<width, kind>::supports(const Problem& problem) {
  return check_conv(problem, width);
}

template <int width, WeightKind kind>
std::vector<Config> ConvDirect<width, kind>::configs(const Problem& problem) {
  return conv_splits(conv_params(problem, width), width);
}

template <int width, WeightKind kind>
double ConvDirect<width, kind>::estimate(const Problem& problem, const Config& config, int threads) {
  return conv_seconds(split_params(problem, config, width), width, threads);
}

template <int width, WeightKind kind>
Booking ConvDirect<width, kind>::book(const Problem& problem, const Config& config) {
  const ConvParams p = split_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = conv_tasks(p);
  booking.weights_bytes = conv_weights_bytes(p, kind);
  booking.worker_scratch_bytes = panel_bytes(p, width);
  return booking;
}

template <int width, WeightKind kind>
void ConvDirect<width, kind>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                   std::byte* weights) {
  pack_conv(problem, split_params(problem, config, width), width, kind, constants, weights);
}

template struct ConvDirect<8>;
template struct ConvDirect<16>;
template struct ConvDirect<8, WeightKind::half>;
template struct ConvDirect<16, WeightKind::half>;

}  // namespace stretto::kernels
