#include "kernels/cpu/generic/rescale.h"

#include <bit>

#include "op/integer.h"

namespace stretto::kernels::generic {
namespace {

/// 1.5·2²³: a sum with it leaves the integer nearest to a small number, ties to even, in the low bits.
constexpr float kRounder = 12582912.0f;

bool match_scales(const Problem& problem, const Problem::Node& node, Rescale& r) {
  const Operand& scales = operand_of(problem, node.inputs[1]);
  if (!is_external(scales)) return false;
  r.scales = place_of(problem, node.inputs[1]);
  r.per_index = scales.type.shape[0] != 1;
  return true;
}

bool match_scaling(const Problem& problem, const Problem::Node& node, Rescale& r) {
  if (const auto* a = std::get_if<op::Dequantize>(&node.attrs)) {
    r.kind = Rescale::dequantize;
    r.src_zero = static_cast<int32_t>(a->zero);
    r.axis = a->axis;
    return match_scales(problem, node, r);
  }
  const auto* a = std::get_if<op::Requantize>(&node.attrs);
  if (!a || !match_scales(problem, node, r)) return false;
  r.kind = Rescale::requantize;
  r.src_zero = static_cast<int32_t>(a->src_zero);
  r.zero = static_cast<int32_t>(a->zero);
  r.least = static_cast<float>(a->low - a->zero);
  r.most = static_cast<float>(a->high - a->zero);
  r.slope = a->slope;
  if (node.inputs.size() < 3) return true;
  const Operand& other = operand_of(problem, node.inputs[2]);
  r.has_other = true;
  r.other = place_of(problem, node.inputs[2]);
  r.other_signed = other.type.dtype == DType::i8;
  r.other_zero = static_cast<int32_t>(a->other_zero);
  r.other_scale = a->other_scale;
  return is_external(other);
}

template <class T>
void add_other(const T* other, int32_t zero, float scale, int64_t n, float* t) {
  for (int64_t i = 0; i < n; ++i) {
    const float o = static_cast<float>(other[i] - zero) * scale;
    t[i] = t[i] + o;
  }
}

}  // namespace

bool match_lookup(const Problem& problem, size_t node, Rescale& r) {
  const Problem::Node& n = problem.nodes[node];
  if (!std::holds_alternative<op::Lookup>(n.attrs) || !is_external(operand_of(problem, n.inputs[1]))) return false;
  if (node > 0 && n.inputs[0] != problem.nodes[node - 1].output) return false;
  r.has_table = true;
  r.table = place_of(problem, n.inputs[1]);
  r.table_element = static_cast<int32_t>(size_of(operand_of(problem, n.inputs[1]).type.dtype));
  return true;
}

std::optional<Rescale> match_rescale(const Problem& problem, size_t first) {
  Rescale r;
  if (first == problem.nodes.size()) return r;
  const Problem::Node& node = problem.nodes[first];
  if (first > 0 && node.inputs[0] != problem.nodes[first - 1].output) return std::nullopt;
  if (!match_scaling(problem, node, r)) return std::nullopt;
  if (first + 1 == problem.nodes.size()) return r;
  if (first + 2 != problem.nodes.size() || !match_lookup(problem, first + 1, r)) return std::nullopt;
  return r;
}

void round_bytes(const float* t, int64_t n, float least, float most, int32_t zero, uint8_t* bytes) {
  for (int64_t i = 0; i < n; ++i) {
    float v = t[i] > least ? t[i] : least;
    v = v < most ? v : most;
    bytes[i] = static_cast<uint8_t>(std::bit_cast<int32_t>(v + kRounder) - std::bit_cast<int32_t>(kRounder) + zero);
  }
}

void Rescale::store(const StepArgs& args, const uint8_t* bytes, int64_t first, int64_t n) const {
  if (!has_table) {
    std::memcpy(static_cast<uint8_t*>(args.dst) + first, bytes, static_cast<size_t>(n));
    return;
  }
  with_element(table_element, [&](auto type) {
    using T = decltype(type);
    const T* from = table.as<T>(args);
    T* to = static_cast<T*>(args.dst) + first;
    for (int64_t i = 0; i < n; ++i) to[i] = from[bytes[i]];
  });
}

void Rescale::apply(const StepArgs& args, const int32_t* sums, const float* each_scale, int64_t first,
                    int64_t n) const {
  if (kind == none) {
    std::memcpy(static_cast<int32_t*>(args.dst) + first, sums, static_cast<size_t>(n) * sizeof(int32_t));
    return;
  }
  float t[kStretch];
  for (int64_t i = 0; i < n; ++i) {
    const auto difference = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(src_zero));
    t[i] = static_cast<float>(difference) * each_scale[i];
  }
  if (kind == dequantize) {
    std::memcpy(static_cast<float*>(args.dst) + first, t, static_cast<size_t>(n) * sizeof(float));
    return;
  }
  if (has_other && other_signed) add_other(other.as<int8_t>(args) + first, other_zero, other_scale, n, t);
  if (has_other && !other_signed) add_other(other.as<uint8_t>(args) + first, other_zero, other_scale, n, t);
  for (int64_t i = 0; slope != 1 && i < n; ++i) t[i] = op::slope_down(t[i], slope);
  uint8_t bytes[kStretch];
  round_bytes(t, n, least, most, zero, bytes);
  store(args, bytes, first, n);
}

}  // namespace stretto::kernels::generic
