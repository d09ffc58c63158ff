#include "quantize/roles.h"

#include <fmt/format.h>

#include <algorithm>

#include "op/integer.h"

namespace stretto::quantize {
namespace {

/// Elements of an image whose sum of bytes fits 32 bits, with room for zero points.
constexpr int64_t kMostAveraged = int64_t{1} << 22;

NodeRole real(std::string reason) {
  return {Role::real, std::move(reason)};
}

/// What requantize computes between scaling and rounding.
bool is_part_of_rescaling(const op::Unary& u) {
  if (u.kind == op::UnaryKind::leaky_relu) return u.a >= 0 && u.a <= 1;
  return u.kind == op::UnaryKind::relu || u.kind == op::UnaryKind::clip;
}

class Classifier {
 public:
  Classifier(const ir::Graph& graph, const std::vector<NodeRole>& roles, const ir::Node& node)
      : graph_(graph), roles_(roles), node_(node) {}

  NodeRole role() const {
    const TensorType& out = graph_.value(node_.output).type;
    if (out.dtype != DType::f32 || out.elements() == 0) return real("its output is not f32, or empty");
    for (size_t i = 0; i < node_.inputs.size(); ++i) {
      const ir::Value& in = graph_.value(node_.inputs[i]);
      if (in.is_constant() ? i == 0 : in.type.dtype != DType::f32) return real("an input of it is of no fitting kind");
    }
    return std::visit([&](const auto& attrs) { return of(attrs); }, node_.attrs);
  }

 private:
  const TensorType& type(size_t input) const { return graph_.value(node_.inputs[input]).type; }
  bool constant(size_t input) const { return graph_.value(node_.inputs[input]).is_constant(); }
  bool all_variable() const {
    return std::none_of(node_.inputs.begin(), node_.inputs.end(),
                        [&](ir::ValueId in) { return graph_.value(in).is_constant(); });
  }

  NodeRole product(int64_t terms) const {
    for (size_t i = 1; i < node_.inputs.size(); ++i) {
      if (!constant(i)) return real("its weights or bias are no constants");
    }
    if (terms > op::kMaxTerms) return real(fmt::format("a sum of {} products may overflow 32 bits", terms));
    return {Role::product, ""};
  }

  NodeRole of(const op::Conv&) const {
    if (type(0).shape.size() != 4) return real("integer convolutions have two spatial axes");
    return product(type(1).elements() / type(1).shape[0]);
  }
  NodeRole of(const op::ConvTranspose&) const {
    if (type(0).shape.size() != 4) return real("integer convolutions have two spatial axes");
    return product(type(1).elements() / type(1).shape[1]);
  }
  NodeRole of(const op::Gemm& a) const {
    if (a.trans_a) return real("its source is transposed");
    const int64_t columns = graph_.value(node_.output).type.shape[1];
    if (node_.inputs.size() > 2) {
      const TensorType& c = type(2);
      const bool a_row = c.elements() == 1 || (c.elements() == columns && c.shape.back() == columns);
      if (!a_row) return real("its bias differs from row to row");
    }
    return product(type(0).shape[1]);
  }

  NodeRole of(const op::Unary& u) const {
    const ir::NodeId host = graph_.producer(node_.inputs[0]);
    if (host != ir::kNone && is_part_of_rescaling(u)) {
      const Role role = roles_[static_cast<size_t>(host)].role;
      const bool alone = graph_.sole_user(node_.inputs[0]) != ir::kNone;
      if (alone && (role == Role::product || role == Role::addition)) return {Role::activation, ""};
    }
    switch (u.kind) {
      case op::UnaryKind::exp:
      case op::UnaryKind::sqrt:
      case op::UnaryKind::reciprocal:
        return real("its results span more than 256 levels tell apart");
      default:
        return {Role::table, ""};
    }
  }

  NodeRole of(const op::Binary& b) const {
    if (b.kind != op::BinaryKind::add) return real("of arithmetic between values only addition has an integer form");
    if (!all_variable()) return real("one of its inputs is a constant");
    if (!(type(0) == type(1))) return real("its inputs differ in shape");
    return {Role::addition, ""};
  }

  NodeRole of(const op::Pool& p) const {
    if (type(0).shape.size() != 4) return real("integer pooling has two spatial axes");
    const bool padded = std::any_of(p.pads.begin(), p.pads.end(), [](int64_t n) { return n != 0; });
    if (p.kind == op::PoolKind::average && p.count_include_pad && padded) return real("padding counts in its average");
    return {Role::transparent, ""};
  }

  NodeRole of(const op::Reduce& r) const {
    if (type(0).shape.size() != 4 || !(r.axes == Dims{2, 3}) || !r.keepdims) {
      return real("integer reductions are over H and W");
    }
    if (r.kind == op::ReduceKind::max || r.kind == op::ReduceKind::min) return {Role::transparent, ""};
    if (r.kind != op::ReduceKind::mean) return real("of reductions only mean, max and min have an integer form");
    if (type(0).shape[2] * type(0).shape[3] > kMostAveraged) return real("its sum may overflow 32 bits");
    return {Role::global_average, ""};
  }

  NodeRole of(const op::Concat&) const {
    return all_variable() ? NodeRole{Role::transparent, ""} : real("one of its inputs is a constant");
  }
  NodeRole of(const op::Resize& r) const {
    return r.mode == op::ResizeMode::nearest ? NodeRole{Role::transparent, ""} : real("it interpolates");
  }
  NodeRole of(const op::Pad& p) const {
    if (p.mode == op::PadMode::constant && p.value != 0) return real("it pads with a number other than zero");
    return {Role::transparent, ""};
  }
  NodeRole of(const op::Gather&) const {
    return constant(1) ? NodeRole{Role::transparent, ""} : real("its indices are computed");
  }
  NodeRole of(const op::Slice&) const { return {Role::transparent, ""}; }
  NodeRole of(const op::Reshape&) const { return {Role::transparent, ""}; }
  NodeRole of(const op::Transpose&) const { return {Role::transparent, ""}; }
  NodeRole of(const op::Expand&) const { return {Role::transparent, ""}; }
  template <class T>
  NodeRole of(const T&) const {
    return real(fmt::format("{} has no integer form", op::display_name(node_.attrs)));
  }

  const ir::Graph& graph_;
  const std::vector<NodeRole>& roles_;
  const ir::Node& node_;
};

}  // namespace

std::vector<NodeRole> roles_of(const ir::Graph& graph) {
  std::vector<NodeRole> roles(static_cast<size_t>(graph.node_count()));
  for (ir::NodeId id : graph.topological_order()) {
    roles[static_cast<size_t>(id)] = Classifier(graph, roles, graph.node(id)).role();
  }
  return roles;
}

}  // namespace stretto::quantize
