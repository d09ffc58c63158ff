#include "tactics/plugin_rows.h"

#include <algorithm>
#include <utility>

#include "device/plugin.h"

namespace stretto {
namespace {

constexpr int32_t kMaxConfigs = 256;
constexpr size_t kMaxPackedBytes = size_t{1} << 40;

CudaPlugin the_plugin() {
  static const Result<CudaPlugin> plugin = cuda_plugin();
  return plugin.ok() ? plugin.value() : nullptr;
}

/// The text of the problem asked about last: a problem meets every row, several times.
const std::string& text_of(const Problem& problem) {
  thread_local Problem last;
  thread_local std::string text;
  if (!(problem == last)) {
    last = problem;
    text = to_string(problem);
  }
  return text;
}

StrettoConfig raw(const Config& config) {
  StrettoConfig c{};
  std::copy(config.v.begin(), config.v.end(), c.v);
  return c;
}

/// A tactic's functions know nothing but their problem: there is one set of them for each number of a row.
template <uint32_t kRow>
struct Functions {
  static Refusal supports(const Problem& problem) {
    const int32_t refusal = the_plugin()->supports(kRow, text_of(problem).c_str());
    const bool known = refusal >= 0 && refusal <= static_cast<int32_t>(Refusal::attributes);
    return known ? static_cast<Refusal>(refusal) : Refusal::attributes;
  }
  static std::vector<Config> configs(const Problem& problem) {
    std::array<StrettoConfig, kMaxConfigs> found{};
    const int32_t count = the_plugin()->configs(kRow, text_of(problem).c_str(), found.data(), kMaxConfigs);
    std::vector<Config> configs;
    for (int32_t i = 0; i < std::min(count, kMaxConfigs); ++i) {
      Config& config = configs.emplace_back();
      std::copy_n(found[static_cast<size_t>(i)].v, config.v.size(), config.v.begin());
    }
    return configs;
  }
  static double estimate(const Problem& problem, const Config& config, int) {
    const StrettoConfig c = raw(config);
    return the_plugin()->estimate(kRow, text_of(problem).c_str(), &c);
  }
  static Booking book(const Problem& problem, const Config& config) {
    const StrettoConfig c = raw(config);
    StrettoBooking booked{};
    Booking booking;
    if (the_plugin()->book(kRow, text_of(problem).c_str(), &c, &booked) != 0) return booking;  // no tasks: refused
    if (booked.weights_bytes > kMaxPackedBytes || booked.scratch_bytes > kMaxPackedBytes) return booking;
    booking.tasks = {1};
    booking.weights_bytes = booked.weights_bytes;
    booking.scratch_bytes = booked.scratch_bytes;
    return booking;
  }
  static void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                   std::byte* weights) {
    const StrettoConfig c = raw(config);
    std::vector<const void*> data;
    for (const Tensor& constant : constants) data.push_back(constant.data());
    the_plugin()->pack(kRow, text_of(problem).c_str(), &c, data.data(), weights);
  }
};

template <uint32_t kRow>
Tactic tactic_of(const StrettoRow& row) {
  using F = Functions<kRow>;
  const Numerics numerics =
      row.numerics == static_cast<int32_t>(Numerics::bit_exact) ? Numerics::bit_exact : Numerics::rounding;
  Tactic tactic{row.name,   row.version, Isa::scalar, numerics, F::supports,
                F::configs, F::estimate, F::book,     F::pack,  nullptr};
  tactic.on_gpu = true;
  tactic.half_weights = row.half_weights != 0;
  tactic.tf32 = row.tf32 != 0;
  tactic.compute = row.compute;
  return tactic;
}

template <uint32_t... kRows>
std::vector<Tactic> make_table(const StrettoDeviceTable& table, std::integer_sequence<uint32_t, kRows...>) {
  using Make = Tactic (*)(const StrettoRow&);
  constexpr Make kMake[] = {tactic_of<kRows>...};
  std::vector<Tactic> tactics;
  for (uint32_t i = 0; i < std::min<uint32_t>(table.row_count, kMaxPluginRows); ++i) {
    tactics.push_back(kMake[i](table.rows[i]));
  }
  return tactics;
}

const std::vector<Tactic>& the_table() {
  static const std::vector<Tactic> table =
      the_plugin() == nullptr
          ? std::vector<Tactic>()
          : make_table(*the_plugin(), std::make_integer_sequence<uint32_t, uint32_t{kMaxPluginRows}>());
  return table;
}

}  // namespace

TacticTable cuda_tactic_table() {
  return the_table();
}

uint32_t plugin_row(const Tactic& tactic) {
  STRETTO_CHECK(&tactic >= the_table().data() && &tactic < the_table().data() + the_table().size());
  return static_cast<uint32_t>(&tactic - the_table().data());
}

}  // namespace stretto
