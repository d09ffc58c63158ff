#include "bench/problem_trials.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "kernels/cpu/tables.h"
#include "tactics/select/limits.h"
#include "tactics/select/trial.h"

namespace stretto::problems {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMinRounds = 3, kMaxRounds = 50;
/// A round taken while the machine is slower than this is taken again, so many times at most a problem; then it is
/// scaled.
constexpr double kSlow = 1.15;
constexpr int kMaxRepeats = 10;
/// Beyond a limit a tactic is too inexact for this problem and no build would take it; so many times beyond, it is
/// wrong.
constexpr double kWrong = 10;

struct Entrant {
  Outcome outcome;
  std::unique_ptr<Trial> trial;
  std::vector<double> times;
  double spent = 0;  // seconds of timing
};

/// The lower quartile's edge, as the selector takes it: neither a lucky run nor a disturbed one moves it.
double centre(std::vector<double> times) {
  const auto at = times.begin() + static_cast<ptrdiff_t>(times.size() / 4);
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

std::vector<Config> configs_of(const Tactic& tactic, const Problem& problem, const TrialOptions& options) {
  std::vector<Config> configs = tactic.configs(problem);
  if (options.all_configs || configs.empty()) return configs;
  const auto estimate = [&](const Config& c) { return tactic.estimate(problem, c, options.threads); };
  return {*std::min_element(configs.begin(), configs.end(),
                            [&](const Config& a, const Config& b) { return estimate(a) < estimate(b); })};
}

bool takes(const Tactic& tactic, const Problem& problem, const TrialOptions& options) {
  return std::string_view(tactic.name).find(options.name_part) != std::string_view::npos && cpu_has(tactic.isa) &&
         refusal_of(tactic, problem) == Refusal::none;
}

void check(Entrant& e, TrialData& data, TaskPool& pool) {
  e.outcome.allowed = allowed_error(data.problem(), *e.outcome.tactic);
  const Result<Tensor> output = e.trial->run_once(pool);
  if (!output.ok()) {
    e.outcome.wrong = output.status().message();
    return;
  }
  e.outcome.error = data.error_of(*output);
  e.outcome.offered = e.outcome.error <= e.outcome.allowed;
  if (!(e.outcome.error <= kWrong * e.outcome.allowed)) e.outcome.wrong = "error far beyond the limit";
}

bool wants_more(const Entrant& e, double seconds_each) {
  const auto rounds = static_cast<int>(e.times.size());
  return e.trial && (rounds < kMinRounds || (rounds < kMaxRounds && e.spent < seconds_each));
}

void time_round_robin(std::vector<Entrant>& entrants, double seconds_each, TaskPool& pool, Pace& pace) {
  int repeats = 0;
  for (;;) {
    std::vector<std::pair<Entrant*, double>> round;
    const double before = pace.slowness(pool);
    for (Entrant& e : entrants) {
      if (!wants_more(e, seconds_each)) continue;
      const auto start = Clock::now();
      round.emplace_back(&e, e.trial->time_round(pool));
      e.spent += std::chrono::duration<double>(Clock::now() - start).count();
    }
    if (round.empty()) return;
    const double slowness = std::max(before, pace.slowness(pool));
    if (slowness > kSlow && ++repeats <= kMaxRepeats) continue;
    for (auto& [entrant, seconds] : round) entrant->times.push_back(slowness > kSlow ? seconds / slowness : seconds);
  }
}

}  // namespace

Trials::Trials(TrialOptions options) : options_(std::move(options)), pool_(options_.threads, kMaxPhases * 16) {}

std::vector<Outcome> Trials::run(const Problem& problem) {
  TrialData data(problem);
  std::vector<Entrant> entrants;
  for (TacticTable table : cpu_tactic_tables()) {
    for (const Tactic& tactic : table) {
      if (!takes(tactic, problem, options_)) continue;
      for (const Config& config : configs_of(tactic, problem, options_)) {
        Entrant e{{&tactic, config}, nullptr, {}, 0};
        e.trial = std::make_unique<Trial>(data, tactic, config, options_.threads, options_.cold_weights);
        check(e, data, pool_);
        if (!options_.timed || !e.outcome.wrong.empty() || !e.outcome.offered) e.trial.reset();
        entrants.push_back(std::move(e));
      }
    }
  }
  if (options_.timed) time_round_robin(entrants, options_.seconds_each, pool_, pace_);
  std::vector<Outcome> outcomes;
  for (Entrant& e : entrants) {
    if (!e.times.empty()) e.outcome.seconds = centre(e.times);
    outcomes.push_back(std::move(e.outcome));
  }
  return outcomes;
}

}  // namespace stretto::problems
