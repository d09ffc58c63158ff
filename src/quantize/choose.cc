#include "quantize/choose.h"

#include <fmt/format.h>

#include <algorithm>

#include "quantize/draft.h"
#include "quantize/judge.h"
#include "quantize/refine.h"

namespace stretto::quantize {
namespace {

/// A recipe and what its network's outputs have of signal to noise on the samples held out.
struct Judged {
  std::string name;
  Calibration calibration;
  Factors factors;
  Recipe draft, recipe;  // before and after refinement
  double db = 0;
};

class Chooser {
 public:
  Chooser(const ir::Graph& graph, const TypePlan& types, const Evidence& evidence, const std::string& model_sha256,
          const Prepare& prepare, const ChooseOptions& options)
      : graph_(graph),
        types_(types),
        evidence_(evidence),
        model_sha256_(model_sha256),
        prepare_(prepare),
        options_(options),
        judge_(graph, evidence.held, evidence.judged, prepare) {}

  Result<Recipe> run() {
    if (options_.calibration) {
      best_ = Judged{std::string(name_of(options_.calibration->method)), *options_.calibration, {}, {}, {}, 0};
    } else {
      STRETTO_TRY(attempt_all());
    }
    STRETTO_TRY(draft_of_all());
    STRETTO_TRY(refine_weights());
    best_->recipe.notes = std::move(notes_);
    return std::move(best_->recipe);
  }

 private:
  bool wanted(const char* step) const {
    return std::find(options_.skip.begin(), options_.skip.end(), step) == options_.skip.end();
  }

  void note(std::string line) {
    if (options_.note) options_.note(line);
    notes_.push_back(std::move(line));
  }

  /// First how channels are scaled, then how ranges are chosen.
  Status attempt_all() {
    const Calibration weighted{Method::weighted_mse};
    STRETTO_TRY(attempt("weighted_mse", weighted, {}));
    Factors best;
    if (wanted("equalise")) {
      const Equalisation ways[] = {{2, 2, 4, false}, {2, 2, 4, true}};
      Factors before;
      for (const Equalisation& way : ways) {
        Factors factors = equalising_factors(graph_, evidence_.observations, way);
        if (factors.empty() || factors == before) continue;
        const std::string name = way.clips ? "equalised through clips" : "equalised";
        STRETTO_TRY(attempt("weighted_mse, " + name, weighted, factors));
        before = std::move(factors);
      }
      best = best_->factors;
    }
    return attempt(best.empty() ? "minmax" : "minmax, the same factors", {Method::minmax}, best);
  }

  /// Keeps the draft where it is the first, or the outputs err less by it.
  Status attempt(std::string name, const Calibration& calibration, const Factors& factors) {
    Judged tried{std::move(name), calibration, factors, {}, {}, 0};
    STRETTO_ASSIGN(tried.draft, draft(tried, evidence_.observations));
    const size_t few = std::max<size_t>(1, evidence_.fit.size() / 2);
    STRETTO_ASSIGN(tried.recipe, refined(tried.draft, few, {"search_weight_scales", "round_weights"}));
    STRETTO_TRY(judge(tried));
    note(fmt::format("{}: {:.2f} dB", tried.name, tried.db));
    if (!best_ || tried.db > best_->db) best_ = std::move(tried);
    return {};
  }

  Result<Recipe> draft(const Judged& of, const Observations& observations) const {
    STRETTO_ASSIGN(Recipe made, draft_recipe(graph_, types_, observations, of.calibration, model_sha256_, of.factors));
    if (options_.edit) STRETTO_TRY(options_.edit(made));
    return made;
  }

  /// What is chosen is drafted again by all samples: those held out only had to be unseen while it was chosen.
  Status draft_of_all() {
    Observations all = evidence_.observations;
    for (const auto& [id, histogram] : evidence_.held_observations) all.at(id).merge(histogram);
    STRETTO_ASSIGN(best_->draft, draft(*best_, all));
    return {};
  }

  Status judge(Judged& tried) const {
    STRETTO_ASSIGN(const std::vector<double> decibels, judge_.decibels(tried.recipe));
    tried.db = Judge::together(decibels);
    return {};
  }

  /// By the first `count` samples, without the steps of `left_out`.
  Result<Recipe> refined(const Recipe& draft, size_t count, const std::vector<std::string>& left_out) const {
    RefineOptions how;
    how.skip = options_.skip;
    how.skip.insert(how.skip.end(), left_out.begin(), left_out.end());
    how.threads = options_.threads;
    how.means = &evidence_.means;
    const SampleTensors samples(evidence_.fit.begin(), evidence_.fit.begin() + static_cast<std::ptrdiff_t>(count));
    return refine(graph_, draft, samples, prepare_, how);
  }

  /// Steps that are wanted are taken one after the other, and stay where the outputs err less with them.
  Status refine_weights() {
    const bool scales = wanted("search_weight_scales"), rounding = wanted("round_weights");
    note("draft: " + best_->name);
    std::vector<std::string> left_out{"search_weight_scales", "round_weights"};
    STRETTO_ASSIGN(best_->recipe, refined(best_->draft, evidence_.fit.size(), left_out));
    if (!scales && !rounding) return {};
    STRETTO_TRY(judge(*best_));
    if (wanted("correct_bias")) note(fmt::format("biases corrected: {:.2f} dB", best_->db));
    if (scales) STRETTO_TRY(step("search_weight_scales", left_out));
    if (rounding) STRETTO_TRY(step("round_weights", left_out));
    return {};
  }

  Status step(const std::string& name, std::vector<std::string>& left_out) {
    std::vector<std::string> others = left_out;
    others.erase(std::remove(others.begin(), others.end(), name), others.end());
    Judged tried = *best_;
    STRETTO_ASSIGN(tried.recipe, refined(tried.draft, evidence_.fit.size(), others));
    STRETTO_TRY(judge(tried));
    const bool helps = tried.db > best_->db;
    note(fmt::format("{}: {:.2f} dB{}", name, tried.db, helps ? "" : ", left out"));
    if (!helps) return {};
    left_out = std::move(others);
    best_ = std::move(tried);
    return {};
  }

  const ir::Graph& graph_;
  const TypePlan& types_;
  const Evidence& evidence_;
  const std::string& model_sha256_;
  const Prepare& prepare_;
  const ChooseOptions& options_;
  const Judge judge_;
  std::optional<Judged> best_;
  std::vector<std::string> notes_;
};

}  // namespace

Result<Recipe> choose_recipe(const ir::Graph& graph, const TypePlan& types, const Evidence& evidence,
                             const std::string& model_sha256, const Prepare& prepare, const ChooseOptions& options) {
  if (evidence.fit.empty()) return bad_usage("calibration needs at least one sample");
  return Chooser(graph, types, evidence, model_sha256, prepare, options).run();
}

}  // namespace stretto::quantize
