// Transposed integer convolutions, by the loops of plain ones.
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer.h"
#include "kernels/cpu/x86/conv_integer_pack.h"
#include "kernels/cpu/x86/conv_integer_split.h"
#include "kernels/cpu/x86/integer_epilogue.h"
#include "kernels/cpu/x86/transposed_axes.h"

namespace stretto::kernels {
namespace {

bool reads_inside(const TransposedAxis& axis, int64_t in) {
  return axis.pad <= 0 && axis.outputs - 1 - axis.pad + axis.taps - 1 < in;
}

ConvIntegerParams transposed_integer_params(const Problem& problem, IntegerIsa isa) {
  const auto& conv = *first_as<op::ConvTransposeInteger>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  const int sh = static_cast<int>(conv.strides[0]), sw = static_cast<int>(conv.strides[1]);
  ConvIntegerParams p;
  p.passes = sh * sw;
  p.ic_blocks = div_up(src[1], kIntegerBlock);
  p.oc_blocks = div_up(dst[1], kIntegerBlock);
  p.last_quads = div_up(src[1] - (p.ic_blocks - 1) * kIntegerBlock, 4);
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.zero = static_cast<int32_t>(conv.zero);
  for (int i = 0; i < p.passes; ++i) {
    const TransposedAxes axes = transposed_axes(conv, weights, dst, i);
    IntegerPass& pass = p.pass[i];
    const bool empty = axes.y.taps == 0 || axes.x.taps == 0;
    pass.kh = empty ? 0 : axes.y.taps;
    pass.kw = empty ? 0 : axes.x.taps;
    pass.pt = axes.y.pad;
    pass.pl = axes.x.pad;
    pass.oh = axes.y.outputs;
    pass.ow = axes.x.outputs;
    pass.direct = empty || (reads_inside(axes.y, src[2]) && reads_inside(axes.x, src[3]));
  }
  place_integer_conv(problem, isa, sh, sw, p);
  return p;
}

ConvIntegerParams transposed_integer_params(const Problem& problem, const Config& config, IntegerIsa isa) {
  ConvIntegerParams p = transposed_integer_params(problem, isa);
  apply_integer_split(config, isa, p);
  return p;
}

Refusal check_transposed_integer(const Problem& problem, IntegerIsa isa) {
  const auto* conv = first_as<op::ConvTransposeInteger>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (Refusal r = check_integer_conv(problem, isa); r != Refusal::none) return r;
  if (conv->group != 1) return Refusal::grouped;
  if (conv->dilations != Dims::filled(2, 1)) return Refusal::dilated;
  if (conv->strides[0] > kMaxIntegerPasses || conv->strides[1] > kMaxIntegerPasses ||
      conv->strides[0] * conv->strides[1] > kMaxIntegerPasses) {
    return Refusal::strided;
  }
  const Shape& dst = problem.output().type.shape;
  if (dst[2] < conv->strides[0] || dst[3] < conv->strides[1]) return Refusal::other_shape;
  if (conv->pads[0] > 4096 || conv->pads[1] > 4096) return Refusal::too_large;
  return check_integer_scratch(transposed_integer_params(problem, isa), isa);
}

}  // namespace

template <IntegerIsa isa>
Refusal ConvTransposedInteger<isa>::supports(const Problem& problem) {
  return check_transposed_integer(problem, isa);
}

template <IntegerIsa isa>
std::vector<Config> ConvTransposedInteger<isa>::configs(const Problem& problem) {
  return integer_splits(transposed_integer_params(problem, isa), isa);
}

template <IntegerIsa isa>
double ConvTransposedInteger<isa>::estimate(const Problem& problem, const Config& config, int threads) {
  return integer_seconds(transposed_integer_params(problem, config, isa), isa, threads);
}

template <IntegerIsa isa>
Booking ConvTransposedInteger<isa>::book(const Problem& problem, const Config& config) {
  return book_integer_conv(transposed_integer_params(problem, config, isa));
}

template <IntegerIsa isa>
void ConvTransposedInteger<isa>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                      std::byte* weights) {
  const auto& conv = *first_as<op::ConvTransposeInteger>(problem);
  const ConvIntegerParams p = transposed_integer_params(problem, config, isa);
  const Tensor kernel = constant_of(problem, constants, 1);
  const Shape& shape = kernel.shape();
  const int64_t padded = static_cast<int64_t>(p.oc_blocks) * kIntegerBlock;
  pack_integer_epilogue(problem, constants, shape[1], padded, reinterpret_cast<float*>(weights + p.scales),
                        weights + p.table);
  for (int i = 0; i < p.passes; ++i) {
    const TransposedAxes axes = transposed_axes(conv, shape, problem.output().type.shape, i);
    auto* biases = reinterpret_cast<int32_t*>(weights) + p.pass[i].bias;
    pack_integer_biases(problem, constants, shape[1], padded, biases);
    if (p.pass[i].kh == 0) continue;
    ByteView view;
    view.data = static_cast<const int8_t*>(kernel.data()) + axes.y.last * shape[3] + axes.x.last;
    view.oc = shape[2] * shape[3];
    view.ic = shape[1] * view.oc;
    view.row = -conv.strides[0] * shape[3];
    view.column = -conv.strides[1];
    pack_integer_pass(p, isa, p.pass[i], view, static_cast<int>(shape[1]), static_cast<int>(shape[0]), biases,
                      weights + p.weights + p.pass[i].weights);
  }
}

template struct ConvTransposedInteger<IntegerIsa::avx2>;
template struct ConvTransposedInteger<IntegerIsa::avx_vnni>;
template struct ConvTransposedInteger<IntegerIsa::avx512>;
template struct ConvTransposedInteger<IntegerIsa::avx512_vnni>;

}  // namespace stretto::kernels
