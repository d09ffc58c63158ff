#include "quantize/apply.h"

#include <fmt/format.h>

#include <algorithm>

#include "quantize/check_names.h"
#include "quantize/equalise.h"
#include "quantize/product_weights.h"
#include "quantize/rewriter.h"
#include "ref/ref.h"

namespace stretto::quantize {
namespace {

Mapping mapping_of(const ValueScale& s) {
  return {s.scale, s.zero, 0, 255};
}

float ratio(double numerator, float denominator) {
  return static_cast<float>(numerator / denominator);
}

class Applier {
 public:
  Applier(const ir::Graph& graph, const Recipe& recipe)
      : graph_(graph),
        recipe_(recipe),
        plan_(plan_types(graph)),
        integer_(integer_nodes(graph, plan_.roles, recipe.nodes)),
        out_(graph, plan_, recipe) {}

  Result<Quantised> run() {
    STRETTO_TRY(check_names(graph_, plan_, recipe_));
    const std::vector<ir::NodeId> order = graph_.topological_order();
    find_fusions(order);
    Quantised result;
    for (ir::NodeId id : order) {
      STRETTO_TRY(rewrite(id).in(fmt::format("node '{}'", graph_.node(id).name)));
      result.nodes.push_back(outcome(id));
    }
    STRETTO_TRY(out_.finish());
    result.graph = std::move(out_.graph());
    return result;
  }

 private:
  Role role(ir::NodeId id) const { return plan_.roles[static_cast<size_t>(id)].role; }
  bool integer(ir::NodeId id) const { return id != ir::kNone && integer_[static_cast<size_t>(id)]; }

  /// For each integer addition the product whose sums it shall take in: the later one of those that it alone reads.
  void find_fusions(const std::vector<ir::NodeId>& order) {
    for (ir::NodeId id : order) {
      const ir::NodeId user = graph_.sole_user(graph_.node(id).output);
      if (!integer(id) || role(id) != Role::product || !integer(user) || role(user) != Role::addition) continue;
      const auto& inputs = graph_.node(user).inputs;
      if (inputs[0] != inputs[1]) fused_[user] = id;
    }
  }

  Outcome outcome(ir::NodeId id) const {
    const ir::Node& node = graph_.node(id);
    if (integer(id)) return {node.name, true, ""};
    if (role(id) == Role::real) return {node.name, false, plan_.roles[static_cast<size_t>(id)].reason};
    auto it = recipe_.nodes.find(node.name);
    const bool asked = it != recipe_.nodes.end() && it->second.type != NodeType::int8;
    if (!asked && role(id) == Role::activation && !integer(graph_.producer(node.inputs[0]))) {
      return {node.name, false, "the node that it would be a part of is not integer"};
    }
    if (!asked) return {node.name, false, "nothing reads its output as integers"};
    return {node.name, false, it->second.reason.empty() ? "the recipe says so" : it->second.reason};
  }

  Status rewrite(ir::NodeId id) {
    if (!integer(id)) return keep(id);
    switch (role(id)) {
      case Role::product:
        return product(id);
      case Role::addition:
        return addition(id);
      case Role::global_average:
        return global_average(id);
      case Role::table:
        return table(id);
      case Role::transparent:
        return transparent(id);
      case Role::activation:  // with the node that it belongs to
      case Role::real:
        break;
    }
    return {};
  }

  Status keep(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    std::vector<ir::ValueId> inputs;
    for (ir::ValueId in : node.inputs) {
      STRETTO_ASSIGN(ir::ValueId made, out_.real(in));
      inputs.push_back(made);
    }
    STRETTO_ASSIGN(ir::ValueId made,
                   out_.graph().add_node(node.name, node.attrs, inputs, graph_.value(node.output).name));
    out_.set_real(node.output, made);
    return {};
  }

  /// The node behind which the integers are stored: the activation, where the node has one.
  ir::NodeId last_of(ir::NodeId id) const {
    const ir::NodeId activation = activation_of(graph_, plan_.roles, integer_, id);
    return activation == ir::kNone ? id : activation;
  }

  /// Takes the activation, if `last` is one, into the requantisation: bounds in integers, or a slope.
  void take_activation(ir::NodeId last, const Mapping& dst, op::Requantize& attrs) const {
    const auto* u = std::get_if<op::Unary>(&graph_.node(last).attrs);
    if (role(last) != Role::activation || u == nullptr) return;
    if (u->kind == op::UnaryKind::relu) attrs.low = dst.zero;
    if (u->kind == op::UnaryKind::leaky_relu) attrs.slope = u->a;
    if (u->kind != op::UnaryKind::clip) return;
    attrs.high = to_integer(u->b, dst);
    attrs.low = std::min<int64_t>(to_integer(u->a, dst), attrs.high);
  }

  /// Stores what `attrs` rescales under the name of the value behind `last`.
  Status store(ir::NodeId id, ir::NodeId last, op::Requantize attrs, const std::vector<ir::ValueId>& inputs,
               const ValueScale& dst) {
    attrs.zero = dst.zero;
    take_activation(last, mapping_of(dst), attrs);
    const std::string name = last == id ? graph_.node(id).name + "_requantize" : graph_.node(last).name;
    const ir::ValueId value = graph_.node(last).output;
    STRETTO_ASSIGN(ir::ValueId made, out_.graph().add_node(name, attrs, inputs, graph_.value(value).name));
    out_.set_bytes(value, made);
    return {};
  }

  /// The integer operator of a product; notes its sums and their units.
  Status sums(ir::NodeId id, ValueScale& src, std::vector<float>& scales, ir::ValueId& made) {
    const ir::Node& node = graph_.node(id);
    STRETTO_ASSIGN(src, out_.scale_of(node.inputs[0]));
    const ProductWeights weights = weights_of(graph_, id);
    auto given = recipe_.weights.find(node.name);
    if (given == recipe_.weights.end()) {
      return bad_input(
          fmt::format("the recipe has no line 'weights \"{}\"': calibrate again, or make it fp32", node.name));
    }
    scales = given->second;
    auto rounding = recipe_.rounding.find(node.name);
    const Tensor integers =
        integer_matrix(weights, scales, rounding == recipe_.rounding.end() ? nullptr : &rounding->second);
    auto correction = recipe_.correction.find(node.name);
    const bool corrected = correction != recipe_.correction.end();
    STRETTO_ASSIGN(Tensor bias,
                   integer_bias(weights, integers, scales, src,
                                corrected ? std::span<const float>(correction->second) : std::span<const float>()));
    STRETTO_ASSIGN(ir::ValueId bytes, out_.bytes(node.inputs[0]));
    ir::Graph& g = out_.graph();
    std::vector<ir::ValueId> inputs{
        bytes, g.add_constant(graph_.value(node.inputs[1]).name, operator_weights(graph_, id, integers))};
    if (weights.has_bias || corrected) inputs.push_back(g.add_constant(node.name + "_bias", bias));
    op::Attrs attrs = op::GemmInteger{src.zero};
    if (const auto* conv = std::get_if<op::Conv>(&node.attrs)) attrs = op::ConvInteger{*conv, src.zero};
    if (const auto* conv = std::get_if<op::ConvTranspose>(&node.attrs)) {
      attrs = op::ConvTransposeInteger{*conv, src.zero};
    }
    STRETTO_ASSIGN(made, g.add_node(node.name, attrs, inputs, node.name + "_sums"));
    return {};
  }

  Status product(ir::NodeId id) {
    ValueScale src;
    std::vector<float> scales;
    ir::ValueId made = ir::kNone;
    STRETTO_TRY(sums(id, src, scales, made));
    for (float& s : scales) s = src.scale * s;
    const ir::NodeId user = graph_.sole_user(graph_.node(id).output);
    if (auto it = fused_.find(user); user != ir::kNone && it != fused_.end() && it->second == id) {
      pending_[id] = {made, scales};
      return {};
    }
    const std::string& name = graph_.node(id).name;
    const ir::NodeId last = last_of(id);
    const ir::ValueId value = graph_.node(last).output;
    if (last == id && !read_as_integers(value)) {
      STRETTO_ASSIGN(ir::ValueId real,
                     out_.graph().add_node(name + "_dequantize", op::Dequantize{0, 1},
                                           {made, out_.floats(name + "_scales", scales)}, graph_.value(value).name));
      out_.set_real(value, real);
      return {};
    }
    STRETTO_ASSIGN(ValueScale dst, out_.scale_of(value));
    for (float& s : scales) s = ratio(s, dst.scale);
    return store(id, last, {}, {made, out_.floats(name + "_scales", scales)}, dst);
  }

  bool read_as_integers(ir::ValueId value) const {
    const std::vector<ir::NodeId> users = graph_.users(value);
    return std::any_of(users.begin(), users.end(), [&](ir::NodeId user) { return integer(user); });
  }

  Status addition(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    const ir::NodeId last = last_of(id);
    STRETTO_ASSIGN(ValueScale dst, out_.scale_of(graph_.node(last).output));
    ir::ValueId src_id = node.inputs[0], other_id = node.inputs[1], src = ir::kNone;
    op::Requantize attrs;
    std::vector<float> scales;
    if (auto it = fused_.find(id); it != fused_.end()) {
      if (graph_.node(it->second).output == other_id) std::swap(src_id, other_id);
      src = pending_[it->second].sums;
      scales = pending_[it->second].scales;
    } else {
      STRETTO_ASSIGN(ValueScale scale, out_.scale_of(src_id));
      STRETTO_ASSIGN(src, out_.bytes(src_id));
      scales = {scale.scale};
      attrs.src_zero = scale.zero;
    }
    for (float& s : scales) s = ratio(s, dst.scale);
    STRETTO_ASSIGN(ValueScale other_scale, out_.scale_of(other_id));
    STRETTO_ASSIGN(ir::ValueId other, out_.bytes(other_id));
    attrs.other_zero = other_scale.zero;
    attrs.other_scale = ratio(other_scale.scale, dst.scale);
    return store(id, last, attrs, {src, out_.floats(node.name + "_scales", scales), other}, dst);
  }

  Status global_average(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    const Shape& shape = graph_.value(node.inputs[0]).type.shape;
    const int64_t count = shape[2] * shape[3];
    STRETTO_ASSIGN(ValueScale src, out_.scale_of(node.inputs[0]));
    STRETTO_ASSIGN(ValueScale dst, out_.scale_of(node.output));
    STRETTO_ASSIGN(ir::ValueId bytes, out_.bytes(node.inputs[0]));
    op::Reduce reduce = std::get<op::Reduce>(node.attrs);
    reduce.kind = op::ReduceKind::sum;
    STRETTO_ASSIGN(ir::ValueId sum, out_.graph().add_node(node.name, reduce, {bytes}, node.name + "_sums"));
    op::Requantize attrs;
    attrs.src_zero = src.zero * count;
    const float scale = ratio(double{src.scale} / static_cast<double>(count), dst.scale);
    return store(id, id, attrs, {sum, out_.floats(node.name + "_scales", {scale})}, dst);
  }

  Status table(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    STRETTO_ASSIGN(ValueScale src, out_.scale_of(node.inputs[0]));
    STRETTO_ASSIGN(ValueScale dst, out_.scale_of(node.output));
    Tensor reals(TensorType{DType::f32, {256}});
    for (int32_t q = 0; q < 256; ++q) reals.as_mutable<float>()[static_cast<size_t>(q)] = to_real(q, mapping_of(src));
    STRETTO_ASSIGN(Tensor results, ref::evaluate(node.attrs, std::span(&reals, 1)));
    Tensor entries(TensorType{DType::u8, {256}});
    for (size_t q = 0; q < 256; ++q) {
      entries.as_mutable<uint8_t>()[q] = static_cast<uint8_t>(to_integer(results.as<float>()[q], mapping_of(dst)));
    }
    STRETTO_ASSIGN(ir::ValueId bytes, out_.bytes(node.inputs[0]));
    const ir::ValueId constant = out_.graph().add_constant(node.name + "_table", entries);
    STRETTO_ASSIGN(ir::ValueId made,
                   out_.graph().add_node(node.name, op::Lookup{}, {bytes, constant}, graph_.value(node.output).name));
    out_.set_bytes(node.output, made);
    return {};
  }

  Status transparent(ir::NodeId id) {
    const ir::Node& node = graph_.node(id);
    std::vector<ir::ValueId> inputs;
    for (ir::ValueId in : node.inputs) {
      STRETTO_ASSIGN(ir::ValueId made, graph_.value(in).is_constant() ? out_.real(in) : out_.bytes(in));
      inputs.push_back(made);
    }
    op::Attrs attrs = node.attrs;
    if (auto* pad = std::get_if<op::Pad>(&attrs); pad != nullptr && pad->mode == op::PadMode::constant) {
      STRETTO_ASSIGN(ValueScale scale, out_.scale_of(node.inputs[0]));
      pad->value = static_cast<float>(scale.zero);
    }
    STRETTO_ASSIGN(ir::ValueId made, out_.graph().add_node(node.name, attrs, inputs, graph_.value(node.output).name));
    out_.set_bytes(node.output, made);
    return {};
  }

  struct Sums {
    ir::ValueId sums = ir::kNone;
    std::vector<float> scales;  // of one unit, by output channel
  };

  const ir::Graph& graph_;
  const Recipe& recipe_;
  const TypePlan plan_;
  const std::vector<bool> integer_;
  Rewriter out_;
  std::map<ir::NodeId, ir::NodeId> fused_;  // addition: product
  std::map<ir::NodeId, Sums> pending_;      // products whose addition comes later
};

}  // namespace

Result<Quantised> apply(const ir::Graph& graph, const Recipe& recipe) {
  STRETTO_ASSIGN(ir::Graph equalised, equalise(graph, recipe.equalise));
  return Applier(equalised, recipe).run();
}

}  // namespace stretto::quantize
