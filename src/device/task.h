// What a running step is: a pure function of numbered tasks over resolved pointers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace stretto {

struct TaskId {
  int phase = 0;   // phases run one after the other, all tasks of one before any of the next
  int index = 0;   // 0 ≤ index < tasks[phase]
  int worker = 0;  // which worker runs it: only to find scratch
};

/// What a running step is given. Weights and scratch are 64-byte aligned, tensors in blocked layouts to a block of
/// channels (32 bytes for c8, 64 for c16 and c32h), plain tensors to their element only: they may be user memory or a
/// part of it.
struct StepArgs {
  const void* params = nullptr;         // what book() made
  const std::byte* weights = nullptr;   // what pack() made
  const void* const* src = nullptr;     // the problem's inputs, in operand order
  void* dst = nullptr;                  // the problem's output
  std::byte* scratch = nullptr;         // booked `scratch_bytes`, shared by the tasks of the step
  std::byte* worker_scratch = nullptr;  // booked `worker_scratch_bytes` for each worker, `worker_stride` apart
  size_t worker_stride = 0;
  // What later steps will read first, weights of theirs: a task of the last phase may fetch its share, `ahead_share`
  // bytes at index · ahead_share, towards the caches while it computes. Nobody needs it for a result.
  const std::byte* ahead = nullptr;
  size_t ahead_bytes = 0, ahead_share = 0;
  int workers = 1;  // that take tasks, in order: who runs task i is likely to take i + workers next

  template <class T>
  const T& params_as() const {
    return *static_cast<const T*>(params);
  }
  std::byte* scratch_of(int worker) const { return worker_scratch + static_cast<size_t>(worker) * worker_stride; }
};

using TaskFunction = void (*)(const StepArgs& args, TaskId id);

inline constexpr int kMaxPhases = 4;

/// Tasks of each phase; the first 0 ends the list.
using PhaseTasks = std::array<int32_t, kMaxPhases>;

}  // namespace stretto
