#include "passes/affine.h"

#include <algorithm>
#include <cmath>

namespace stretto::passes {

namespace {

using Numbers = std::vector<double>;

double pick(const Numbers& numbers, int64_t channel) {
  return numbers.size() == 1 ? numbers[0] : numbers[static_cast<size_t>(channel)];
}

bool all_are(const Numbers& numbers, double value) {
  return std::all_of(numbers.begin(), numbers.end(), [&](double n) { return n == value; });
}

bool all_finite(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double n) { return std::isfinite(static_cast<float>(n)); });
}

Numbers all_of_it(const ir::Graph& graph, ir::ValueId id) {
  auto values = graph.value(id).constant.as<float>();
  return {values.begin(), values.end()};
}

/// The numbers of a constant that varies along axis 1 of `shape` at most.
std::optional<Numbers> per_channel(const ir::Graph& graph, ir::ValueId id, const Shape& shape) {
  if (!is_weight(graph, id)) return std::nullopt;
  if (auto one = splat(graph, id)) return Numbers{*one};
  const Shape& own = graph.value(id).type.shape;
  int missing = shape.size() - own.size();
  if (shape.size() < 2 || missing < 0 || missing > 1) return std::nullopt;
  for (int i = 0; i < own.size(); ++i) {
    if (own[i] != (i + missing == 1 ? shape[1] : 1)) return std::nullopt;
  }
  return all_of_it(graph, id);
}

std::optional<Affine> match_binary(const ir::Graph& graph, ir::NodeId id) {
  const auto* binary = as<op::Binary>(graph, id);
  if (binary == nullptr) return std::nullopt;
  const ir::Node& n = graph.node(id);
  const TensorType& type = output_type(graph, id);
  bool second = graph.value(n.inputs[1]).is_constant();
  ir::ValueId x = n.inputs[second ? 0 : 1];
  auto c = per_channel(graph, n.inputs[second ? 1 : 0], type.shape);
  if (!c || !(graph.value(x).type == type)) return std::nullopt;
  Affine affine{x, Numbers(c->size(), 1.0), Numbers(c->size(), 0.0)};
  switch (binary->kind) {
    case op::BinaryKind::mul:
      affine.scale = *c;
      return affine;
    case op::BinaryKind::add:
      affine.shift = *c;
      return affine;
    case op::BinaryKind::sub:
      affine.shift = *c;
      if (second) std::transform(c->begin(), c->end(), affine.shift.begin(), std::negate<>());
      if (!second) std::fill(affine.scale.begin(), affine.scale.end(), -1.0);
      return affine;
    case op::BinaryKind::div:
      if (!second) return std::nullopt;
      std::transform(c->begin(), c->end(), affine.scale.begin(), [](double v) { return 1 / v; });
      return affine;
    default:
      return std::nullopt;
  }
}

std::optional<Affine> match_unary(const ir::Graph& graph, ir::NodeId id) {
  const auto* unary = as<op::Unary>(graph, id);
  if (unary == nullptr) return std::nullopt;
  if (unary->kind == op::UnaryKind::neg) return Affine{graph.node(id).inputs[0], {-1}, {0}};
  if (unary->kind == op::UnaryKind::linear) return Affine{graph.node(id).inputs[0], {unary->a}, {unary->b}};
  return std::nullopt;
}

std::optional<Affine> match_batch_norm(const ir::Graph& graph, ir::NodeId id) {
  const auto* norm = as<op::BatchNorm>(graph, id);
  if (norm == nullptr) return std::nullopt;
  const auto& in = graph.node(id).inputs;
  for (size_t i = 1; i < 5; ++i) {
    if (!is_weight(graph, in[i])) return std::nullopt;
  }
  Numbers gamma = all_of_it(graph, in[1]), beta = all_of_it(graph, in[2]);
  Numbers mean = all_of_it(graph, in[3]), variance = all_of_it(graph, in[4]);
  Affine affine{in[0], gamma, beta};
  for (size_t c = 0; c < gamma.size(); ++c) {
    affine.scale[c] = gamma[c] / std::sqrt(variance[c] + norm->epsilon);
    affine.shift[c] = beta[c] - mean[c] * affine.scale[c];
  }
  return affine;
}

/// How output channels stand in the weights of a foldable operator.
std::optional<ChannelView> output_channels(const op::Attrs& attrs, const Shape& w) {
  if (std::holds_alternative<op::Conv>(attrs)) return ChannelView{1, w[0], elements(w) / std::max<int64_t>(w[0], 1), 1};
  if (const auto* t = std::get_if<op::ConvTranspose>(&attrs)) {
    int64_t inner = elements(w) / std::max<int64_t>(w[0] * w[1], 1);
    return ChannelView{w[0], w[1], inner, std::max<int64_t>(w[0] / t->group, 1)};
  }
  if (const auto* g = std::get_if<op::Gemm>(&attrs)) {
    return g->trans_b ? ChannelView{1, w[0], w[1], 1} : ChannelView{w[0], w[1], 1, std::max<int64_t>(w[0], 1)};
  }
  return std::nullopt;
}

Tensor vector_of(const Numbers& values) {
  Tensor t(TensorType{DType::f32, {static_cast<int64_t>(values.size())}});
  std::transform(values.begin(), values.end(), t.as_mutable<float>().begin(),
                 [](double v) { return static_cast<float>(v); });
  return t;
}

}  // namespace

bool Affine::only_scales() const {
  return all_are(shift, 0);
}
bool Affine::only_shifts() const {
  return all_are(scale, 1);
}

std::optional<Affine> match_affine(const ir::Graph& graph, ir::NodeId id) {
  if (graph.node(id).removed || output_type(graph, id).dtype != DType::f32) return std::nullopt;
  auto found = match_binary(graph, id);
  if (!found) found = match_unary(graph, id);
  if (!found) found = match_batch_norm(graph, id);
  if (!found || !all_finite(found->scale) || !all_finite(found->shift)) return std::nullopt;
  return found;
}

Tensor channel_constant(const Numbers& values, int rank) {
  if (values.size() == 1) return vector_of(values).reshaped({});
  Shape shape = Dims::filled(rank, 1);
  shape[1] = static_cast<int64_t>(values.size());
  return vector_of(values).reshaped(shape);
}

Tensor scaled(const Tensor& weights, const ChannelView& view, const Numbers& scale, double factor) {
  STRETTO_CHECK(view.outer * view.channels * view.inner == weights.elements());
  Tensor result(weights.type());
  const float* src = weights.as<float>().data();
  float* dst = result.as_mutable<float>().data();
  for (int64_t i = 0; i < view.outer; ++i) {
    for (int64_t j = 0; j < view.channels; ++j) {
      double s = factor * pick(scale, i / view.outer_per_group * view.channels + j);
      for (int64_t k = 0; k < view.inner; ++k) *dst++ = static_cast<float>(*src++ * s);
    }
  }
  return result;
}

Result<bool> fold_into_weights(ir::Graph& graph, ir::NodeId id, const Affine& affine) {
  ir::NodeId source = graph.producer(affine.x);
  if (source == ir::kNone || graph.sole_user(affine.x) != id) return false;
  ir::Node n = graph.node(source);
  auto* gemm = std::get_if<op::Gemm>(&n.attrs);
  if (n.inputs.size() < 2 || !is_weight(graph, n.inputs[1])) return false;
  auto view = output_channels(n.attrs, graph.value(n.inputs[1]).type.shape);
  if (!view) return false;
  double alpha = gemm != nullptr ? gemm->alpha : 1, beta = gemm != nullptr ? gemm->beta : 1;
  const Shape& out = output_type(graph, source).shape;
  Numbers bias{0};
  if (n.inputs.size() == 3) {
    // The bias of a gemm stands along axis 1 of the output, that of a convolution is a plain [O].
    auto own = per_channel(graph, n.inputs[2], gemm != nullptr ? out : Shape{1, out[1]});
    if (!own) return false;
    bias = *own;
  }
  Numbers folded(static_cast<size_t>(out[1]));
  for (int64_t c = 0; c < out[1]; ++c) {
    folded[static_cast<size_t>(c)] = pick(bias, c) * beta * pick(affine.scale, c) + pick(affine.shift, c);
  }
  if (!all_finite(folded) || !std::isfinite(alpha)) return false;

  std::vector<ir::ValueId> inputs{n.inputs[0], n.inputs[1]};
  if (alpha != 1 || !affine.only_shifts()) {
    const ir::Value& w = graph.value(n.inputs[1]);
    inputs[1] = graph.add_constant(w.name, scaled(w.constant, *view, affine.scale, alpha));
  }
  if (!all_are(folded, 0)) {
    std::string name = n.inputs.size() == 3 ? graph.value(n.inputs[2]).name : n.name + "_bias";
    inputs.push_back(graph.add_constant(name, vector_of(folded)));
  }
  if (gemm != nullptr) gemm->alpha = gemm->beta = 1;
  STRETTO_TRY(graph.replace_node(id, n.attrs, inputs));
  graph.swap_node_names(id, source);
  return true;
}

}  // namespace stretto::passes
