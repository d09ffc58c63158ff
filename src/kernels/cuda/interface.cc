#include "kernels/cuda/interface.h"

#include <algorithm>
#include <string>

namespace stretto::kernels::cuda {
namespace {

/// Runs `work` so that nothing is thrown across the interface.
template <class Value, class Work>
Value guarded(Value otherwise, Work work) noexcept {
  try {
    return work();
  } catch (...) {
    return otherwise;
  }
}

/// The problem of a text; null if it is none. Keeps the last one: it meets
/// every row, several times.
const Problem *problem_of(const char *text) {
  thread_local std::string last;
  thread_local Result<Problem> parsed = internal_error("none yet");
  if (last != text || last.empty()) {
    parsed = problem_from_string(text);
    last = text;
  }
  return parsed.ok() ? &parsed.value() : nullptr;
}

const Tactic *tactic_of(uint32_t row) {
  return row < rows().size() ? &rows()[row].tactic : nullptr;
}

Config config_of(const StrettoConfig &raw) {
  Config config;
  std::copy_n(raw.v, config.v.size(), config.v.begin());
  return config;
}

int32_t supports(uint32_t row, const char *text) {
  return guarded(static_cast<int32_t>(Refusal::attributes), [&] {
    const Tactic *tactic = tactic_of(row);
    const Problem *problem = problem_of(text);
    if (tactic == nullptr || problem == nullptr) return static_cast<int32_t>(Refusal::attributes);
    return static_cast<int32_t>(refusal_of(*tactic, *problem));
  });
}

int32_t configs(uint32_t row, const char *text, StrettoConfig *out, int32_t room) {
  return guarded(0, [&] {
    Asked asked;
    if (!takes(row, text, nullptr, asked)) return 0;
    const std::vector<Config> found = asked.tactic->configs(*asked.problem);
    for (size_t i = 0; i < found.size() && static_cast<int32_t>(i) < room; ++i) {
      std::copy(found[i].v.begin(), found[i].v.end(), out[i].v);
    }
    return static_cast<int32_t>(found.size());
  });
}

double estimate(uint32_t row, const char *text, const StrettoConfig *config) {
  return guarded(1e9, [&] {
    Asked asked;
    if (!takes(row, text, config, asked)) return 1e9;
    return asked.tactic->estimate(*asked.problem, asked.config, 1);
  });
}

int32_t book(uint32_t row, const char *text, const StrettoConfig *config, StrettoBooking *booking) {
  return guarded(1, [&] {
    Asked asked;
    if (!takes(row, text, config, asked)) return 1;
    const Booking booked = asked.tactic->book(*asked.problem, asked.config);
    *booking = {booked.weights_bytes, booked.scratch_bytes};
    return 0;
  });
}

int32_t pack(uint32_t row, const char *text, const StrettoConfig *config, const void *const *constants, void *weights) {
  return guarded(1, [&] {
    Asked asked;
    if (!takes(row, text, config, asked)) return 1;
    std::vector<Tensor> tensors;
    for (int operand : asked.problem->with_role(Role::constant)) {
      tensors.emplace_back(asked.problem->operands[static_cast<size_t>(operand)].type, nullptr, *constants++);
    }
    asked.tactic->pack(*asked.problem, asked.config, tensors, static_cast<std::byte *>(weights));
    return 0;
  });
}

std::vector<StrettoRow> describe_rows() {
  std::vector<StrettoRow> described;
  for (const Row &row : rows()) {
    const Tactic &t = row.tactic;
    described.push_back({t.name, t.version, static_cast<int32_t>(t.numerics), t.compute, t.half_weights, t.tf32});
  }
  return described;
}

}  // namespace

bool takes(uint32_t row, const char *text, const StrettoConfig *config, Asked &asked) {
  asked.tactic = tactic_of(row);
  asked.problem = problem_of(text);
  if (asked.tactic == nullptr || asked.problem == nullptr) return false;
  if (refusal_of(*asked.tactic, *asked.problem) != Refusal::none) return false;
  if (config == nullptr) return true;
  asked.config = config_of(*config);
  const std::vector<Config> configs = asked.tactic->configs(*asked.problem);
  return std::find(configs.begin(), configs.end(), asked.config) != configs.end();
}

void fill_rows(StrettoDeviceTable &table) {
  static const std::vector<StrettoRow> described = describe_rows();
  table.abi = STRETTO_CUDA_ABI;
  table.row_count = static_cast<uint32_t>(described.size());
  table.rows = described.data();
  table.supports = supports;
  table.configs = configs;
  table.estimate = estimate;
  table.book = book;
  table.pack = pack;
}

}  // namespace stretto::kernels::cuda
