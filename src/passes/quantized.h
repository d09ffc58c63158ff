// The stages of lower_quantized, and what they ask of a graph. Each stage says how many places it rewrote; none leaves
// a graph that computes more than one quantisation step away, and most are exact.
#pragma once

#include <optional>
#include <vector>

#include "passes/match.h"

namespace stretto::passes {

/// Values of i8 that are computed become u8, 128 higher, wherever they end in a dequantize or requantize.
Result<int> shift_signed(ir::Graph& graph);
/// What moves or compares real numbers just made of integers moves the integers; a mean of them becomes their sum.
Result<int> sink_dequantize(ir::Graph& graph);
/// What moves or compares real numbers on their way from integers to integers moves the latter; a requantize stands
/// before a reshape of its sum.
Result<int> hoist_quantize(ir::Graph& graph);
/// Products of dequantised values and dequantised weights become products of integers.
Result<int> lower_products(ir::Graph& graph);
/// dequantize, [addition], [leaky_relu], [relu, clip] and quantize become one requantize, or nothing where nothing
/// changes.
Result<int> merge_requantize(ir::Graph& graph);
/// What computes each integer of a tensor from one integer becomes a lookup.
Result<int> merge_lookups(ir::Graph& graph);
/// Integer constants that nobody multiplied as integers become real numbers.
Result<int> fold_dequantized(ir::Graph& graph);

/// (integers − zero) · scales, with one scale or one for each index of `axis`.
struct Dequantized {
  ir::ValueId integers = ir::kNone;
  int64_t zero = 0;
  std::vector<float> scales;
  int64_t axis = 1;
};
/// If a dequantize with constant scales made the value.
std::optional<Dequantized> match_dequantized(const ir::Graph& graph, ir::ValueId id);
/// The same, of computed bytes with one scale.
std::optional<Dequantized> match_dequantized_bytes(const ir::Graph& graph, ir::ValueId id);

/// The type that an operator would give, if it takes these inputs.
std::optional<TensorType> type_if_valid(const ir::Graph& graph, const op::Attrs& attrs,
                                        const std::vector<ir::ValueId>& inputs);

/// A finite number above zero, not so small that products with it lose digits.
bool is_usable_scale(double scale);
/// A constant of as few scales as say the same: one if all are equal.
ir::ValueId add_scales(ir::Graph& graph, const std::string& name, std::vector<float> scales);

/// The operator moves or compares elements and computes nothing, so a monotonous function may be applied after it or
/// before. Its first `data_inputs` inputs are the elements.
struct Movement {
  op::Attrs attrs;
  size_t data_inputs = 1;
};
std::optional<Movement> match_movement(const ir::Graph& graph, ir::NodeId id);

}  // namespace stretto::passes
