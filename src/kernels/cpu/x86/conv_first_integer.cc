#include "kernels/cpu/x86/conv_first_integer.h"

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer.h"
#include "kernels/cpu/x86/conv_integer_pack.h"
#include "kernels/cpu/x86/conv_integer_split.h"
#include "kernels/cpu/x86/rescale_integer.h"

namespace stretto::kernels {
namespace {

using Product = ConvolutionInteger<IntegerIsa::avx512_vnni>;

constexpr double kQuantizeCycles = 9;  // of sixteen numbers

/// The problem without its quantisation: the bytes come in.
Problem product_of(const Problem& problem) {
  Problem product = problem;
  Operand& bytes = product.operands[static_cast<size_t>(problem.nodes[0].output)];
  bytes.role = Role::input;
  bytes.layout = Layout::c16;
  product.nodes.erase(product.nodes.begin());
  return product;
}

/// The source is always copied: as bytes.
ConvIntegerParams product_params(const Problem& problem) {
  ConvIntegerParams p = conv_integer_params(product_of(problem), IntegerIsa::avx512_vnni);
  p.pass[0].direct = 0;
  return p;
}

ConvFirstIntegerParams first_params(const Problem& problem, const Config& config) {
  ConvFirstIntegerParams p;
  p.conv = product_params(problem);
  apply_integer_split(config, IntegerIsa::avx512_vnni, p.conv);
  p.conv.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.quantize = quantize_params(*first_as<op::Quantize>(problem));
  p.channels = static_cast<int32_t>(first_input(problem, 0).type.shape[1]);
  return p;
}

}  // namespace

Refusal ConvFirstInteger::supports(const Problem& problem) {
  const auto* quantize = first_as<op::Quantize>(problem);
  if (quantize == nullptr || problem.nodes.size() < 3) return Refusal::other_operator;
  const auto* conv = std::get_if<op::ConvInteger>(&problem.nodes[1].attrs);
  if (conv == nullptr || problem.nodes[1].inputs[0] != problem.nodes[0].output) return Refusal::fused_operators;
  if (problem.nodes[2].inputs.size() != 2) return Refusal::fused_operators;
  const Operand& src = first_input(problem, 0);
  if (src.layout != Layout::plain) return Refusal::other_layout;
  if (src.role != Role::input || quantize->to != DType::u8) return Refusal::other_type;
  if (src.type.shape.size() != 4 || src.type.shape[1] > kMostFirstChannels) return Refusal::other_shape;
  if (Refusal r = Product::supports(product_of(problem)); r != Refusal::none) return r;
  const int64_t stride = conv->strides[1];
  if (conv->group != 1 || (stride != 1 && stride != 2 && stride != 4)) return Refusal::attributes;
  const ConvIntegerParams p = product_params(problem);
  if (p.pass[0].kh == 1 || p.pass[0].oh == 1 || (p.pass[0].kw - 1) * p.dw + 1 < p.sw) return Refusal::other_shape;
  return check_integer_scratch(p, IntegerIsa::avx512_vnni);
}

std::vector<Config> ConvFirstInteger::configs(const Problem& problem) {
  return integer_splits(product_params(problem), IntegerIsa::avx512_vnni);
}

double ConvFirstInteger::estimate(const Problem& problem, const Config& config, int threads) {
  const double numbers = static_cast<double>(first_input(problem, 0).type.elements());
  return integer_seconds(first_params(problem, config).conv, IntegerIsa::avx512_vnni, threads) +
         numbers / 16 * kQuantizeCycles / 3e9 / threads;
}

Booking ConvFirstInteger::book(const Problem& problem, const Config& config) {
  const ConvFirstIntegerParams p = first_params(problem, config);
  Booking booking = book_integer_conv(p.conv);
  booking.set_params(p);
  return booking;
}

void ConvFirstInteger::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                            std::byte* weights) {
  Product::pack(product_of(problem), config, constants, weights);
}

}  // namespace stretto::kernels
