#include "onnx/export_steps.h"

namespace stretto::onnx {
namespace {

constexpr int kMostSteps = 64;

/// The producer only moves bytes, or averages them.
bool keeps_step(const ir::Graph& graph, ir::NodeId id) {
  if (id == ir::kNone || graph.node(id).inputs.empty()) return false;
  const op::Attrs& attrs = graph.node(id).attrs;
  return !std::holds_alternative<op::Requantize>(attrs) && !std::holds_alternative<op::Lookup>(attrs) &&
         is_byte(graph.value(graph.node(id).inputs[0]).type.dtype);
}

}  // namespace

Result<Scales> constant_scales(const ir::Graph& graph, ir::ValueId id) {
  const ir::Value& v = graph.value(id);
  if (!v.is_constant()) return failed("its scales are computed; Q/DQ form needs constants");
  const std::span<const float> scales = v.constant.as<float>();
  return Scales(scales.begin(), scales.end());
}

float step_of(const ir::Graph& graph, ir::ValueId id) {
  for (int i = 0; i < kMostSteps; ++i) {
    const ir::NodeId producer = graph.producer(id);
    if (producer != ir::kNone) {
      if (const auto* q = std::get_if<op::Quantize>(&graph.node(producer).attrs)) return q->scale;
    }
    for (ir::NodeId user : graph.users(id)) {
      if (!std::holds_alternative<op::Dequantize>(graph.node(user).attrs)) continue;
      const ir::Value& scales = graph.value(graph.node(user).inputs[1]);
      if (scales.is_constant() && scales.constant.elements() == 1) return scales.constant.as<float>()[0];
    }
    if (!keeps_step(graph, producer)) break;
    id = graph.node(producer).inputs[0];
  }
  return 1;
}

Result<Reading> first_reading(const ir::Graph& graph, ir::ValueId id, int depth) {
  for (ir::NodeId user : graph.users(id)) {
    const ir::Node& n = graph.node(user);
    if (std::holds_alternative<op::Reshape>(n.attrs) && depth > 0) {
      STRETTO_ASSIGN(Reading reading, first_reading(graph, n.output, depth - 1));
      if (reading.scales.size() > 1)
        return failed("its sum is reshaped and read by several scales, which cannot be written");
      return reading;
    }
    if (const auto* d = std::get_if<op::Dequantize>(&n.attrs)) {
      STRETTO_ASSIGN(Scales scales, constant_scales(graph, n.inputs[1]));
      if (scales.size() > 1 && d->axis != 1) break;
      return Reading{scales, d->zero};
    }
    if (const auto* r = std::get_if<op::Requantize>(&n.attrs); r != nullptr && n.inputs[0] == id) {
      STRETTO_ASSIGN(Scales scales, constant_scales(graph, n.inputs[1]));
      for (float& s : scales) s *= step_of(graph, n.output);
      return Reading{scales, r->src_zero};
    }
  }
  return failed("its sum must be read by a dequantize or requantize");
}

}  // namespace stretto::onnx
