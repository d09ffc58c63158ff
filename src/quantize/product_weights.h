// The weights of a product as a matrix by output channel, and as the integers that its integer operator takes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "quantize/recipe.h"

namespace stretto::quantize {

/// Of a node whose role is `product`.
struct ProductWeights {
  Tensor matrix;            // f32[output channels, terms of one sum]
  std::vector<float> bias;  // one an output channel; zeros where the node has none
  bool has_bias = false;
};
/// A gemm's alpha is multiplied into the matrix, its beta into the bias.
ProductWeights weights_of(const ir::Graph& graph, ir::NodeId id);

/// The least scale of weights with which a bias in units of src_scale · scale stays within 2^30.
float least_scale(float bias, float src_scale);

/// One scale an output channel, restricted symmetric range (2.11), raised to least_scale(). Fails on weights that are
/// not finite.
Result<std::vector<float>> weight_scales(const ProductWeights& weights, float src_scale);

/// i8 −127 … 127, in the matrix's shape: to nearest, or as `rounding` decides for each.
Tensor integer_matrix(const ProductWeights& weights, std::span<const float> scales, const Rounding* rounding);

/// The matrix as the integer operator's weights: conv and gemm as [O, …], conv_transpose as [C, O / group, …].
Tensor operator_weights(const ir::Graph& graph, ir::NodeId id, const Tensor& integers);

/// i32, rint((bias + correction) / (src_scale · scale)) in f64. Fails where a sum of products of any bytes with it
/// could leave 32 bits; the message names the channel.
Result<Tensor> integer_bias(const ProductWeights& weights, const Tensor& integers, std::span<const float> scales,
                            const ValueScale& src, std::span<const float> correction);

}  // namespace stretto::quantize
