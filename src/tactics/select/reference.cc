#include "tactics/select/reference.h"

#include <algorithm>

namespace stretto {
namespace {

/// Values of one operand that are remembered at most; beyond, all are forgotten.
constexpr size_t kMaxKnown = size_t{1} << 20;

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t next(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// An index along an axis of `size`: an end, a side of a seam, or anywhere.
int64_t pick_index(int64_t size, uint64_t& state) {
  uint64_t r = next(state);
  auto any = static_cast<int64_t>((r >> 8) % static_cast<uint64_t>(size));
  switch (r & 7) {
    case 0:
      return 0;
    case 1:
      return size - 1;
    case 2:
    case 3: {
      int64_t tile = int64_t{4} << ((r >> 3) & 3);
      int64_t seam = any / tile * tile - static_cast<int64_t>((r >> 5) & 1);
      return std::clamp<int64_t>(seam, 0, size - 1);
    }
    default:
      return any;
  }
}

/// Whether one element of the result costs as much as all of it.
bool found_together(const op::Attrs& attrs) {
  return std::holds_alternative<op::Scatter>(attrs) || std::holds_alternative<op::NonMaxSuppression>(attrs) ||
         std::holds_alternative<op::TopK>(attrs) || std::holds_alternative<op::Cumulate>(attrs);
}

}  // namespace

ProblemReference::ProblemReference(const Problem& problem, std::span<const Tensor> inputs,
                                   std::span<const Tensor> constants)
    : problem_(problem), sources_(problem.operands.size()) {
  size_t next_input = 0, next_constant = 0;
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    if (problem.operands[i].role == Role::input) sources_[i].tensor = inputs[next_input++];
    if (problem.operands[i].role == Role::constant) sources_[i].tensor = constants[next_constant++];
  }
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    Source& source = sources_[static_cast<size_t>(problem.nodes[i].output)];
    source.node = static_cast<int>(i);
    source.types = problem.input_types(source.node);
  }
}

double ProblemReference::at(int64_t linear) {
  ref::Scalar v = scalar_at(linear);
  return is_float(problem_.output().type.dtype) ? v.real : static_cast<double>(v.integer);
}

ref::Scalar ProblemReference::scalar_at(int64_t linear) {
  return compute(sources_[static_cast<size_t>(problem_.nodes.back().output)], linear);
}

ref::Scalar ProblemReference::value(int operand, int64_t linear) {
  Source& source = sources_[static_cast<size_t>(operand)];
  if (source.node < 0) return ref::load(source.tensor, linear);
  if (auto found = source.known.find(linear); found != source.known.end()) return found->second;
  ref::Scalar v = compute(source, linear);
  if (source.known.size() >= kMaxKnown) source.known.clear();
  source.known.emplace(linear, v);
  return v;
}

ref::Scalar ProblemReference::compute(Source& source, int64_t linear) {
  const Problem::Node& node = problem_.nodes[static_cast<size_t>(source.node)];
  if (found_together(node.attrs)) {
    std::vector<Tensor> inputs;
    for (int i : node.inputs) inputs.push_back(sources_[static_cast<size_t>(i)].tensor);
    const bool given = std::none_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return t.empty(); });
    if (source.whole.empty() && given) {
      if (Result<Tensor> whole = ref::evaluate(node.attrs, inputs); whole.ok()) source.whole = *whole;
    }
    if (!source.whole.empty()) return ref::load(source.whole, linear);
  }
  const TensorType& type = problem_.operands[static_cast<size_t>(node.output)].type;
  auto read = [&](int input, int64_t at) { return value(node.inputs[static_cast<size_t>(input)], at); };
  return ref::at(node.attrs, source.types, type, read, linear);
}

std::vector<int64_t> sample_points(const Shape& shape, uint64_t seed, int count) {
  int64_t total = elements(shape);
  std::vector<int64_t> points;
  if (total <= count) {
    for (int64_t i = 0; i < total; ++i) points.push_back(i);
    return points;
  }
  uint64_t state = seed;
  points = {0, total - 1};
  for (int i = 0; i < count; ++i) {
    int64_t linear = 0;
    for (int64_t size : shape) linear = linear * size + pick_index(size, state);
    points.push_back(linear);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

bool wants_positive(const Problem& problem) {
  for (const Problem::Node& node : problem.nodes) {
    if (std::holds_alternative<op::BatchNorm>(node.attrs)) return true;
    const auto* unary = std::get_if<op::Unary>(&node.attrs);
    const auto* binary = std::get_if<op::Binary>(&node.attrs);
    if (unary && (unary->kind == op::UnaryKind::sqrt || unary->kind == op::UnaryKind::reciprocal)) return true;
    if (binary && (binary->kind == op::BinaryKind::pow || binary->kind == op::BinaryKind::div)) return true;
  }
  return false;
}

}  // namespace stretto
