#include "quantize/rewriter.h"

#include <fmt/format.h>

namespace stretto::quantize {

Rewriter::Rewriter(const ir::Graph& source, const TypePlan& plan, const Recipe& recipe)
    : source_(source), plan_(plan), recipe_(recipe) {
  real_.assign(static_cast<size_t>(source.value_count()), ir::kNone);
  bytes_ = real_;
  for (ir::ValueId id : source.inputs()) set_real(id, graph_.add_input(source.value(id).name, source.value(id).type));
}

Result<ValueScale> Rewriter::scale_of(ir::ValueId id) const {
  STRETTO_CHECK(has_scale(id));
  const auto group = static_cast<size_t>(plan_.group_of[static_cast<size_t>(id)]);
  const std::string& name = source_.value(plan_.groups[group].values[0]).name;
  auto it = recipe_.values.find(name);
  if (it != recipe_.values.end()) return it->second;
  return bad_input(
      fmt::format("the recipe has no line 'value \"{}\"': calibrate again, or make the nodes that read or "
                  "write it fp32",
                  name));
}

ir::ValueId Rewriter::floats(const std::string& name, const std::vector<float>& values) {
  return graph_.add_constant(name,
                             Tensor::of<float>(DType::f32, {static_cast<int64_t>(values.size())}, std::span(values)));
}

Result<ir::ValueId> Rewriter::real(ir::ValueId id) {
  ir::ValueId& made = real_[static_cast<size_t>(id)];
  if (made != ir::kNone) return made;
  const ir::Value& value = source_.value(id);
  if (value.is_constant()) return made = graph_.add_constant(value.name, value.constant);
  const ir::ValueId integers = bytes_[static_cast<size_t>(id)];
  STRETTO_CHECK(integers != ir::kNone);
  STRETTO_ASSIGN(ValueScale scale, scale_of(id));
  const ir::ValueId scales = floats(value.name + "_scale", {scale.scale});
  STRETTO_ASSIGN(made, graph_.add_node(value.name + "_dequantize", op::Dequantize{scale.zero, 1}, {integers, scales},
                                       value.name + "_real"));
  return made;
}

Result<ir::ValueId> Rewriter::bytes(ir::ValueId id) {
  ir::ValueId& made = bytes_[static_cast<size_t>(id)];
  if (made != ir::kNone) return made;
  STRETTO_ASSIGN(ir::ValueId floating, real(id));
  STRETTO_ASSIGN(ValueScale scale, scale_of(id));
  const std::string& name = source_.value(id).name;
  STRETTO_ASSIGN(made, graph_.add_node(name + "_quantize", op::Quantize{scale.scale, scale.zero, DType::u8}, {floating},
                                       name + "_integer"));
  return made;
}

Status Rewriter::finish() {
  for (ir::ValueId id : source_.outputs()) {
    STRETTO_ASSIGN(ir::ValueId made, real(id));
    const std::string& name = source_.value(id).name;
    if (graph_.value(made).name != name) graph_.rename_value(made, name);
    graph_.add_output(made);
  }
  graph_.remove_dead();
  return ir::verify(graph_);
}

}  // namespace stretto::quantize
