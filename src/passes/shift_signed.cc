// Integer products take sources of u8. A value of i8 computed here means the same 128 higher, with a zero point 128
// higher.
#include <unordered_map>

#include "passes/quantized.h"

namespace stretto::passes {

namespace {

constexpr int64_t kShift = 128;

class Shifting {
 public:
  explicit Shifting(ir::Graph& graph) : graph_(graph) {}

  Result<int> run() {
    for (ir::ValueId id : std::vector<ir::ValueId>(graph_.inputs())) {
      if (is_signed(id)) STRETTO_TRY(shift_input(id));
    }
    int rewrites = 0;
    for (ir::NodeId id : graph_.topological_order()) {
      STRETTO_ASSIGN(bool read, shift_sources(id));
      rewrites += read;
      if (is_signed(graph_.node(id).output)) STRETTO_TRY(shift_result(id));
    }
    return rewrites;
  }

 private:
  bool is_signed(ir::ValueId id) const { return graph_.value(id).type.dtype == DType::i8; }

  /// kNone if the value has no shifted twin.
  ir::ValueId twin(ir::ValueId id) const {
    auto found = twins_.find(id);
    return found == twins_.end() ? ir::kNone : found->second;
  }

  Status shift_input(ir::ValueId id) {
    const std::vector<ir::NodeId> users = graph_.users(id);
    for (ir::NodeId user : users) {
      if (as<op::Requantize>(graph_, user) != nullptr) return {};  // its twin, or as good
    }
    op::Requantize shifted;
    shifted.zero = kShift;
    const std::string name = graph_.value(id).name + "_unsigned";
    ir::ValueId one = add_scales(graph_, name, {1});
    STRETTO_ASSIGN(twins_[id], graph_.add_node(name, shifted, {id, one}));
    return {};
  }

  /// Lets a dequantize or requantize read twins.
  Result<bool> shift_sources(ir::NodeId id) {
    const ir::Node& n = graph_.node(id);
    std::vector<ir::ValueId> inputs = n.inputs;
    op::Attrs attrs = n.attrs;
    bool changed = false;
    auto shift = [&](size_t i, int64_t& zero) {
      ir::ValueId other = i < inputs.size() ? twin(inputs[i]) : ir::kNone;
      if (other == ir::kNone) return;
      inputs[i] = other;
      zero += kShift;
      changed = true;
    };
    if (auto* d = std::get_if<op::Dequantize>(&attrs)) shift(0, d->zero);
    if (auto* r = std::get_if<op::Requantize>(&attrs)) {
      shift(0, r->src_zero);
      shift(2, r->other_zero);
    }
    if (changed) STRETTO_TRY(graph_.replace_node(id, attrs, inputs));
    return changed;
  }

  /// The node again with a result of u8, where that is possible.
  Status shift_result(ir::NodeId id) {
    const ir::Node n = graph_.node(id);
    std::vector<ir::ValueId> inputs = n.inputs;
    op::Attrs attrs = n.attrs;
    if (auto* q = std::get_if<op::Quantize>(&attrs)) {
      q->zero += kShift;
      q->to = DType::u8;
    } else if (auto* r = std::get_if<op::Requantize>(&attrs)) {
      for (int64_t* bound : {&r->zero, &r->low, &r->high}) *bound += kShift;
      r->to = DType::u8;
    } else if (std::optional<Movement> movement = match_movement(graph_, id)) {
      for (size_t i = 0; i < movement->data_inputs; ++i) {
        inputs[i] = twin(inputs[i]);
        if (inputs[i] == ir::kNone) return {};
      }
      if (auto* pad = std::get_if<op::Pad>(&attrs)) pad->value += kShift;
    } else {
      return {};
    }
    if (!type_if_valid(graph_, attrs, inputs)) return {};
    STRETTO_ASSIGN(twins_[n.output], graph_.add_node(n.name + "_unsigned", attrs, inputs));
    return {};
  }

  ir::Graph& graph_;
  std::unordered_map<ir::ValueId, ir::ValueId> twins_;
};

}  // namespace

Result<int> shift_signed(ir::Graph& graph) {
  return Shifting(graph).run();
}

}  // namespace stretto::passes
