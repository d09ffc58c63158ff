// The stage that chooses: covers by time, then whole plans against each other.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "builder/compile.h"
#include "builder/error_stats.h"
#include "builder/in_network.h"
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

Result<BuildSession::Timed> BuildSession::fastest(const Variant& variant, const std::vector<Proposal>& proposals) {
  std::vector<Harness> harnesses;
  for (const Proposal& proposal : proposals) {
    STRETTO_ASSIGN(auto resolved, compile_alone(variant.graph_of(proposal), proposal.cover, *selector_, gpu_.get()));
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, threads_));
    harness.set_inputs(random_sample(harness.program(), 1));
    harness.run();
    harnesses.push_back(std::move(harness));
  }
  std::vector<size_t> near;
  for (size_t i = 0; i < proposals.size(); ++i) {
    const double off = proposals[i].quantised == proposals[0].quantised ? distance(harnesses[i], harnesses[0]) : 0;
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
  return Timed{fastest, std::move(best)};
}

std::vector<Layout> BuildSession::blocked_layouts() const {
  std::vector<Layout> layouts = blocked_;
  if (selector_->options().half == HalfUse::no) std::erase_if(layouts, [](Layout l) { return is_half(l); });
  return layouts;
}

Result<BuildSession::Proposal> BuildSession::recorded_proposal(int number) {
  const Variant& variant = variants_[static_cast<size_t>(number)];
  Proposal proposal;
  if (variant.quantised && recorded_->is_narrow(number)) {
    STRETTO_ASSIGN(const std::vector<std::string> wide, recorded_->wide_layers(number));
    std::set<std::string> names;
    for (ir::NodeId id : variant.optimised.topological_order()) names.insert(variant.optimised.node(id).name);
    for (const std::string& name : wide) {
      if (!names.contains(name)) return bad_input("choices do not fit the model: there is no layer '" + name + "'");
      proposal.by_time[name] = {name, "int8", "fp32", "as the choices say"};
    }
    STRETTO_ASSIGN(proposal.quantised, quantised_with(variant, proposal.by_time));
  }
  STRETTO_ASSIGN(proposal.cover, recorded_->cover_of(number, variant.graph_of(proposal), *selector_, blocked_));
  return proposal;
}

Result<Cover> BuildSession::search_cover(const ir::Graph& graph, double reformat_weight) {
  CoverOptions options;
  for (const std::string& forced : options_.force_tactics) {
    size_t at = forced.rfind('=');
    if (at != std::string::npos) options.node_tactics.emplace_back(forced.substr(0, at), forced.substr(at + 1));
  }
  options.progress = [&](int done, int total, const Problem& problem) {
    progress("time tactics", choosing_from_ + (choosing_to_ - choosing_from_) * 0.9 * done / std::max(total, 1),
             std::string(op::display_name(problem.nodes[0].attrs)) + " → " + to_string(problem.output().type) + " (" +
                 std::to_string(done + 1) + " of " + std::to_string(total) + ")");
  };
  options.reformat_weight = reformat_weight;
  options.blocked = blocked_layouts();
  selector_->set_same_everywhere(multiplies_integers_alone(graph));
  auto cover = choose_cover(graph, *selector_, options);
  selector_->set_same_everywhere(false);
  return cover;
}

Result<BuildSession::Proposal> BuildSession::best_proposal(int number) {
  const Variant& variant = variants_[static_cast<size_t>(number)];
  if (recorded_) return recorded_proposal(number);
  std::vector<Proposal> proposals;
  const auto add = [&](Proposal proposal) {
    const auto same = [&](const Proposal& other) {
      return other.quantised == proposal.quantised && signature_of(other.cover) == signature_of(proposal.cover);
    };
    const auto found = std::find_if(proposals.begin(), proposals.end(), same);
    const auto at = static_cast<size_t>(found - proposals.begin());
    if (found == proposals.end()) proposals.push_back(std::move(proposal));
    return at;
  };
  for (double weight : kReformatWeights) {
    const ir::Graph& graph = variant.quantised ? *variant.quantised : variant.graph;
    STRETTO_ASSIGN(Cover cover, search_cover(graph, weight));
    add({variant.quantised, {}, std::move(cover)});
    if (options_.selection != Selection::measure) return std::move(proposals[0]);
  }
  if (const HalfUse half = selector_->options().half; half == HalfUse::allowed) {
    // The plan without rounded values stands first: it must be beaten as a whole.
    selector_->set_half(HalfUse::no);
    STRETTO_ASSIGN(Cover cover, search_cover(variant.graph, kReformatWeights[0]));
    selector_->set_half(half);
    const size_t full = add({nullptr, {}, std::move(cover)});
    std::swap(proposals[0], proposals[full]);
  }
  // Integers must not make a network slower, unless they were decided already: by a recipe that was read, or by will.
  std::optional<size_t> real;
  if (variant.quantised && !options_.obey_types && !types_are_literal()) {
    STRETTO_ASSIGN(Cover wide, search_cover(variant.graph, kReformatWeights[0]));
    STRETTO_ASSIGN(std::vector<Proposal> mixed, mixed_proposals(variant, proposals[0].cover, wide));
    for (Proposal& proposal : mixed) add(std::move(proposal));
    real = add({nullptr, {}, std::move(wide)});
  }
  if (proposals.size() == 1) return std::move(proposals[0]);
  STRETTO_ASSIGN(const Timed timed, fastest(variant, proposals));
  Proposal& chosen = proposals[timed.fastest];
  if (real == timed.fastest) {
    const double narrow =
        *std::min_element(timed.seconds.begin(), timed.seconds.begin() + static_cast<ptrdiff_t>(*real));
    chosen.by_time = all_real(variant, timed.seconds[*real], narrow);
  }
  return std::move(chosen);
}

Status BuildSession::choose_inside(const Variant& variant, Proposal& proposal) {
  if (!gpu_ || recorded_ || options_.selection != Selection::measure) return {};
  InNetworkOptions options;
  options.progress = [&](int done, int total) {
    progress("time in the network", choosing_from_ + (choosing_to_ - choosing_from_) * (0.9 + 0.1 * done / total),
             std::to_string(done) + " of " + std::to_string(total) + " other ways");
  };
  return choose_in_network(variant.graph_of(proposal), proposal.cover, *selector_, *gpu_, options).status();
}

Status BuildSession::choose() {
  for (size_t i = 0; i < variants_.size(); ++i) {
    const double from = choosing_from_, to = choosing_to_, count = static_cast<double>(variants_.size());
    choosing_from_ = from + (to - from) * static_cast<double>(i) / count;
    choosing_to_ = from + (to - from) * static_cast<double>(i + 1) / count;
    auto best = best_proposal(static_cast<int>(i));
    choosing_from_ = from;
    choosing_to_ = to;
    if (!best.ok()) return best.status();
    STRETTO_TRY(choose_inside(variants_[i], *best));
    variants_[i].chosen = std::move(*best);
  }
  progress("time tactics", choosing_to_);
  return {};
}

}  // namespace stretto
