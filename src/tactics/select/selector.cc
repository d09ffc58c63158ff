#include "tactics/select/selector.h"

#include <algorithm>
#include <cmath>

#include "tactics/plugin_rows.h"
#include "tactics/select/limits.h"
#include "tactics/select/trial.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxTimed = 8;
/// Estimates are rough: what is expected to take longer than this many times the best is not timed.
constexpr double kEstimateMargin = 4;
/// After one round, contenders this much slower than the best are dropped.
constexpr double kDropFactor = 1.6;
constexpr int kMinRounds = 5, kMaxRounds = 25;
constexpr double kSecondsEach = 4e-3;
/// Rounds taken while the machine is slower than this are repeated, so many times at most; then they are scaled.
constexpr double kSlow = 1.15;
constexpr int kMaxRepeats = 6;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The centre that timing believes: the lower quartile's edge, which neither a lucky run nor a disturbed one moves.
double centre(std::vector<double> times) {
  auto at = times.begin() + static_cast<ptrdiff_t>(times.size() / 4);
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

}  // namespace

Selector::Selector(std::span<const TacticTable> tables, SelectorOptions options, TacticCache* cache)
    : tables_(tables), options_(std::move(options)), cache_(cache) {}

/// Of a choice: with rounded weights allowed another one than without, and another of portable rows.
std::string Selector::key_of(const Problem& problem) const {
  const char* half[] = {"", "; fp16", "; fp16 wanted"};
  return to_string(problem) + half[static_cast<size_t>(options_.half)] + (options_.tf32 ? "; tf32" : "") +
         (options_.same_everywhere ? "; same everywhere" : "");
}

Refusal Selector::refuses(const Tactic& tactic, const Problem& problem) const {
  if (!contains(options_.isa, tactic.isa) || tactic.compute > options_.compute) return Refusal::isa;
  return refusal_of(tactic, problem);
}

Result<std::unique_ptr<TrialRun>> Selector::make_trial(const TrialData& data, const Contender& contender) {
  if (options_.make_trial) return options_.make_trial(data, *contender.tactic, contender.config);
  return std::unique_ptr<TrialRun>(std::make_unique<PooledTrial>(data, *contender.tactic, contender.config,
                                                                 options_.threads, options_.cold_weights, *pool_));
}

double Selector::slowness() {
  return options_.make_trial ? 1 : pace_.slowness(*pool_);
}

void Selector::note(const std::string& problem, const Contender& contender, const std::string& verdict,
                    double seconds) {
  if (!options_.keep_log) return;
  log_.push_back({problem, std::string(contender.tactic->name) + " " + to_string(contender.config), verdict, seconds});
}

std::vector<Selector::Contender> Selector::contenders(const Problem& problem, std::string* refusals) {
  std::vector<Contender> found;
  int order = 0;
  for (TacticTable table : tables_) {
    for (const Tactic& tactic : table) {
      ++order;
      if (tactic.half_weights && options_.half == HalfUse::no) continue;
      if (tactic.tf32 && !options_.tf32) continue;
      const Refusal refusal = refuses(tactic, problem);
      if (refusal != Refusal::none) {
        if (refusals != nullptr) {
          *refusals +=
              (refusals->empty() ? "" : ", ") + std::string(tactic.name) + ": " + std::string(name_of(refusal));
        }
        if (options_.keep_log && refusal != Refusal::other_operator) {
          log_.push_back({to_string(problem), tactic.name, "refused: " + std::string(name_of(refusal)), 0});
        }
        continue;
      }
      for (const Config& config : tactic.configs(problem)) {
        if (tactic.on_gpu && config.v[kInNetwork] != 0) continue;
        found.push_back({&tactic, config, tactic.estimate(problem, config, options_.threads), order});
      }
    }
  }
  auto is_forced = [&](const Contender& c) {
    return std::find(options_.forced.begin(), options_.forced.end(), c.tactic->name) != options_.forced.end();
  };
  if (std::any_of(found.begin(), found.end(), is_forced)) {
    std::erase_if(found, [&](const Contender& c) { return !is_forced(c); });
  }
  if (options_.same_everywhere) {
    auto varies = [](const Contender& c) {
      return c.tactic->numerics == Numerics::rounding && c.tactic->isa != Isa::scalar;
    };
    if (!std::all_of(found.begin(), found.end(), varies)) std::erase_if(found, varies);
  }
  auto rounds = [&](const Contender& c) { return is_half(problem, c.tactic); };
  if (options_.half == HalfUse::wanted && std::any_of(found.begin(), found.end(), rounds)) {
    std::erase_if(found, [&](const Contender& c) { return !rounds(c); });
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.estimate < b.estimate; });
  return found;
}

Result<Choice> Selector::guess(const Problem& problem) {
  std::string key = key_of(problem);
  if (auto known = chosen_.find(key); known != chosen_.end()) return known->second;
  if (auto known = guessed_.find(key); known != guessed_.end()) return known->second;
  std::string refusals;
  std::vector<Contender> found = contenders(problem, &refusals);
  if (found.empty()) return failed("no tactic supports " + key + " (" + refusals + ")");
  Choice choice{found[0].tactic, found[0].config, found[0].estimate, false};
  guessed_[key] = choice;
  return choice;
}

Result<Choice> Selector::only(const Problem& problem, const std::string& tactic) {
  for (TacticTable table : tables_) {
    for (const Tactic& row : table) {
      if (row.name != tactic) continue;
      const Refusal refusal = refuses(row, problem);
      if (refusal != Refusal::none) return failed("tactic '" + tactic + "' refuses: " + std::string(name_of(refusal)));
      Choice best;
      for (const Config& config : row.configs(problem)) {
        double seconds = row.estimate(problem, config, options_.threads);
        if (best.tactic == nullptr || seconds < best.seconds) best = {&row, config, seconds, false};
      }
      return best;
    }
  }
  return bad_usage("tactic '" + tactic + "' is unknown: --list-tactics shows all");
}

Status Selector::force(const Problem& problem, const std::string& tactic, uint32_t version, const Config& config) {
  for (TacticTable table : tables_) {
    for (const Tactic& row : table) {
      if (row.name != tactic) continue;
      if (row.version != version) {
        return failed("tactic '" + tactic + "' is version " + std::to_string(row.version) + " here, " +
                      std::to_string(version) + " in the file: choose again without --tactics");
      }
      if (!contains(options_.isa, row.isa)) {
        return failed("tactic '" + tactic + "' needs " + std::string(name_of(row.isa)) + ", which is not available");
      }
      if (row.compute > options_.compute) return failed("tactic '" + tactic + "' needs a newer GPU");
      std::vector<Config> configs;
      if (refusal_of(row, problem) == Refusal::none) configs = row.configs(problem);
      if (std::find(configs.begin(), configs.end(), config) == configs.end()) {
        return failed("tactic '" + tactic + "' with configuration " + to_string(config) + " does not take " +
                      to_string(problem));
      }
      chosen_[key_of(problem)] = {&row, config, row.estimate(problem, config, options_.threads), true};
      return {};
    }
  }
  return failed("tactic '" + tactic + "' is unknown: see --list-tactics");
}

Result<Choice> Selector::choose(const Problem& problem) {
  std::string key = key_of(problem);
  if (auto known = chosen_.find(key); known != chosen_.end()) return known->second;
  if (options_.mode == SelectMode::heuristic) return guess(problem);

  std::string refusals;
  std::vector<Contender> found = contenders(problem, &refusals);
  if (found.empty()) return failed("no tactic supports " + key + " (" + refusals + ")");
  if (cache_ != nullptr) {
    if (auto entry = cache_->find(key)) {
      for (const Contender& c : found) {
        if (c.tactic->name == entry->tactic && c.tactic->version == entry->version && c.config == entry->config) {
          note(key, c, "chosen (cache)", entry->seconds);
          return chosen_[key] = Choice{c.tactic, c.config, entry->seconds, true};
        }
      }
    }
  }
  if (options_.mode == SelectMode::frozen) {
    return failed("the tactic cache has no answer for " + key + ": build once without frozen to fill it");
  }
  if (timing_seconds_ > options_.budget_s) {
    ++over_budget_;
    return chosen_[key] = Choice{found[0].tactic, found[0].config, found[0].estimate, true};
  }
  return measure(problem, key, std::move(found));
}

std::vector<Choice> Selector::ways(const Problem& problem) const {
  constexpr size_t kFew = 3;
  const auto timed = ways_.find(key_of(problem));
  if (timed == ways_.end()) return {};
  std::vector<Choice> ways = timed->second;
  for (size_t i = 0; i < std::min(kFew, timed->second.size()); ++i) {
    const Choice& of = timed->second[i];
    if (!of.tactic->on_gpu) continue;
    for (const Config& config : of.tactic->configs(problem)) {
      Config alone = config;
      alone.v[kInNetwork] = 0;
      if (alone == of.config && !(config == of.config)) ways.push_back({of.tactic, config, of.seconds, true});
    }
  }
  std::stable_sort(ways.begin(), ways.end(), [](const Choice& x, const Choice& y) { return x.seconds < y.seconds; });
  return ways;
}

void Selector::prefer(const Problem& problem, const Choice& way) {
  const std::string key = key_of(problem);
  chosen_[key] = way;
  if (cache_ != nullptr && options_.forced.empty()) {
    cache_->put(key, {way.tactic->name, way.tactic->version, way.config, way.seconds});
  }
}

Result<Choice> Selector::measure(const Problem& problem, const std::string& key, std::vector<Contender> found) {
  auto start = Clock::now();
  if (!pool_ && !options_.make_trial) pool_ = std::make_unique<TaskPool>(options_.threads, kMaxPhases * 16);
  double best_estimate = found[0].estimate;
  std::erase_if(found, [&](const Contender& c) { return c.estimate > kEstimateMargin * best_estimate; });
  const size_t most = options_.half == HalfUse::allowed ? 2 * kMaxTimed : kMaxTimed;
  if (found.size() > most) found.resize(most);

  struct Entrant {
    Contender contender;
    std::unique_ptr<TrialRun> trial;
    std::vector<double> times;
    double seconds = 0;
  };
  std::vector<Entrant> entrants;
  TrialData data(problem);
  for (const Contender& c : found) {
    auto made = make_trial(data, c);
    if (!made.ok()) {
      note(key, c, "not tried: " + made.status().message(), 0);
      continue;
    }
    std::unique_ptr<TrialRun> trial = std::move(made).value();
    Result<Tensor> output = trial->run_once();
    double error = output.ok() ? data.error_of(*output) : 0;
    if (!output.ok() || !(error <= allowed_error(problem, *c.tactic))) {
      char text[64];
      std::snprintf(text, sizeof text, "wrong: error %.2g", error);
      note(key, c, output.ok() ? text : "wrong: " + output.status().message(), 0);
      continue;
    }
    ++timed_;
    double first = trial->time_round();
    entrants.push_back({c, std::move(trial), {first}, first});
    // A trial holds copies of all buffers: keep only those that can still win.
    double best = std::min_element(entrants.begin(), entrants.end(), [](auto& a, auto& b) {
                    return a.seconds < b.seconds;
                  })->seconds;
    std::erase_if(entrants, [&](const Entrant& e) {
      bool drop = e.seconds > 2 * kDropFactor * best;
      if (drop) note(key, e.contender, "slower", e.seconds);
      return drop;
    });
  }
  if (entrants.empty()) return failed("every tactic for " + key + " computes wrong results on this machine");

  // What was timed so far only sorted out the hopeless.
  for (Entrant& e : entrants) e.times.clear();
  int repeats = 0;
  for (int round = 0; round < kMaxRounds; ++round) {
    double best = 1e30;
    std::vector<double> times;
    const double before = slowness();
    for (Entrant& e : entrants) times.push_back(e.trial->time_round());
    const double slow = std::max(before, slowness());
    if (slow > kSlow && ++repeats <= kMaxRepeats) {
      --round;
      continue;
    }
    for (size_t i = 0; i < entrants.size(); ++i) {
      Entrant& e = entrants[i];
      e.times.push_back(slow > kSlow ? times[i] / slow : times[i]);
      e.seconds = centre(e.times);
      best = std::min(best, e.seconds);
    }
    std::erase_if(entrants, [&](const Entrant& e) {
      bool drop = e.seconds > kDropFactor * best;
      if (drop) note(key, e.contender, "slower", e.seconds);
      return drop;
    });
    if (round + 1 >= kMinRounds && (entrants.size() == 1 || best * round > kSecondsEach)) break;
    if (best * (round + 1) > 10 * kSecondsEach && round >= 2) break;
  }

  // Inside this much of the best, times mean nothing: less scratch wins, then the order of the tables.
  constexpr double kNoise = 1.01;
  auto winner_of = [&](bool with_half) -> const Entrant* {
    double best = 1e30;
    auto counts = [&](const Entrant& e) { return with_half || !e.contender.tactic->half_weights; };
    for (const Entrant& e : entrants) best = counts(e) ? std::min(best, e.seconds) : best;
    auto rank = [&](const Entrant& e) {
      bool tie = e.seconds <= best * kNoise;
      return std::tuple(counts(e) ? 0 : 1, tie ? 0 : 1, tie ? e.trial->scratch_bytes() : size_t{0}, tie ? 0 : e.seconds,
                        e.contender.order);
    };
    auto first = std::min_element(entrants.begin(), entrants.end(),
                                  [&](const Entrant& x, const Entrant& y) { return rank(x) < rank(y); });
    return counts(*first) ? &*first : nullptr;
  };
  auto settle = [&](const std::string& as, const Entrant& e) {
    const Choice choice{e.contender.tactic, e.contender.config, e.seconds, true};
    if (cache_ != nullptr && options_.forced.empty()) {
      cache_->put(as, {choice.tactic->name, choice.tactic->version, choice.config, choice.seconds});
    }
    return chosen_[as] = choice;
  };
  const Entrant* winner = winner_of(true);
  for (const Entrant& e : entrants) note(key, e.contender, &e == winner ? "chosen" : "slower", e.seconds);
  if (options_.half == HalfUse::allowed) {
    if (const Entrant* full = winner_of(false)) settle(to_string(problem), *full);
  }
  const Choice settled = settle(key, *winner);
  timing_seconds_ += seconds_since(start);
  std::sort(entrants.begin(), entrants.end(), [](const Entrant& x, const Entrant& y) { return x.seconds < y.seconds; });
  std::vector<Choice>& ways = ways_[key];
  for (const Entrant& e : entrants) ways.push_back({e.contender.tactic, e.contender.config, e.seconds, true});
  return settled;
}

}  // namespace stretto
