#include "builder/candidates.h"

#include <algorithm>

#include "builder/split_moves.h"
#include "tactics/match.h"

namespace stretto {
namespace {

bool is_elementwise(const ir::Node& node) {
  return std::holds_alternative<op::Unary>(node.attrs) || std::holds_alternative<op::Binary>(node.attrs);
}

bool is_product(const ir::Node& node) {
  return std::holds_alternative<op::Conv>(node.attrs) || std::holds_alternative<op::ConvTranspose>(node.attrs) ||
         std::holds_alternative<op::Gemm>(node.attrs);
}

bool is_integer_product(const ir::Node& node) {
  return std::holds_alternative<op::ConvInteger>(node.attrs) ||
         std::holds_alternative<op::ConvTransposeInteger>(node.attrs) ||
         std::holds_alternative<op::GemmInteger>(node.attrs);
}

/// What brings a sum back to a narrow or a real value.
bool is_rescaling(const ir::Node& node) {
  return std::holds_alternative<op::Requantize>(node.attrs) || std::holds_alternative<op::Dequantize>(node.attrs);
}

/// The chain of sole users from `start`, at most kMaxNodes long, while `goes_on` accepts the next node.
template <class Accept>
std::vector<ir::NodeId> chain_from(const ir::Graph& graph, ir::NodeId start, Accept goes_on) {
  std::vector<ir::NodeId> chain = {start};
  while (chain.size() < Problem::kMaxNodes) {
    ir::NodeId next = graph.sole_user(graph.node(chain.back()).output);
    if (next == ir::kNone || !goes_on(graph.node(next))) break;
    chain.push_back(next);
  }
  return chain;
}

/// Adds every prefix of at least two nodes for which `fits` holds.
template <class Fits>
void add_prefixes(const std::vector<ir::NodeId>& chain, Fits fits, std::vector<Candidate>& found) {
  for (size_t length = 2; length <= chain.size(); ++length) {
    Candidate candidate{{chain.begin(), chain.begin() + static_cast<ptrdiff_t>(length)}, false};
    if (fits(candidate)) found.push_back(std::move(candidate));
  }
}

void find_products(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  const TensorType& type = graph.value(graph.node(id).output).type;
  auto chain = chain_from(
      graph, id, [&](const ir::Node& next) { return is_elementwise(next) && graph.value(next.output).type == type; });
  add_prefixes(
      chain, [&](const Candidate& c) { return match_epilogue(bind(graph, c, {}).problem).has_value(); }, found);
}

/// Whether real values are only kept within bounds.
bool is_bounding(const ir::Node& node) {
  const auto* unary = std::get_if<op::Unary>(&node.attrs);
  return unary != nullptr && (unary->kind == op::UnaryKind::relu || unary->kind == op::UnaryKind::clip);
}

/// An integer product or sum with what follows its i32 result: a change of scale, then an activation by table, or
/// bounds for real values.
void find_rescaled(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  bool rescaled = is_rescaling(graph.node(id));
  const bool product = !rescaled;
  auto chain = chain_from(graph, id, [&](const ir::Node& next) {
    const bool activates = std::holds_alternative<op::Lookup>(next.attrs) || (product && is_bounding(next));
    const bool goes_on = rescaled ? activates : is_rescaling(next);
    rescaled = rescaled || is_rescaling(next);
    return goes_on;
  });
  add_prefixes(
      chain, [](const Candidate&) { return true; }, found);
}

/// The quantisation of a value, the integer product that alone reads it, and what follows its result. Tactics say which
/// they take.
void find_quantized(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  if (!std::holds_alternative<op::Quantize>(graph.node(id).attrs)) return;
  const ir::NodeId product = graph.sole_user(graph.node(id).output);
  if (product == ir::kNone || !is_integer_product(graph.node(product))) return;
  std::vector<Candidate> rest;
  find_rescaled(graph, product, rest);
  for (Candidate& candidate : rest) {
    candidate.nodes.insert(candidate.nodes.begin(), id);
    candidate.group = true;
    if (candidate.nodes.size() <= Problem::kMaxNodes) found.push_back(std::move(candidate));
  }
}

bool is_depthwise(const ir::Graph& graph, const ir::Node& node) {
  const auto* conv = std::get_if<op::Conv>(&node.attrs);
  return conv != nullptr && conv->group > 1 && conv->group == graph.value(node.inputs[0]).type.shape[1];
}

bool is_pointwise(const ir::Graph& graph, const ir::Node& node) {
  const auto* conv = std::get_if<op::Conv>(&node.attrs);
  if (conv == nullptr || conv->group != 1) return false;
  const Shape& weights = graph.value(node.inputs[1]).type.shape;
  return weights.size() == 4 && weights[2] == 1 && weights[3] == 1;
}

/// Chains of a depthwise convolution and the 1×1 convolutions before and after it, each with an activation, the last
/// with an addition. Tactics say which they take.
void find_separable(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  const ir::Node& first = graph.node(id);
  int depthwise = is_depthwise(graph, first), pointwise = is_pointwise(graph, first);
  if (depthwise + pointwise == 0) return;
  auto chain = chain_from(graph, id, [&](const ir::Node& next) {
    if (is_elementwise(next)) return true;
    if (is_depthwise(graph, next)) return ++depthwise == 1;
    return is_pointwise(graph, next) && depthwise == 1 && ++pointwise <= 2;
  });
  int products = 0;
  for (size_t length = 1; length <= chain.size(); ++length) {
    products += is_product(graph.node(chain[length - 1]));
    if (products < 2) continue;
    // A part ends before the next product begins, and an epilogue where the chain does: the longest of each serves.
    const bool ends = length == chain.size() || is_product(graph.node(chain[length]));
    if (ends) found.push_back({{chain.begin(), chain.begin() + static_cast<ptrdiff_t>(length)}, true});
  }
}

/// A convolution, what is computed on its result element by element, and the pool that follows. Tactics say which they
/// take.
void find_pooled(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  if (!std::holds_alternative<op::Conv>(graph.node(id).attrs)) return;
  bool pooled = false;
  auto chain = chain_from(graph, id, [&](const ir::Node& next) {
    if (pooled) return false;
    pooled = std::holds_alternative<op::Pool>(next.attrs);
    return pooled || is_elementwise(next);
  });
  if (pooled) found.push_back({chain, true});
}

void find_elementwise(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  auto chain = chain_from(graph, id, [&](const ir::Node& next) { return is_elementwise(next); });
  add_prefixes(
      chain,
      [&](const Candidate& c) {
        const TensorType& result = graph.value(graph.node(c.root()).output).type;
        return std::all_of(c.nodes.begin(), c.nodes.end(),
                           [&](ir::NodeId n) { return graph.value(graph.node(n).output).type == result; });
      },
      found);
}

/// Chains that move channels about: concat, slice, shuffle (reshape, transpose, reshape). Tactics say which they take.
void find_moves(const ir::Graph& graph, ir::NodeId id, std::vector<Candidate>& found) {
  auto rank4 = [&](ir::ValueId value) { return graph.value(value).type.shape.size() == 4; };
  if (graph.node(id).inputs.size() > Problem::kMaxOperands / 2 || !rank4(graph.node(id).inputs[0])) return;
  auto chain = chain_from(graph, id, [](const ir::Node& next) { return moves_data(next); });
  add_prefixes(
      chain, [&](const Candidate& c) { return rank4(graph.node(c.root()).output); }, found);
}

bool can_block(const TensorType& type, Layout layout) {
  return type.shape.size() == 4 && lies_in_blocks(type.dtype, layout);
}

}  // namespace

std::vector<Signature> signatures_of(std::span<const Layout> blocked) {
  std::vector<Signature> signatures;
  for (Layout b : blocked) signatures.push_back({b, b});
  signatures.push_back({});
  for (Layout b : blocked) {
    signatures.push_back({Layout::plain, b});
    signatures.push_back({b, Layout::plain});
  }
  // On AVX2 and on GPUs real values lie in eights and quantised ones in sixteens: steps lead from one to the other.
  const auto has = [&](Layout layout) { return std::find(blocked.begin(), blocked.end(), layout) != blocked.end(); };
  for (const auto& [reals, bytes] : {std::pair{Layout::c8, Layout::c16}, {Layout::nhwc8, Layout::nhwc16}}) {
    if (!has(reals) || !has(bytes)) continue;
    signatures.push_back({reals, bytes});
    signatures.push_back({bytes, reals});
  }
  return signatures;
}

std::vector<Candidate> find_candidates(const ir::Graph& graph, bool fuse) {
  std::vector<Candidate> found;
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    found.push_back({{id}, false});
    if (!fuse) continue;
    if (is_product(node)) find_products(graph, id, found);
    if (is_integer_product(node) || is_rescaling(node)) find_rescaled(graph, id, found);
    find_quantized(graph, id, found);
    find_separable(graph, id, found);
    find_pooled(graph, id, found);
    if (is_elementwise(node)) find_elementwise(graph, id, found);
    if (moves_data(node)) find_moves(graph, id, found);
  }
  return found;
}

Layout input_layout(const Signature& s, const TensorType& type, const TensorType& result, bool first) {
  // What a fused addition reads lies as the result does.
  const Layout wanted = !first && type.shape == result.shape ? s.output : s.input;
  return can_block(type, wanted) ? wanted : Layout::plain;
}

Layout output_layout(const Signature& s, const TensorType& type) {
  return can_block(type, s.output) ? s.output : Layout::plain;
}

BoundProblem bind(const ir::Graph& graph, const Candidate& candidate, const Signature& signature) {
  BoundProblem bound;
  const TensorType& result = graph.value(graph.node(candidate.root()).output).type;
  std::vector<std::pair<ir::ValueId, int>> numbers;
  auto number_of = [&](ir::ValueId value) {
    for (auto [known, number] : numbers) {
      if (known == value) return number;
    }
    return -1;
  };
  auto add = [&](ir::ValueId value, Layout layout, Role role) {
    int number = static_cast<int>(bound.problem.operands.size());
    bound.problem.operands.push_back({graph.value(value).type, layout, role});
    numbers.emplace_back(value, number);
    return number;
  };
  for (ir::NodeId id : candidate.nodes) {
    const ir::Node& node = graph.node(id);
    Problem::Node made;
    made.attrs = node.attrs;
    for (ir::ValueId input : node.inputs) {
      int number = number_of(input);
      if (number < 0) {
        bool constant = graph.value(input).is_constant();
        bool first = bound.inputs.empty() && id == candidate.nodes.front() && input == node.inputs[0];
        Layout layout = constant ? Layout::plain : input_layout(signature, graph.value(input).type, result, first);
        number = add(input, layout, constant ? Role::constant : Role::input);
        (constant ? bound.constants : bound.inputs).push_back(input);
      }
      made.inputs.push_back(number);
    }
    bool last = id == candidate.root();
    made.output =
        add(node.output, last ? output_layout(signature, result) : Layout::plain, last ? Role::output : Role::internal);
    bound.problem.nodes.push_back(std::move(made));
  }
  return bound;
}

bool multiplies_integers_alone(const ir::Graph& graph) {
  bool integers = false;
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    if (is_product(node) || std::holds_alternative<op::MatMul>(node.attrs)) return false;
    integers = integers || is_integer_product(node);
  }
  return integers;
}

}  // namespace stretto
