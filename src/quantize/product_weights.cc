#include "quantize/product_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stretto::quantize {
namespace {

constexpr double kMostBias = 0x1p30;

/// For each element of a conv_transpose's weights [C, O/g, …], its place in the matrix by output channel.
template <class Visit>
void for_transposed(const Shape& shape, int64_t group, Visit visit) {
  const int64_t channels = shape[0], per_group = shape[1], in_group = channels / group;
  const int64_t window = elements(shape) / (channels * per_group), terms = in_group * window;
  int64_t i = 0;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t o = 0; o < per_group; ++o) {
      const int64_t row = (c / in_group) * per_group + o;
      for (int64_t w = 0; w < window; ++w) visit(i++, row * terms + (c % in_group) * window + w);
    }
  }
}

Tensor matrix_of(const ir::Node& node, const Tensor& weights) {
  const Shape& shape = weights.shape();
  auto from = weights.as<float>();
  if (const auto* t = std::get_if<op::ConvTranspose>(&node.attrs)) {
    const int64_t rows = shape[1] * t->group;
    Tensor matrix(TensorType{DType::f32, {rows, weights.elements() / rows}});
    auto to = matrix.as_mutable<float>();
    for_transposed(shape, t->group,
                   [&](int64_t i, int64_t m) { to[static_cast<size_t>(m)] = from[static_cast<size_t>(i)]; });
    return matrix;
  }
  const auto* gemm = std::get_if<op::Gemm>(&node.attrs);
  if (gemm == nullptr) return weights.reshaped({shape[0], weights.elements() / shape[0]});
  const int64_t rows = shape[gemm->trans_b ? 0 : 1], terms = shape[gemm->trans_b ? 1 : 0];
  Tensor matrix(TensorType{DType::f32, {rows, terms}});
  auto to = matrix.as_mutable<float>();
  for (int64_t n = 0; n < rows; ++n) {
    for (int64_t k = 0; k < terms; ++k) {
      const int64_t i = gemm->trans_b ? n * terms + k : k * rows + n;
      to[static_cast<size_t>(n * terms + k)] = gemm->alpha * from[static_cast<size_t>(i)];
    }
  }
  return matrix;
}

}  // namespace

ProductWeights weights_of(const ir::Graph& graph, ir::NodeId id) {
  const ir::Node& node = graph.node(id);
  ProductWeights out;
  out.matrix = matrix_of(node, graph.value(node.inputs[1]).constant);
  out.has_bias = node.inputs.size() > 2;
  out.bias.assign(static_cast<size_t>(out.matrix.shape()[0]), 0.f);
  if (!out.has_bias) return out;
  auto bias = graph.value(node.inputs[2]).constant.as<float>();
  const auto* gemm = std::get_if<op::Gemm>(&node.attrs);
  const float beta = gemm == nullptr ? 1 : gemm->beta;
  for (size_t c = 0; c < out.bias.size(); ++c) out.bias[c] = beta * bias[bias.size() == 1 ? 0 : c];
  return out;
}

float least_scale(float bias, float src_scale) {
  return static_cast<float>(std::abs(double{bias}) / (double{src_scale} * kMostBias));
}

Result<std::vector<float>> weight_scales(const ProductWeights& weights, float src_scale) {
  STRETTO_ASSIGN(auto scales, channel_scales(weights.matrix, 0, Scheme::symmetric_restricted));
  for (size_t c = 0; c < scales.size(); ++c) {
    const float least = least_scale(weights.bias[c], src_scale);
    if (!(least <= kLargestScale)) {
      return bad_input(
          fmt::format("the bias {} of channel {} is out of proportion to its weights", weights.bias[c], c));
    }
    scales[c] = std::max(scales[c], least);
  }
  return scales;
}

Tensor integer_matrix(const ProductWeights& weights, std::span<const float> scales, const Rounding* rounding) {
  if (rounding == nullptr) return to_integers(weights.matrix, 0, scales);
  Tensor out(TensorType{DType::i8, weights.matrix.shape()});
  auto from = weights.matrix.as<float>();
  auto to = out.as_mutable<int8_t>();
  const auto terms = static_cast<size_t>(weights.matrix.shape()[1]);
  for (size_t i = 0; i < from.size(); ++i) {
    const float steps =
        std::floor(from[i] / scales[i / terms]) + static_cast<float>(rounding->steps(static_cast<int64_t>(i)));
    to[i] = static_cast<int8_t>(std::isnan(steps) ? 0 : std::clamp(steps, -127.f, 127.f));
  }
  return out;
}

Tensor operator_weights(const ir::Graph& graph, ir::NodeId id, const Tensor& integers) {
  const ir::Node& node = graph.node(id);
  if (std::holds_alternative<op::Gemm>(node.attrs)) return integers;
  const Shape& shape = graph.value(node.inputs[1]).type.shape;
  const auto* transpose = std::get_if<op::ConvTranspose>(&node.attrs);
  if (transpose == nullptr) return integers.reshaped(shape);
  Tensor out(TensorType{DType::i8, shape});
  auto from = integers.as<int8_t>();
  auto to = out.as_mutable<int8_t>();
  for_transposed(shape, transpose->group,
                 [&](int64_t i, int64_t m) { to[static_cast<size_t>(i)] = from[static_cast<size_t>(m)]; });
  return out;
}

Result<Tensor> integer_bias(const ProductWeights& weights, const Tensor& integers, std::span<const float> scales,
                            const ValueScale& src, std::span<const float> correction) {
  const int64_t rows = integers.shape()[0], terms = integers.shape()[1];
  const double widest = std::max(src.zero, 255 - src.zero);
  Tensor out(TensorType{DType::i32, {rows}});
  for (int64_t r = 0; r < rows; ++r) {
    const auto c = static_cast<size_t>(r);
    double bias = weights.bias[c];
    if (!correction.empty()) bias += double{correction[c]};
    const double units = std::rint(bias / (double{src.scale} * scales[c]));
    double most = std::abs(units);
    for (int8_t w : integers.as<int8_t>().subspan(c * static_cast<size_t>(terms), static_cast<size_t>(terms))) {
      most += widest * std::abs(int{w});
    }
    if (!(most <= double{std::numeric_limits<int32_t>::max()})) {
      return bad_input(
          fmt::format("sums of output channel {} may reach {} and leave 32 bits: its weight scale {} is too "
                      "small for its bias {}; raise the scale in the recipe, or make the node fp32",
                      r, most, scales[c], bias));
    }
    out.as_mutable<int32_t>()[c] = static_cast<int32_t>(units);
  }
  return out;
}

}  // namespace stretto::quantize
