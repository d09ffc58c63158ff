// Inside quantize/: the new graph under construction, with each value as floats, as integers, or both.
#pragma once

#include "quantize/types.h"

namespace stretto::quantize {

class Rewriter {
 public:
  Rewriter(const ir::Graph& source, const TypePlan& plan, const Recipe& recipe);

  /// The value of the source graph in the new one, as f32 (or a constant of any type): what computed it, or its
  /// integers dequantised.
  Result<ir::ValueId> real(ir::ValueId id);
  /// As u8 in its group's mapping: what computed it, or its floats quantised.
  Result<ir::ValueId> bytes(ir::ValueId id);
  void set_real(ir::ValueId id, ir::ValueId made) { real_[static_cast<size_t>(id)] = made; }
  void set_bytes(ir::ValueId id, ir::ValueId made) { bytes_[static_cast<size_t>(id)] = made; }

  /// The recipe's scale of a value that has one. Fails where its line is missing.
  Result<ValueScale> scale_of(ir::ValueId id) const;
  bool has_scale(ir::ValueId id) const { return plan_.group_of[static_cast<size_t>(id)] >= 0; }

  /// A constant of f32[n].
  ir::ValueId floats(const std::string& name, const std::vector<float>& values);
  ir::Graph& graph() { return graph_; }
  /// What was made of each value of the source so far; kNone: nothing.
  const std::vector<ir::ValueId>& all_reals() const { return real_; }
  const std::vector<ir::ValueId>& all_bytes() const { return bytes_; }
  /// Outputs under the names that they have in the source.
  Status finish();

 private:
  const ir::Graph& source_;
  const TypePlan& plan_;
  const Recipe& recipe_;
  ir::Graph graph_;
  std::vector<ir::ValueId> real_, bytes_;  // by value of the source
};

}  // namespace stretto::quantize
