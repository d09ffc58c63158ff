// Per-channel affine functions: y = scale[c] · x + shift[c] along axis 1, found in nodes and folded into weights.
//
// Arithmetic is in double; each folded weight is rounded to float once.
#pragma once

#include <optional>
#include <vector>

#include "passes/match.h"

namespace stretto::passes {

struct Affine {
  ir::ValueId x = ir::kNone;
  std::vector<double> scale, shift;  // one number, or one a channel; both as long

  bool is_scalar() const { return scale.size() == 1; }
  bool only_scales() const;
  bool only_shifts() const;
};

/// A batch_norm, a linear or neg, or an add, sub, mul, div by a constant that is one number or one a channel, of f32,
/// where x has the type of the output and every coefficient is finite.
std::optional<Affine> match_affine(const ir::Graph& graph, ir::NodeId id);

/// One number as a tensor, or one a channel as [1,C,1,…] of that rank.
Tensor channel_constant(const std::vector<double>& values, int rank);

/// Weights seen as [outer][channels][inner]; channel j of outer index i has coefficient (i / outer_per_group) ·
/// channels + j.
struct ChannelView {
  int64_t outer = 1, channels = 1, inner = 1, outer_per_group = 1;
};
/// weights · factor · scale, `scale` by channel or one number.
Tensor scaled(const Tensor& weights, const ChannelView& view, const std::vector<double>& scale, double factor = 1);

/// Where `affine` (found at node `id`) reads a conv, conv_transpose or gemm with constant weights that nobody else
/// reads: node `id` becomes that operator with folded weights. Says whether it did.
Result<bool> fold_into_weights(ir::Graph& graph, ir::NodeId id, const Affine& affine);

}  // namespace stretto::passes
