#include "builder/in_network.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "builder/compile.h"
#include "builder/harness.h"
#include "runtime/gpu_executor.h"
#include "tactics/plugin_rows.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

/// Ways of a problem that are tried at most, and passes over all problems.
constexpr size_t kMostWays = 10;
constexpr int kPasses = 2;
/// A way is kept when it makes the network so much faster, twice.
constexpr double kGain = 0.9985;
/// A timing takes the best of so many rounds, each of about so many seconds and of so many runs.
constexpr int kRounds = 3;
constexpr double kRoundSeconds = 3e-3;
constexpr double kLeastRuns = 3, kMostRuns = 20;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A problem of the cover: its ways, the one in use, and the steps of the program that solve it.
struct Place {
  Problem problem;
  std::vector<Choice> ways;  // the cover's own first
  size_t used = 0;
  std::vector<size_t> steps;
};

std::vector<Place> places_of(const Cover& cover, Selector& selector) {
  std::map<std::string, size_t> known;
  std::vector<Place> places;
  for (const CoverStep& step : cover.steps) {
    if (step.is_view || !known.emplace(to_string(step.bound.problem), places.size()).second) continue;
    Place place{step.bound.problem, {step.choice}, 0, {}};
    for (const Choice& way : selector.ways(step.bound.problem)) {
      const bool is_own = way.tactic == step.choice.tactic && way.config == step.choice.config;
      if (!is_own && place.ways.size() < kMostWays) place.ways.push_back(way);
    }
    places.push_back(std::move(place));
  }
  return places;
}

const Place& place_of(const std::vector<Place>& places, const Problem& problem) {
  return *std::find_if(places.begin(), places.end(), [&](const Place& p) { return p.problem == problem; });
}

/// The network with the `number`-th way of every problem, or its last.
Cover cover_with(Cover cover, const std::vector<Place>& places, size_t number) {
  for (CoverStep& step : cover.steps) {
    if (step.is_view) continue;
    const Place& place = place_of(places, step.bound.problem);
    step.choice = place.ways[std::min(number, place.ways.size() - 1)];
  }
  return cover;
}

/// The recorded network, whose steps can be exchanged one by one.
class Network {
 public:
  /// `plan`: a program for each number of a way, all over one set of weights.
  static Result<Network> make(std::shared_ptr<const ResolvedPlan> plan) {
    Network network;
    network.plan_ = std::move(plan);
    STRETTO_ASSIGN(network.executor_, GpuExecutor::create(network.plan_, 0));
    network.steps_ = network.executor_->steps();
    uint64_t scratch = 0;
    for (const auto& program : network.plan_->programs) {
      for (const ResolvedStep& step : program) scratch = std::max<uint64_t>(scratch, step.booking.scratch_bytes);
    }
    STRETTO_ASSIGN(network.scratch_, GpuMemory::on_gpu(network.executor_->gpu(), scratch));
    return network;
  }

  const std::vector<StrettoStep>& steps() const { return steps_; }
  /// Steps as they are, those of `numbers` replaced by what program `way` does there.
  std::vector<StrettoStep> with(const std::vector<size_t>& numbers, size_t way) const {
    std::vector<StrettoStep> steps = steps_;
    for (size_t i : numbers) {
      const plan::Step& from = plan_->plan->programs[way].steps[i];
      StrettoStep& to = steps[i];
      to.row = plugin_row(*plan_->programs[way][i].tactic);
      std::copy(from.config.v.begin(), from.config.v.end(), to.config.v);
      to.weights = plan_->gpu_weights.data() + from.weights_offset;
      to.scratch = scratch_.data();
    }
    return steps;
  }
  void take(std::vector<StrettoStep> steps) { steps_ = std::move(steps); }

  /// Seconds of a run.
  Result<double> time(const std::vector<StrettoStep>& steps) {
    STRETTO_ASSIGN(const GpuGraph graph, GpuGraph::record(executor_->gpu(), steps));
    Gpu& gpu = *executor_->gpu();
    STRETTO_ASSIGN(double best, gpu.time(graph.get(), 1));
    const int runs = static_cast<int>(std::clamp(kRoundSeconds / best, kLeastRuns, kMostRuns));
    for (int round = 0; round < kRounds; ++round) {
      STRETTO_ASSIGN(const double seconds, gpu.time(graph.get(), runs));
      best = round == 0 ? seconds : std::min(best, seconds);
    }
    return best;
  }

 private:
  std::shared_ptr<const ResolvedPlan> plan_;
  std::unique_ptr<GpuExecutor> executor_;
  GpuMemory scratch_;
  std::vector<StrettoStep> steps_;
};

Result<std::shared_ptr<const ResolvedPlan>> compile_ways(const ir::Graph& graph, const Cover& cover,
                                                         const std::vector<Place>& places, Selector& selector,
                                                         const Gpu& gpu) {
  size_t most = 0;
  for (const Place& place : places) most = std::max(most, place.ways.size());
  auto plan = std::make_shared<plan::Plan>();
  plan::WeightsPool pool;
  for (size_t number = 0; number < most; ++number) {
    const Cover other = cover_with(cover, places, number);
    STRETTO_ASSIGN(plan::Program program, compile_program(graph, other, selector, pool));
    plan->programs.push_back(std::move(program));
  }
  std::move(pool).give_to(*plan);
  set_device(*plan, &gpu);
  return resolve_on(&gpu, plan);
}

}  // namespace

Result<int> choose_in_network(const ir::Graph& graph, Cover& cover, Selector& selector, const Gpu& gpu,
                              const InNetworkOptions& options) {
  const auto start = Clock::now();
  std::vector<Place> places = places_of(cover, selector);
  int total = 0;
  for (const Place& place : places) total += kPasses * static_cast<int>(place.ways.size() - 1);
  if (total == 0) return 0;
  STRETTO_ASSIGN(auto plan, compile_ways(graph, cover, places, selector, gpu));
  for (Place& place : places) {
    const std::vector<plan::Step>& steps = plan->plan->programs[0].steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].problem == place.problem) place.steps.push_back(i);
    }
  }
  STRETTO_ASSIGN(Network network, Network::make(plan));
  STRETTO_ASSIGN(double best, network.time(network.steps()));
  int done = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (Place& place : places) {
      for (size_t way = 0; way < place.ways.size(); ++way) {
        if (way == place.used) continue;
        if (seconds_since(start) > options.budget_s) break;
        if (options.progress) options.progress(std::min(++done, total), total);
        std::vector<StrettoStep> steps = network.with(place.steps, way);
        STRETTO_ASSIGN(double seconds, network.time(steps));
        if (seconds >= kGain * best) continue;
        // Once more, against the network as it is at this moment.
        STRETTO_ASSIGN(const double before, network.time(network.steps()));
        STRETTO_ASSIGN(seconds, network.time(steps));
        best = before;
        if (seconds >= kGain * before) continue;
        best = seconds;
        network.take(std::move(steps));
        place.used = way;
      }
    }
  }
  int changed = 0;
  for (const Place& place : places) {
    if (place.used == 0) continue;
    ++changed;
    selector.prefer(place.problem, place.ways[place.used]);
  }
  for (CoverStep& step : cover.steps) {
    if (step.is_view) continue;
    const Place& place = place_of(places, step.bound.problem);
    step.choice = place.ways[place.used];
  }
  return changed;
}

}  // namespace stretto
