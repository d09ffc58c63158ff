// Tactic: one way to solve a problem, as a row of a constexpr table and a few plain functions.
//
// At build time: supports → configs → book → pack; the packed weights go into the plan. At load time: supports and book
// again, from the plan's problem text, so that nothing a kernel trusts is read from the file but weight values. At run
// time: task alone. Functions are pure and never allocate in `task`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/cpu_info.h"
#include "base/status.h"
#include "device/task.h"
#include "tactics/problem.h"

namespace stretto {

/// Tuning numbers of a tactic, meaning given by the tactic (rows of a register block, threads' split, …).
struct Config {
  std::array<int32_t, 4> v{};
  bool operator==(const Config&) const = default;
};
/// "6x4x0x0"
std::string to_string(const Config& config);
Result<Config> config_from_string(std::string_view text);

/// Why a tactic does not take a problem; `none` means it does. Logged by --list-tactics.
enum class Refusal : uint8_t {
  none,
  other_operator,
  other_layout,
  other_type,
  other_shape,
  fused_operators,
  grouped,
  dilated,
  strided,
  padded,
  too_large,
  isa,
  dynamic_weights,
  attributes,
};
std::string_view name_of(Refusal refusal);

/// Whether results are the same to the bit as ref's, or rounded differently within a bound.
enum class Numerics : uint8_t { bit_exact = 1, rounding = 2 };

/// What a step needs, decided when the plan is made and again when it is loaded.
struct Booking {
  std::vector<std::byte> params;  // a trivially copyable struct of the tactic
  PhaseTasks tasks{};             // at least one task
  size_t weights_bytes = 0;
  size_t scratch_bytes = 0;
  size_t worker_scratch_bytes = 0;

  template <class T>
  void set_params(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    params.resize(sizeof(T));
    std::memcpy(params.data(), &value, sizeof(T));
  }
};

struct Tactic {
  const char* name;  // "cpu.avx512.conv_direct", unique, persisted
  uint32_t version;  // raised when packing or results change
  Isa isa;
  Numerics numerics;
  Refusal (*supports)(const Problem& problem);
  /// All configurations worth timing, best guess first; at least one for a supported problem.
  std::vector<Config> (*configs)(const Problem& problem);
  /// Expected seconds with `threads` workers, for ranking only.
  double (*estimate)(const Problem& problem, const Config& config, int threads);
  /// Only for a supported problem and one of its configs (a config read from a file is checked against configs()).
  Booking (*book)(const Problem& problem, const Config& config);
  /// `constants` in operand order (dense, plain); writes exactly book().weights_bytes. Null when it packs nothing.
  void (*pack)(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights);
  TaskFunction task;
  bool fetches_ahead = false;  // `task` fetches its share of StepArgs::ahead
  bool half_weights = false;   // rounds weights to f16: only where the user allows fp16
  bool on_gpu = false;         // a row of the CUDA plug-in (tactics/plugin_rows.h); `task` is null
  bool tf32 = false;           // multiplies with 11 bits of each factor: only where the user allows tf32
  int compute = 0;             // the least compute capability, times ten
};

/// What `tactic.supports` says, after asking whether the operands' layouts are of its device.
Refusal refusal_of(const Tactic& tactic, const Problem& problem);

/// Whether a step rounds values or weights to f16. `tactic` may be null.
bool is_half(const Problem& problem, const Tactic* tactic);
/// Whether a step rounds to f16 or tf32 on its way.
bool is_rounded(const Problem& problem, const Tactic* tactic);
/// "fp32", "tf32", "fp16", "int8", …: what a step keeps its values or its weights in, the narrower of both. `tactic`
/// may be null.
std::string precision_of(const Problem& problem, const Tactic* tactic);

/// Rows of one room of kernels.
using TacticTable = std::span<const Tactic>;

}  // namespace stretto
