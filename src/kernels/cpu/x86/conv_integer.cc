#include "kernels/cpu/x86/conv_integer.h"

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer_pack.h"
#include "kernels/cpu/x86/conv_integer_split.h"
#include "kernels/cpu/x86/integer_epilogue.h"

namespace stretto::kernels {

ConvIntegerParams conv_integer_params(const Problem& problem, IntegerIsa isa) {
  const auto& conv = *first_as<op::ConvInteger>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  ConvIntegerParams p;
  p.groups = static_cast<int32_t>(conv.group);
  const int64_t ic = src[1] / conv.group, oc = dst[1] / conv.group;
  p.ic_blocks = div_up(ic, kIntegerBlock);
  p.oc_blocks = div_up(oc, kIntegerBlock);
  p.last_quads = div_up(ic - (p.ic_blocks - 1) * kIntegerBlock, 4);
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.sh = static_cast<int32_t>(conv.strides[0]);
  p.sw = static_cast<int32_t>(conv.strides[1]);
  p.dh = static_cast<int32_t>(conv.dilations[0]);
  p.dw = static_cast<int32_t>(conv.dilations[1]);
  p.zero = static_cast<int32_t>(conv.zero);
  IntegerPass& pass = p.pass[0];
  pass.kh = static_cast<int32_t>(weights[2]);
  pass.kw = static_cast<int32_t>(weights[3]);
  pass.pt = static_cast<int32_t>(conv.pads[0]);
  pass.pl = static_cast<int32_t>(conv.pads[1]);
  pass.oh = static_cast<int32_t>(dst[2]);
  pass.ow = static_cast<int32_t>(dst[3]);
  const bool padded = !(conv.pads == Dims::filled(4, 0));
  if (pass.kh == 1 && pass.kw == 1 && p.sh == 1 && p.sw == 1 && !padded) {
    p.iw = pass.ow = p.ih * p.iw;
    p.ih = pass.oh = 1;
  }
  pass.direct = p.sw == 1 && !padded;
  place_integer_conv(problem, isa, 1, 1, p);
  return p;
}

namespace {

ConvIntegerParams integer_params(const Problem& problem, const Config& config, IntegerIsa isa) {
  ConvIntegerParams p = conv_integer_params(problem, isa);
  apply_integer_split(config, isa, p);
  return p;
}

Refusal check_conv_integer(const Problem& problem, IntegerIsa isa) {
  const auto* conv = first_as<op::ConvInteger>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  if (Refusal r = check_integer_conv(problem, isa); r != Refusal::none) return r;
  const Shape &src = first_input(problem, 0).type.shape, &dst = problem.output().type.shape;
  if (conv->group > 1 && (src[1] / conv->group % kIntegerBlock != 0 || dst[1] / conv->group % kIntegerBlock != 0)) {
    return Refusal::grouped;
  }
  for (int i = 0; i < 2; ++i) {
    if (conv->strides[i] > 1024 || conv->dilations[i] > 1024 || conv->pads[i] > 4096 || conv->pads[2 + i] > 4096) {
      return Refusal::too_large;
    }
  }
  return check_integer_scratch(conv_integer_params(problem, isa), isa);
}

}  // namespace

template <IntegerIsa isa>
Refusal ConvolutionInteger<isa>::supports(const Problem& problem) {
  return check_conv_integer(problem, isa);
}

template <IntegerIsa isa>
std::vector<Config> ConvolutionInteger<isa>::configs(const Problem& problem) {
  return integer_splits(conv_integer_params(problem, isa), isa);
}

template <IntegerIsa isa>
double ConvolutionInteger<isa>::estimate(const Problem& problem, const Config& config, int threads) {
  return integer_seconds(integer_params(problem, config, isa), isa, threads);
}

template <IntegerIsa isa>
Booking ConvolutionInteger<isa>::book(const Problem& problem, const Config& config) {
  return book_integer_conv(integer_params(problem, config, isa));
}

template <IntegerIsa isa>
void ConvolutionInteger<isa>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                   std::byte* weights) {
  const ConvIntegerParams p = integer_params(problem, config, isa);
  const Tensor kernel = constant_of(problem, constants, 1);
  const Shape& shape = kernel.shape();
  const int64_t padded = static_cast<int64_t>(p.groups) * p.oc_blocks * kIntegerBlock;
  auto* biases = reinterpret_cast<int32_t*>(weights);
  pack_integer_biases(problem, constants, shape[0], padded, biases);
  pack_integer_epilogue(problem, constants, shape[0], padded, reinterpret_cast<float*>(weights + p.scales),
                        weights + p.table);
  const int64_t oc = shape[0] / p.groups;
  ByteView view{static_cast<const int8_t*>(kernel.data()), shape[1] * shape[2] * shape[3], shape[2] * shape[3],
                shape[3], 1};
  for (int g = 0; g < p.groups; ++g, view.data += oc * view.oc, biases += oc) {
    pack_integer_pass(p, isa, p.pass[0], view, static_cast<int>(oc), static_cast<int>(shape[1]), biases,
                      weights + p.weights + g * p.group_weights);
  }
}

template struct ConvolutionInteger<IntegerIsa::avx2>;
template struct ConvolutionInteger<IntegerIsa::avx_vnni>;
template struct ConvolutionInteger<IntegerIsa::avx512>;
template struct ConvolutionInteger<IntegerIsa::avx512_vnni>;

}  // namespace stretto::kernels
