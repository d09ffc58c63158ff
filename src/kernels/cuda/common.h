// What the planning side of every row uses: where operands lie, what is
// refused, what it is expected to cost.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/chunk.h"
#include "tactics/match.h"
#include "tactics/tactic.h"

namespace stretto::kernels::cuda {

inline const Operand &operand_of(const Problem &problem, int operand) {
  return problem.operands[static_cast<size_t>(operand)];
}
/// Input `i` of node 0.
inline const Operand &source_of(const Problem &problem, int i) {
  return operand_of(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
}
inline int source_count(const Problem &problem) {
  return static_cast<int>(problem.nodes[0].inputs.size());
}

/// The values of input `i` of node 0, which is a constant.
inline const Tensor &constant_of(const Problem &problem, std::span<const Tensor> constants, int i) {
  const int operand = problem.nodes[0].inputs[static_cast<size_t>(i)];
  return constants[static_cast<size_t>(constant_position(problem, operand))];
}
/// Whether what node 0 reads first comes from another step.
inline bool reads_input(const Problem &problem) {
  return source_of(problem, 0).role == Role::input;
}

/// What an operand's elements are stored as. It is f32, i32 or bytes.
Element stored_as(const Operand &operand);
/// Whether these kernels' indices reach all of it.
bool is_small(const Operand &operand);
/// `none` if every operand is f32 and small enough for these kernels' indices.
Refusal refuse_types(const Problem &problem);
/// `none` if every operand is of the same bytes, or as refuse_types() has it.
Refusal refuse_values(const Problem &problem);
/// The same for a single T node.
template <class T>
Refusal single(const Problem &problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  return refuse_types(problem);
}
/// The same of values that are only moved: f32, or bytes.
template <class T>
Refusal single_move(const Problem &problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  return refuse_values(problem);
}
/// As single(), for a T node and an epilogue whose other input lies as the result
/// does (or in the same order).
template <class T>
Refusal with_epilogue(const Problem &problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (const Refusal r = refuse_types(problem); r != Refusal::none) return r;
  const auto epilogue = match_epilogue(problem);
  if (!epilogue) return Refusal::fused_operators;
  const bool other = epilogue->has_binary && operand_of(problem, epilogue->other).layout != problem.output().layout;
  return other ? Refusal::other_layout : Refusal::none;
}
/// Whether sizes of a window are such that coordinates fit 32 bits.
bool has_small_window(const Dims &kernel, const Dims &strides, const Dims &dilations, const Dims &pads);

/// Precondition: match_epilogue(problem) found one.
EpilogueParams epilogue_of(const Problem &problem);

/// Elements to move for one more along each axis of the tensor as it lies. `at`
/// most kMaxRank axes.
Dims strides_of(const Operand &operand);
/// Rank 4.
Strides4 strides4_of(const Operand &operand);
Order4 order4_of(const Operand &operand);
/// The axes of an operand in the order in which it lies, outermost first.
Dims axes_in_storage(const Operand &operand);
/// Their sizes, padding lanes included.
Dims sizes_in_storage(const Operand &operand);
/// Elements of storage.
uint32_t stored_count(const Operand &operand);
Lanes lanes_of(const Operand &operand);

/// A walk over `sizes` with those steps; axes of size 1 are left out, others
/// join where they can.
Walk walk_of(const Dims &sizes, const Dims &steps, int64_t base = 0);

/// Of a single Reduce node: where in the source, by element of the result as it lies, and by element of what one of
/// them takes together, of which there are `reduced`.
struct ReduceWalks {
  Walk kept, within;
  uint32_t reduced;
};
ReduceWalks reduce_walks(const Problem &problem);

std::vector<Config> one_config(const Problem &problem);
/// Seconds: a launch, or arithmetic and memory at so many operations and bytes
/// a second.
double seconds_for(const Problem &problem, double flops_per_s, double bytes_per_s);
/// Of kernels that compute one element a thread.
double estimate_elements(const Problem &problem, const Config &config, int threads);

/// Constants as they are, one after the other, each aligned to 64 bytes: the
/// packing of most rows.
size_t copied_bytes(const Problem &problem);
void pack_copied(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *weights);
/// The place of an input or a constant under pack_copied.
Place place_of(const Problem &problem, int operand);
inline Place source_place(const Problem &problem, int i) {
  return place_of(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
}

/// What a row computes on a GPU, done on the host, one element after the other:
/// for tests. F says how many launches it takes (`launches`), and of each what
/// it is (`of`), how many elements (`count`) and one of them (`operator()`).
template <class F>
void emulate(const StepArgs &args, TaskId) {
  const auto &params = args.params_as<typename F::Params>();
  for (uint32_t launch = 0; launch < F::launches(params); ++launch) {
    const F f = F::of(params, args, launch);
    for (uint32_t i = 0; i < f.count(); ++i) f(i);
  }
}

/// The rest of a row whose kernel computes elements.
template <class F>
Booking booking_of(const typename F::Params &params, size_t weights_bytes) {
  Booking booking;
  booking.set_params(params);
  booking.tasks = {1};
  booking.weights_bytes = weights_bytes;
  return booking;
}

}  // namespace stretto::kernels::cuda
