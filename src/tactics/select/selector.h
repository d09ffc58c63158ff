// Selector: which tactic solves a problem best on this machine.
//
// choose(): memory of this build → tactic cache → supports → rank by estimate, keep the best few → run once and check
// the output against ref and the guard bytes → time round-robin on rotated buffers → inside the noise, table order.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "device/task_pool.h"
#include "tactics/select/pace.h"
#include "tactics/select/tactic_cache.h"
#include "tactics/select/trial.h"
#include "tactics/tactic.h"

namespace stretto {

/// Tactics that round values or weights to f16: never, where they are faster, or wherever there is one.
enum class HalfUse : uint8_t { no, allowed, wanted };

enum class SelectMode : uint8_t { measure, heuristic, frozen };

/// Makes a trial where tactics do not run on this CPU; failed when there is no room for it.
using TrialMaker =
    std::function<Result<std::unique_ptr<TrialRun>>(const TrialData& data, const Tactic& tactic, const Config& config)>;

struct SelectorOptions {
  Isa isa = Isa::scalar;
  int compute = 0;        // of a GPU: its compute capability, times ten
  TrialMaker make_trial;  // empty: on this CPU, with `threads` workers
  int threads = 1;
  SelectMode mode = SelectMode::measure;
  double budget_s = 120;            // of timing; beyond it tactics are chosen by estimate
  std::vector<std::string> forced;  // tactic names: where one of them supports the problem, only those are considered
  bool cold_weights = false;        // the network's weights do not fit the last cache: time with weights from memory
  bool keep_log = false;            // remember every verdict
  HalfUse half = HalfUse::no;
  bool same_everywhere = false;  // only rows whose bits are the same on every instruction set, where there is one
  bool tf32 = false;             // tactics that multiply in tf32 are allowed
};

struct Choice {
  const Tactic* tactic = nullptr;
  Config config;
  double seconds = 0;
  bool measured = false;  // timed here or before (cache), not estimated
};

/// What became of one tactic that was looked at.
struct Verdict {
  std::string problem, tactic, verdict;
  double seconds = 0;
};

class Selector {
 public:
  /// `tables` in order of preference; `cache` may be null. Both outlive the selector.
  Selector(std::span<const TacticTable> tables, SelectorOptions options, TacticCache* cache);

  /// The best tactic; failed when none supports the problem (the message lists why each refused) or, in frozen mode,
  /// when the cache has no answer.
  Result<Choice> choose(const Problem& problem);
  /// The best by estimate alone (or what choose() already found): costs microseconds.
  Result<Choice> guess(const Problem& problem);
  /// The best configuration by estimate of one named tactic; failed with its refusal if it does not take the problem.
  Result<Choice> only(const Problem& problem, const std::string& tactic);
  /// The same choice from now on for this problem, whatever the mode (a rebuild, or a forced node).
  Status force(const Problem& problem, const std::string& tactic, uint32_t version, const Config& config);

  /// What was timed for a problem in this build and was nearly as fast as the best, that first; of the first few also
  /// those configs that differ in what matters inside a network alone (kInNetwork). Empty where nothing was
  /// timed.
  std::vector<Choice> ways(const Problem& problem) const;
  /// One of the ways from now on, also for later builds.
  void prefer(const Problem& problem, const Choice& way);

  /// From now on; choices made under another setting are kept beside.
  void set_half(HalfUse half) { options_.half = half; }
  void set_same_everywhere(bool same) { options_.same_everywhere = same; }

  int timed() const { return timed_; }
  double timing_seconds() const { return timing_seconds_; }
  /// Problems that were chosen by estimate because the budget was used up.
  int over_budget() const { return over_budget_; }
  const std::vector<Verdict>& log() const { return log_; }
  const SelectorOptions& options() const { return options_; }

 private:
  struct Contender {
    const Tactic* tactic;
    Config config;
    double estimate;
    int order;  // position in the tables
  };
  std::string key_of(const Problem& problem) const;
  /// Why a tactic is not considered for a problem on this machine; `none` if it is.
  Refusal refuses(const Tactic& tactic, const Problem& problem) const;
  Result<std::unique_ptr<TrialRun>> make_trial(const TrialData& data, const Contender& contender);
  /// How slow the machine is just now; 1 where its own pace says nothing of the tactics'.
  double slowness();
  std::vector<Contender> contenders(const Problem& problem, std::string* refusals);
  Result<Choice> measure(const Problem& problem, const std::string& key, std::vector<Contender> contenders);
  void note(const std::string& problem, const Contender& contender, const std::string& verdict, double seconds);

  std::span<const TacticTable> tables_;
  SelectorOptions options_;
  TacticCache* cache_;
  std::unique_ptr<TaskPool> pool_;
  Pace pace_;
  std::map<std::string, Choice> chosen_, guessed_;
  std::map<std::string, std::vector<Choice>> ways_;
  std::vector<Verdict> log_;
  int timed_ = 0, over_budget_ = 0;
  double timing_seconds_ = 0;
};

}  // namespace stretto
