// The stage that guards accuracy: the chosen plan's own output error is measured, and layers go back to reals until it
// is within --max-error.
#include <fmt/format.h>

#include <algorithm>

#include "base/cpu_info.h"
#include "builder/compile.h"
#include "builder/guard.h"
#include "builder/session.h"
#include "builder/session_stages.h"
#include "builder/unit_gains.h"

namespace stretto {
namespace {

/// Samples that single layers are judged by.
constexpr int64_t kGainSamples = 4;

double worst(const std::vector<double>& errors) {
  return errors.empty() ? 0 : *std::max_element(errors.begin(), errors.end());
}

/// By unit: what it adds, alone, to the outputs that are off by more than `limit`.
std::vector<double> gains_of(const std::vector<std::vector<double>>& alone, const std::vector<double>& errors,
                             double limit) {
  std::vector<double> gains;
  for (const std::vector<double>& unit : alone) {
    double sum = 0;
    for (size_t o = 0; o < errors.size(); ++o) sum += errors[o] > limit ? unit[o] : 0;
    gains.push_back(sum);
  }
  return gains;
}

}  // namespace

Status BuildSession::open_kept_out() {
  const bool fifth = !options_.calibration.empty();
  KeptOut::Options how;
  how.samples = fifth ? options_.calibration : options_.verify_input;
  how.preprocess = options_.preprocess;
  how.fifth = fifth;
  how.threads = threads_;
  how.progress = [&](int64_t done, int64_t total) {
    progress("hold error", kChosen, fmt::format("reference on sample {} of {}", done + 1, total));
  };
  for (const Variant& variant : variants_) {
    STRETTO_ASSIGN(KeptOut kept, KeptOut::open(variant.as_written, how));
    kept_out_.push_back(std::move(kept));
  }
  const KeptOut& first = kept_out_[0];
  if (first.too_few()) {
    report_.notes.push_back(
        fmt::format("there are only {} samples: all serve for calibration and for --max-error "
                    "alike; of five or more, every fifth is kept out of calibration",
                    first.samples()));
  }
  if (first.left_out() > 0) {
    report_.notes.push_back(
        fmt::format("--max-error is measured on {} samples, as many as {} MiB hold; {} more are not "
                    "looked at",
                    first.samples(), KeptOut::kMostBytes >> 20, first.left_out()));
  }
  return {};
}

Result<std::vector<double>> BuildSession::plan_errors() {
  std::vector<double> errors;
  for (size_t i = 0; i < variants_.size(); ++i) {
    const Variant& variant = variants_[i];
    STRETTO_ASSIGN(auto resolved, compile_alone(variant.planned(), variant.chosen.cover, *selector_, gpu_.get()));
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, threads_));
    const std::vector<double> found = kept_out_[i].errors_of(harness);
    errors.resize(found.size(), 0);
    for (size_t o = 0; o < found.size(); ++o) errors[o] = std::max(errors[o], found[o]);
  }
  return errors;
}

Status BuildSession::hold_error() {
  if (options_.max_error == 0) return {};
  choosing_from_ = choosing_to_ = kChosen;
  STRETTO_TRY(open_kept_out());
  STRETTO_ASSIGN(std::vector<double> errors, plan_errors());
  const double limit = options_.max_error;
  const double first = worst(errors);
  const bool literal = recorded_ || (options_.precision == Precision::int8 && options_.calibration.empty());
  if (first > limit && selector_->options().half == HalfUse::allowed && !literal) {
    selector_->set_half(HalfUse::no);
    STRETTO_TRY(choose());
    STRETTO_ASSIGN(errors, plan_errors());
    report_.notes.push_back(
        fmt::format("with values in f16 the outputs' error is {:.2g}, more than --max-error allows: "
                    "the plan is fp32",
                    first));
  } else if (first > limit && options_.precision == Precision::int8 && !literal) {
    STRETTO_TRY(revert_layers(errors));
    STRETTO_ASSIGN(errors, plan_errors());
  }
  const bool real = std::none_of(variants_.begin(), variants_.end(), [](const Variant& v) { return v.narrow(); }) &&
                    selector_->options().half == HalfUse::no;
  if (const double error = worst(errors); error > limit) {
    const std::string measured = fmt::format(
        "the outputs' error (1 − cosine) is {:.3g} in the mean of {} samples, and "
        "--max-error allows {:g}",
        error, kept_out_[0].samples(), limit);
    if (real) return failed(measured + ": the plan is fp32 already; allow more");
    return failed(measured + (literal
                                  ? ": types that are read are literal; make layers fp32 there, calibrate anew with "
                                    "--calib, or allow more"
                                  : ": leave out --types obey, or allow more"));
  } else {
    report_.notes.push_back(
        fmt::format("the outputs' error (1 − cosine) is {:.3g} in the mean of {} samples{}; "
                    "--max-error allows {:g}",
                    error, kept_out_[0].samples(),
                    options_.calibration.empty() || kept_out_[0].too_few() ? "" : " kept out of calibration", limit));
  }
  progress("hold error", kHeld);
  return {};
}

Status BuildSession::revert_layers(const std::vector<double>& errors) {
  const Variant& first = variants_[0];
  STRETTO_ASSIGN(const Cover narrow, search_cover(*first.quantised, 1));
  STRETTO_ASSIGN(const Cover wide, search_cover(first.graph, 1));
  STRETTO_ASSIGN(const TypeUnits units, units_of(first, narrow, wide));
  UnitGainOptions how;
  how.isa = gpu_ ? best_isa() : isa_;  // a GPU's integers are the CPU's
  how.threads = threads_;
  how.blocked = gpu_ ? cpu_layouts(how.isa, true) : blocked_layouts();
  how.samples = kGainSamples;
  how.progress = [&](int done, int total) {
    progress("hold error", kChosen + (kHeld - kChosen) * 0.5 * done / total,
             fmt::format("layer {} of {} alone", done + 1, total));
  };
  STRETTO_ASSIGN(const auto alone, errors_alone(first.optimised, recipe_, units.nodes, kept_out_[0], how));
  std::vector<double> gains = gains_of(alone, errors, options_.max_error);
  // Those that the plan holds real already, by time, have no part in its error.
  for (size_t u = 0; u < gains.size(); ++u) {
    if (first.chosen.by_time.contains(units.nodes[u][0])) gains[u] = 0;
  }
  const std::vector<GuardStep> steps = order_by_gain(units.problem, gains, std::vector<bool>(units.nodes.size(), true));
  std::vector<double> ordered;
  for (const GuardStep& step : steps) ordered.push_back(gains[static_cast<size_t>(step.unit)]);

  GuardSearch search(ordered, worst(errors), options_.max_error);
  const std::vector<double> db = search.gains_db();
  const auto take = [&](int count) {
    guard_.clear();
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(i);
      double cost_ms = steps[at].cost_s * 1e3, gain_db = db[at];
      const std::string why = fmt::format("for --max-error {:g}: {:.1f} dB of the outputs' error for {:+.4f} ms",
                                          options_.max_error, gain_db, cost_ms);
      for (const std::string& name : units.nodes[static_cast<size_t>(steps[at].unit)]) {
        guard_[name] = {name, "int8", "fp32", why, gain_db, cost_ms};
        gain_db = cost_ms = 0;
      }
    }
  };
  std::vector<Variant> held = variants_;
  Reverts held_guard;
  int measured = 0;
  while (const auto count = search.next()) {
    choosing_from_ = kChosen + (kHeld - kChosen) * (0.5 + 0.5 * measured++ / GuardSearch::kMostPlans);
    choosing_to_ = choosing_from_;
    progress("hold error", choosing_from_, fmt::format("{} of {} layers in fp32", *count, steps.size()));
    take(*count);
    STRETTO_TRY(quantise_again());
    STRETTO_TRY(choose());
    STRETTO_ASSIGN(const std::vector<double> found, plan_errors());
    search.report(*count, worst(found));
    if (worst(found) > options_.max_error) continue;
    held = variants_;
    held_guard = guard_;
  }
  if (search.found()) {
    variants_ = std::move(held);
    guard_ = std::move(held_guard);
  }
  return {};
}

}  // namespace stretto
