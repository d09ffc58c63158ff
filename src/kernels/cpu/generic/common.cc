#include "kernels/cpu/generic/common.h"

#include "device/memory.h"

namespace stretto::kernels::generic {

size_t copied_bytes(const Problem& problem) {
  size_t sum = 0;
  for (const Operand& operand : problem.operands) {
    if (operand.role == Role::constant) sum += align_up(operand.type.bytes());
  }
  return sum;
}

void pack_copied(const Problem&, const Config&, std::span<const Tensor> constants, std::byte* weights) {
  for (const Tensor& constant : constants) {
    size_t bytes = constant.bytes(), whole = align_up(bytes);
    if (bytes > 0) std::memcpy(weights, constant.data(), bytes);
    std::memset(weights + bytes, 0, whole - bytes);
    weights += whole;
  }
}

Place place_of(const Problem& problem, int operand) {
  int input = input_position(problem, operand);
  if (input >= 0) return {input, 0};
  size_t offset = 0;
  for (int i = 0; i < operand; ++i) {
    if (operand_of(problem, i).role == Role::constant) offset += align_up(operand_of(problem, i).type.bytes());
  }
  return {-1, static_cast<int64_t>(offset)};
}

bool all_plain(const Problem& problem) {
  for (const Operand& operand : problem.operands) {
    if (operand.layout != Layout::plain) return false;
  }
  return true;
}

bool all_of_type(const Problem& problem, DType dtype) {
  for (const Operand& operand : problem.operands) {
    if (operand.type.dtype != dtype) return false;
  }
  return true;
}

int64_t product(const Dims& d, int first, int last) {
  int64_t p = 1;
  for (int i = first; i < last; ++i) p *= d[i];
  return p;
}

std::vector<Config> one_config(const Problem&) {
  return {Config{}};
}

double estimate_compute(const Problem& problem, const Config&, int threads) {
  double work = std::max(seconds_for_flops(problem.flops()), seconds_for_bytes(problem.bytes()));
  return 2e-6 + work / threads;
}

double estimate_slow(const Problem& problem, const Config&, int threads) {
  return 2e-6 + (problem.flops() / 2e8 + problem.bytes() / 5e8) / threads;
}

int32_t tasks_for(int64_t units, double seconds) {
  double wanted = std::min(seconds / 20e-6, static_cast<double>(kMaxTasks));
  return static_cast<int32_t>(std::clamp<int64_t>(static_cast<int64_t>(wanted), 1, std::max<int64_t>(units, 1)));
}

}  // namespace stretto::kernels::generic
