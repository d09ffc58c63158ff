#include "quantize/integer_layers.h"

#include <algorithm>

namespace stretto::quantize {
namespace {

class Finder {
 public:
  Finder(const ir::Graph& floats, const Quantised& quantised)
      : floats_(floats), quantised_(quantised), plan_(plan_types(floats)) {}

  std::vector<IntegerLayer> run() {
    for (ir::ValueId id : floats_.inputs()) add(id);
    for (ir::NodeId id : floats_.topological_order()) add(floats_.node(id).output);
    return std::move(layers_);
  }

 private:
  const ir::Graph& narrow() const { return quantised_.graph; }

  void add(ir::ValueId value) {
    const ir::ValueId bytes = quantised_.bytes[static_cast<size_t>(value)];
    if (bytes != ir::kNone && narrow().producer(bytes) != ir::kNone) {
      add_bytes(value, narrow().producer(bytes));
      return;
    }
    const ir::ValueId reals = quantised_.reals[static_cast<size_t>(value)];
    if (reals == ir::kNone || narrow().producer(reals) == ir::kNone) return;
    const ir::NodeId last = narrow().producer(reals);
    if (!std::holds_alternative<op::Dequantize>(narrow().node(last).attrs)) return;
    add_product(value, last, false);
  }

  void add_bytes(ir::ValueId value, ir::NodeId last) {
    const op::Attrs& attrs = narrow().node(last).attrs;
    if (std::holds_alternative<op::Quantize>(attrs)) {
      layers_.push_back({LayerKind::rounding, value, {}, {last}, true});
    } else if (std::holds_alternative<op::Lookup>(attrs)) {
      layers_.push_back({LayerKind::table, value, {floats_.producer(value)}, {last}, true});
    } else if (std::holds_alternative<op::Requantize>(attrs)) {
      const ir::NodeId before = narrow().producer(narrow().node(last).inputs[0]);
      if (before != ir::kNone && std::holds_alternative<op::Reduce>(narrow().node(before).attrs)) {
        layers_.push_back({LayerKind::average, value, {floats_.producer(value)}, {before, last}, true});
      } else if (!add_product(value, last, true)) {
        layers_.push_back({LayerKind::addition, value, with_activation(floats_.producer(value)), {last}, true});
      }
    }
  }

  /// False where what `last` rescales are not the sums of a product.
  bool add_product(ir::ValueId value, ir::NodeId last, bool bytes) {
    const ir::NodeId sums = narrow().producer(narrow().node(last).inputs[0]);
    if (sums == ir::kNone) return false;
    const auto found = std::find(quantised_.sums.begin(), quantised_.sums.end(), sums);
    if (found == quantised_.sums.end()) return false;
    std::vector<ir::NodeId> nodes = {static_cast<ir::NodeId>(found - quantised_.sums.begin())};
    while (floats_.node(nodes.back()).output != value) {
      const ir::NodeId next = floats_.sole_user(floats_.node(nodes.back()).output);
      STRETTO_CHECK(next != ir::kNone);
      nodes.push_back(next);
    }
    layers_.push_back({LayerKind::product, value, std::move(nodes), {sums, last}, bytes});
    return true;
  }

  std::vector<ir::NodeId> with_activation(ir::NodeId last) const {
    if (plan_.roles[static_cast<size_t>(last)].role != Role::activation) return {last};
    return {floats_.producer(floats_.node(last).inputs[0]), last};
  }

  const ir::Graph& floats_;
  const Quantised& quantised_;
  const TypePlan plan_;
  std::vector<IntegerLayer> layers_;
};

}  // namespace

std::vector<IntegerLayer> integer_layers(const ir::Graph& floats, const Quantised& quantised) {
  return Finder(floats, quantised).run();
}

}  // namespace stretto::quantize
