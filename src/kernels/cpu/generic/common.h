// What every row of the generic room uses: where operands lie, how work is divided, what it is expected to cost.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "tactics/match.h"
#include "tactics/tactic.h"

namespace stretto::kernels::generic {

/// Where an operand of a step lies: one of its inputs, or an offset into its packed weights.
struct Place {
  int32_t input = -1;
  int64_t offset = 0;
  const std::byte* of(const StepArgs& args) const {
    return input >= 0 ? static_cast<const std::byte*>(args.src[input]) : args.weights + offset;
  }
  template <class T>
  const T* as(const StepArgs& args) const {
    return reinterpret_cast<const T*>(of(args));
  }
};

/// Constants kept as they are, one after the other, each aligned to 64 bytes: the packing of most rows.
size_t copied_bytes(const Problem& problem);
void pack_copied(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
/// The place of an input or a constant under pack_copied.
Place place_of(const Problem& problem, int operand);

inline const Operand& operand_of(const Problem& problem, int operand) {
  return problem.operands[static_cast<size_t>(operand)];
}
/// Input `i` of node 0.
inline const Operand& source_of(const Problem& problem, int i) {
  return operand_of(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
}
inline Place source_place(const Problem& problem, int i) {
  return place_of(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
}
inline int source_count(const Problem& problem) {
  return static_cast<int>(problem.nodes[0].inputs.size());
}

bool all_plain(const Problem& problem);
/// Every operand, internal ones included, is `dtype`.
bool all_of_type(const Problem& problem, DType dtype);
/// `none` if the problem is a single T node whose operands are stored as their types say, else why not.
template <class T>
Refusal single(const Problem& problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (has_half_operand(problem)) return Refusal::other_layout;
  return problem.nodes.size() == 1 ? Refusal::none : Refusal::fused_operators;
}
/// The same, and every operand is plain f32.
template <class T>
Refusal single_plain_f32(const Problem& problem) {
  Refusal r = single<T>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  return all_of_type(problem, DType::f32) ? Refusal::none : Refusal::other_type;
}

/// The product of sizes [first, last) of a shape.
int64_t product(const Dims& d, int first, int last);

/// Rows have one configuration.
std::vector<Config> one_config(const Problem& problem);
/// The larger of arithmetic and memory traffic at the speeds a core of today has in portable code.
double estimate_compute(const Problem& problem, const Config& config, int threads);
/// For rows that are a last resort: one element at a time.
double estimate_slow(const Problem& problem, const Config& config, int threads);

/// Part `index` of `parts` of [0, units).
struct Range {
  int64_t begin = 0, end = 0;
};
inline Range part_of(int64_t units, int64_t parts, int64_t index) {
  int64_t each = units / parts, rest = units % parts;
  int64_t begin = index * each + std::min(index, rest);
  return {begin, begin + each + (index < rest ? 1 : 0)};
}

inline constexpr int64_t kMaxTasks = 64;
/// How many tasks to divide `units` of work into that take `seconds` in all: none shorter than some 20 µs.
int32_t tasks_for(int64_t units, double seconds);
/// Seconds for touching `bytes`.
constexpr double seconds_for_bytes(double bytes) {
  return bytes / 8e9;
}
constexpr double seconds_for_flops(double flops) {
  return flops / 2e10;
}

/// A type of the same size for moving elements about.
template <class F>
void with_element(int32_t size, F&& call) {
  switch (size) {
    case 1:
      return call(uint8_t{});
    case 2:
      return call(uint16_t{});
    case 4:
      return call(uint32_t{});
    default:
      return call(uint64_t{});
  }
}

}  // namespace stretto::kernels::generic
