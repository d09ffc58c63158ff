#include "tactics/select/random_operands.h"

#include <algorithm>
#include <cmath>

#include "tactics/reorder.h"
#include "tactics/select/reference.h"

namespace stretto {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
};

Tensor random_bytes(const TensorType& type, uint64_t seed) {
  Tensor tensor(type);
  Random random{seed};
  auto* bytes = static_cast<uint8_t*>(tensor.mutable_data());
  for (int64_t i = 0; i < type.elements(); ++i) bytes[i] = static_cast<uint8_t>(random.next() >> 56);
  return tensor;
}

Tensor random_tensor(const TensorType& type, bool positive, uint64_t seed) {
  if (type.dtype == DType::u8 || type.dtype == DType::i8) return random_bytes(type, seed);
  Tensor tensor(type);
  if (type.dtype != DType::f32) return tensor;
  Random random{seed};
  std::span<float> values = tensor.as_mutable<float>();
  for (size_t i = 0; i + 1 < values.size(); i += 2) {
    uint64_t bits = random.next();
    values[i] = static_cast<float>(static_cast<int32_t>(bits)) * 0x1p-31f;
    values[i + 1] = static_cast<float>(static_cast<int32_t>(bits >> 32)) * 0x1p-31f;
  }
  if (values.size() % 2 == 1) values.back() = static_cast<float>(static_cast<int32_t>(random.next())) * 0x1p-31f;
  for (size_t i = 0; positive && i < values.size(); ++i) values[i] = 1 + values[i] / 2;
  return tensor;
}

/// How large the sum that operand `i` holds will be with random bytes: the root of its terms times that of one product.
/// 1 where it is no sum of an integer product.
double expected_size(const Problem& problem, int i) {
  constexpr double kProduct = 1e4;  // of a random u8 minus a zero point and a random i8, root mean square, about
  for (const Problem::Node& node : problem.nodes) {
    if (node.output != i || node.inputs.size() < 2) continue;
    const auto& weights = problem.operands[static_cast<size_t>(node.inputs[1])].type;
    if (weights.dtype != DType::i8 || weights.shape.size() < 2) continue;
    const auto terms = static_cast<double>(weights.elements()) / static_cast<double>(weights.shape[0]);
    return kProduct * std::sqrt(terms);
  }
  return 1;
}

/// Constants of integer steps must fit each other for results to lie inside the range of a byte: biases about as large
/// as the sums that they join, scales that bring sums near a byte.
void fit_integer_constants(const Problem& problem, std::vector<Tensor>& constants) {
  const std::vector<int> numbers = problem.with_role(Role::constant);
  const auto tensor_of = [&](int operand) -> Tensor* {
    const auto at = std::find(numbers.begin(), numbers.end(), operand);
    return at == numbers.end() ? nullptr : &constants[static_cast<size_t>(at - numbers.begin())];
  };
  for (const Problem::Node& node : problem.nodes) {
    if (node.inputs.size() < 2) continue;
    Tensor* second = tensor_of(node.inputs[1]);
    Tensor* third = node.inputs.size() > 2 ? tensor_of(node.inputs[2]) : nullptr;
    const bool rescales =
        std::holds_alternative<op::Requantize>(node.attrs) || std::holds_alternative<op::Dequantize>(node.attrs);
    if (rescales && second != nullptr) {
      const double size = expected_size(problem, node.inputs[0]);
      const auto unit = static_cast<float>(size == 1 ? 1 : 60 / size);
      for (float& scale : second->as_mutable<float>()) scale = unit * (1 + scale / 2);
    }
    if (third != nullptr && third->dtype() == DType::i32) {
      const double size = expected_size(problem, node.output);
      Random random{static_cast<uint64_t>(node.output)};
      for (int32_t& bias : third->as_mutable<int32_t>()) {
        bias = static_cast<int32_t>(static_cast<double>(static_cast<int32_t>(random.next())) * 0x1p-31 * size);
      }
    }
  }
}

}  // namespace

RandomOperands random_operands(const Problem& problem, uint64_t seed) {
  RandomOperands random;
  const bool positive = wants_positive(problem);
  for (const Operand& operand : problem.operands) {
    ++seed;
    if (operand.role == Role::input) {
      random.inputs.push_back(random_tensor(operand.type, positive, seed));
      round_as_stored(operand.layout, random.inputs.back());
    }
    if (operand.role == Role::constant) random.constants.push_back(random_tensor(operand.type, positive, seed));
  }
  fit_integer_constants(problem, random.constants);
  return random;
}

}  // namespace stretto
