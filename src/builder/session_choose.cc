// The stage that chooses: covers by time, then whole plans against each other.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "builder/compile.h"
#include "builder/error_stats.h"
#include "builder/session.h"
#include "builder/session_stages.h"

namespace stretto {
namespace {

/// Whole plans are timed in turns, this many rounds of at least so many seconds.
constexpr int kPlanRounds = 5;
constexpr double kPlanRoundSeconds = 0.03;
/// A plan with f16 values whose outputs are farther than this from the first plan's might be refused when it is
/// verified.
constexpr double kFarthestPlan = 0.9 * kHalfTolerance;
/// A later plan must be so much faster than an earlier one to be taken.
constexpr double kPlanGain = 0.98;
/// Reformat costs multiplied by these give the whole plans that are timed against each other.
constexpr double kReformatWeights[] = {1, 3};

/// The largest max|y − r| / max|r| of the f32 outputs of two plans that ran on the same inputs.
double distance(const Harness& y, const Harness& r) {
  double largest = 0;
  for (size_t i = 0; i < y.program().outputs.size(); ++i) {
    if (y.output(i).dtype() != DType::f32) continue;
    largest = std::max(largest, compare_tensors(y.output(i).as<float>(), r.output(i).as<float>()).relative);
  }
  return largest;
}

std::string signature_of(const Cover& cover) {
  std::string text;
  for (const CoverStep& step : cover.steps) {
    text += std::to_string(step.candidate.root()) + (step.is_view ? "v" : step.choice.tactic->name) +
            (step.is_view ? std::string(name_of(step.view.input)) : to_string(step.bound.problem)) + "|";
  }
  return text;
}

}  // namespace

Result<size_t> BuildSession::fastest(const Variant& variant, const std::vector<Proposal>& proposals) {
  std::vector<Harness> harnesses;
  for (const Proposal& proposal : proposals) {
    auto plan = std::make_shared<plan::Plan>();
    plan::WeightsPool pool;
    const ir::Graph& graph = proposal.narrow ? *variant.quantised : variant.graph;
    STRETTO_ASSIGN(plan::Program program, compile_program(graph, proposal.cover, *selector_, pool));
    plan->programs.push_back(std::move(program));
    std::move(pool).give_to(*plan);
    STRETTO_ASSIGN(auto resolved, resolve(plan));
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, threads_));
    harness.set_inputs(random_sample(harness.program(), 1));
    harness.run();
    harnesses.push_back(std::move(harness));
  }
  std::vector<size_t> near;
  for (size_t i = 0; i < proposals.size(); ++i) {
    const double off = proposals[i].narrow == proposals[0].narrow ? distance(harnesses[i], harnesses[0]) : 0;
    if (off <= kFarthestPlan) {
      near.push_back(i);
    } else {
      report_.notes.push_back(
          fmt::format("a plan with values in f16 was not considered: its outputs are {:.1e} from FP32's, and at most "
                      "{:.1e} is taken",
                      off, kFarthestPlan));
    }
  }
  // In turns, so that a slow moment of the machine meets all of them.
  std::vector<double> best(proposals.size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < kPlanRounds; ++round) {
    for (size_t i : near) {
      best[i] = std::min(best[i], harnesses[i].time_runs(kPlanRoundSeconds, 1000));
    }
  }
  size_t fastest = 0;
  for (size_t i = 1; i < proposals.size(); ++i) {
    if (best[i] < kPlanGain * best[fastest]) fastest = i;
  }
  return fastest;
}

std::vector<Layout> BuildSession::blocked_layouts() const {
  std::vector<Layout> layouts = blocked_;
  if (selector_->options().half == HalfUse::no) std::erase(layouts, Layout::c32h);
  return layouts;
}

Result<BuildSession::Proposal> BuildSession::best_proposal(int number) {
  Variant& variant = variants_[static_cast<size_t>(number)];
  if (recorded_) {
    const bool narrow = variant.quantised && recorded_->is_narrow(number);
    const ir::Graph& graph = narrow ? *variant.quantised : variant.graph;
    STRETTO_ASSIGN(Cover cover, recorded_->cover_of(number, graph, *selector_, blocked_));
    return Proposal{narrow, std::move(cover)};
  }
  CoverOptions cover_options;
  for (const std::string& forced : options_.force_tactics) {
    size_t at = forced.rfind('=');
    if (at != std::string::npos) cover_options.node_tactics.emplace_back(forced.substr(0, at), forced.substr(at + 1));
  }
  const double begun = variant.quantised ? kCalibrated : kOptimised;
  double span = (kChosen - begun) / static_cast<double>(variants_.size());
  double base = begun + span * number;
  cover_options.progress = [&](int done, int total, const Problem& problem) {
    progress("time tactics", base + span * 0.9 * done / std::max(total, 1),
             std::string(op::display_name(problem.nodes[0].attrs)) + " → " + to_string(problem.output().type) + " (" +
                 std::to_string(done + 1) + " of " + std::to_string(total) + ")");
  };
  std::vector<Proposal> proposals;
  auto search = [&](bool narrow, double weight) -> Result<size_t> {
    cover_options.reformat_weight = weight;
    cover_options.blocked = blocked_layouts();
    const ir::Graph& graph = narrow ? *variant.quantised : variant.graph;
    STRETTO_ASSIGN(Cover cover, choose_cover(graph, *selector_, cover_options));
    const auto same = [&](const Proposal& other) {
      return other.narrow == narrow && signature_of(other.cover) == signature_of(cover);
    };
    const auto found = std::find_if(proposals.begin(), proposals.end(), same);
    const auto at = static_cast<size_t>(found - proposals.begin());
    if (found == proposals.end()) proposals.push_back({narrow, std::move(cover)});
    return at;
  };
  const bool narrow = variant.quantised.has_value();
  for (double weight : kReformatWeights) {
    STRETTO_TRY(search(narrow, weight).status());
    if (options_.selection != Selection::measure) return std::move(proposals[0]);
  }
  if (const HalfUse half = selector_->options().half; half == HalfUse::allowed) {
    // The plan without rounded values stands first: it must be beaten as a whole.
    selector_->set_half(HalfUse::no);
    STRETTO_ASSIGN(const size_t full, search(false, kReformatWeights[0]));
    selector_->set_half(half);
    std::swap(proposals[0], proposals[full]);
  }
  // Integers must not make a network slower, unless they were decided already: by a recipe that was read, or by will.
  const bool decided = options_.obey_types || options_.calibration.empty();
  if (narrow && !decided) STRETTO_TRY(search(false, kReformatWeights[0]).status());
  if (proposals.size() == 1) return std::move(proposals[0]);
  STRETTO_ASSIGN(size_t chosen, fastest(variant, proposals));
  return std::move(proposals[chosen]);
}

Status BuildSession::choose() {
  for (size_t i = 0; i < variants_.size(); ++i) {
    STRETTO_ASSIGN(Proposal best, best_proposal(static_cast<int>(i)));
    variants_[i].narrow = best.narrow;
    variants_[i].cover = std::move(best.cover);
  }
  if (selector_->over_budget() > 0) {
    report_.notes.push_back("the time budget was used up: " + std::to_string(selector_->over_budget()) +
                            " tactics were chosen by estimate; --time-budget gives more");
  }
  progress("time tactics", kChosen);
  return {};
}

}  // namespace stretto
