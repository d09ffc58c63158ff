#include "tactics/tactic.h"

#include <algorithm>

#include "base/dims.h"

namespace stretto {

std::string to_string(const Config& config) {
  return to_string(Dims{config.v[0], config.v[1], config.v[2], config.v[3]});
}

Result<Config> config_from_string(std::string_view text) {
  auto dims = dims_from_string(text);
  if (!dims || dims->size() != 4) return bad_input("'" + std::string(text) + "' is not a tactic's configuration");
  Config config;
  for (int i = 0; i < 4; ++i) {
    if ((*dims)[i] < INT32_MIN || (*dims)[i] > INT32_MAX) return bad_input("a tactic's configuration is out of range");
    config.v[static_cast<size_t>(i)] = static_cast<int32_t>((*dims)[i]);
  }
  return config;
}

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::other_operator:
      return "other operator";
    case Refusal::other_layout:
      return "other layout";
    case Refusal::other_type:
      return "other type";
    case Refusal::other_shape:
      return "other shape";
    case Refusal::fused_operators:
      return "fused operators";
    case Refusal::grouped:
      return "grouped";
    case Refusal::dilated:
      return "dilated";
    case Refusal::strided:
      return "strided";
    case Refusal::padded:
      return "padded";
    case Refusal::too_large:
      return "too large";
    case Refusal::isa:
      return "instruction set";
    case Refusal::dynamic_weights:
      return "weights are not constant";
    case Refusal::attributes:
      return "attributes";
  }
  return "?";
}

Refusal refusal_of(const Tactic& tactic, const Problem& problem) {
  for (const Operand& operand : problem.operands) {
    const bool blocked = operand.layout != Layout::plain;
    if (blocked && is_channels_last(operand.layout) != tactic.on_gpu) return Refusal::other_layout;
  }
  return tactic.supports(problem);
}

bool is_half(const Problem& problem, const Tactic* tactic) {
  return (tactic != nullptr && tactic->half_weights) || has_half_operand(problem);
}

bool is_rounded(const Problem& problem, const Tactic* tactic) {
  return is_half(problem, tactic) || (tactic != nullptr && tactic->tf32);
}

std::string precision_of(const Problem& problem, const Tactic* tactic) {
  if (is_half(problem, tactic)) return "fp16";
  if (tactic != nullptr && tactic->tf32) return "tf32";
  if (problem.operands.empty()) return "fp32";
  const bool integer = std::any_of(problem.nodes.begin(), problem.nodes.end(), [](const Problem::Node& node) {
    return std::holds_alternative<op::ConvInteger>(node.attrs) || std::holds_alternative<op::GemmInteger>(node.attrs) ||
           std::holds_alternative<op::ConvTransposeInteger>(node.attrs);
  });
  if (integer) return "int8";
  const DType type = problem.operands.front().type.dtype;
  switch (type) {
    case DType::f32:
      return "fp32";
    case DType::f16:
      return "fp16";
    case DType::i8:
    case DType::u8:
      return "int8";
    default:
      return std::string(name_of(type));
  }
}

}  // namespace stretto
