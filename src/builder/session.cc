#include "builder/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "builder/compile.h"
#include "builder/error_stats.h"
#include "builder/input_set.h"
#include "builder/reference.h"
#include "builder/sha256.h"
#include "builder/split_moves.h"
#include "builder/verify.h"
#include "kernels/cpu/tables.h"
#include "passes/pipeline.h"
#include "ref/ref.h"
#include "samples/preprocess.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;

/// A plan whose output is farther from the reference than this (max|y − r| / max|r|) is not written.
constexpr double kTolerance = 1e-4, kHalfTolerance = 5e-3;
/// Whole plans are timed in turns, this many rounds of at least so many seconds.
constexpr int kPlanRounds = 5;
constexpr double kPlanRoundSeconds = 0.03;
/// A plan with f16 values whose outputs are farther than this from the first plan's might be refused when it is
/// verified.
constexpr double kFarthestPlan = 0.9 * kHalfTolerance;
/// A later plan must be so much faster than an earlier one to be taken.
constexpr double kPlanGain = 0.98;
/// How long the finished plan is run for the times that it carries.
constexpr double kStepSeconds = 0.2;
/// At most so many given samples are verified, beside a random one.
constexpr int kGivenSamples = 4;
/// Reformat costs multiplied by these give the whole plans that are timed against each other.
constexpr double kReformatWeights[] = {1, 3};

/// Shares of the whole build, for progress.
constexpr double kImported = 0.02, kOptimised = 0.04, kChosen = 0.8, kCompiled = 0.85, kTimed = 0.9;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int64_t weight_bytes(const ir::Graph& graph) {
  int64_t sum = 0;
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    if (graph.value(id).is_constant()) sum += static_cast<int64_t>(graph.value(id).constant.bytes());
  }
  return sum;
}

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

BuildSession::BuildSession(const std::string& model, const BuildOptions& options)
    : model_(model), options_(options), start_(Clock::now()) {}

double BuildSession::elapsed() const {
  return seconds_since(start_);
}

void BuildSession::progress(const char* stage, double fraction, const std::string& detail) {
  if (!options_.progress) return;
  if (fraction < 1 && seconds_since(last_progress_) < 0.1) return;
  last_progress_ = Clock::now();
  double remaining = fraction > 0.02 ? elapsed() * (1 - fraction) / fraction : 0;
  options_.progress({stage, fraction, remaining, detail});
}

Status BuildSession::check_options() {
  if (options_.precision == Precision::int8 && options_.calibration.empty()) {
    return bad_usage("int8 needs calibration samples: give a folder with --calib");
  }
  if (options_.precision != Precision::fp32 && options_.precision != Precision::fp16)
    return failed("this version builds fp32 and fp16 plans: leave --precision out, or give fp16");
  if (options_.device != "cpu") {
    return failed("device '" + options_.device + "' is not available: this version has the CPU only, use --device cpu");
  }
  isa_ = best_isa();
  if (!options_.isa.empty()) {
    auto wanted = isa_from_name(options_.isa);
    if (!wanted) {
      return bad_usage("'" + options_.isa + "' is no instruction set: scalar, avx2, avx_vnni, avx512, avx512_vnni, …");
    }
    if (!cpu_has(*wanted))
      return failed("this CPU has no " + options_.isa + ": its best is " + std::string(name_of(isa_)));
    isa_ = *wanted;
  }
  if (options_.threads < 0 || options_.threads > 256) return bad_usage("--threads must lie between 1 and 256");
  threads_ = options_.threads > 0 ? options_.threads : usable_cpus();
  if (contains(isa_, Isa::avx512)) {
    blocked_ = {Layout::c16};
  } else if (contains(isa_, Isa::avx2)) {
    blocked_ = {Layout::c8};
    if (options_.precision == Precision::int8) blocked_.push_back(Layout::c16);
  }
  if (contains(isa_, Isa::avx512_fp16)) blocked_.push_back(Layout::c32h);
  if (!options_.preprocess.empty()) STRETTO_TRY(samples::parse_preprocessing(options_.preprocess).status());
  if (options_.batch < 0) return bad_usage("--batch must be positive");
  return {};
}

Status BuildSession::import() {
  STRETTO_ASSIGN(sha256_, sha256_of_file(model_));
  STRETTO_ASSIGN(onnx::Model model, onnx::Model::read(model_));
  std::vector<ShapeSet> sets = options_.shapes;
  if (sets.empty()) sets.emplace_back();
  for (const ShapeSet& set : sets) {
    onnx::ImportOptions import_options;
    import_options.batch = options_.batch;
    import_options.evaluate = ref::evaluate;
    for (const auto& [name, dims] : set) {
      if (dims.size() > kMaxRank) return bad_usage("--shape " + name + ": at most 8 dimensions");
      Dims shape;
      for (int64_t d : dims) shape.push_back(d);
      import_options.shapes.emplace_back(name, shape);
    }
    STRETTO_ASSIGN(onnx::ImportedGraph imported, model.import(import_options));
    for (const std::string& note : imported.notes) {
      if (std::find(report_.notes.begin(), report_.notes.end(), note) == report_.notes.end()) {
        report_.notes.push_back(note);
      }
    }
    Variant variant;
    variant.as_written = imported.graph;
    variant.graph = std::move(imported.graph);
    variants_.push_back(std::move(variant));
  }
  progress("import", kImported);
  return {};
}

Status BuildSession::optimise() {
  passes::OptimiseOptions pass_options;
  pass_options.skip = options_.skip_passes;
  nlohmann::ordered_json applied = nlohmann::ordered_json::array();
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(std::vector<passes::PassReport> reports, passes::optimise(variant.graph, pass_options));
    if (!blocked_.empty()) STRETTO_TRY(split_moves(variant.graph).status());
    for (const passes::PassReport& pass : reports) {
      if (pass.rewrites > 0) applied.push_back({{"pass", pass.name}, {"rewrites", pass.rewrites}});
    }
  }
  details_ = applied.dump();
  progress("optimise", kOptimised);
  return {};
}

Status BuildSession::open_selector() {
  std::string path = options_.tactic_cache.empty() ? default_tactic_cache_path() : options_.tactic_cache;
  if (path == "none") path.clear();
  bool cold = weight_bytes(variants_[0].graph) > cache_bytes(3);
  std::string machine = cpu_model() + "|" + std::string(name_of(isa_)) + "|" + std::to_string(threads_) +
                        (cold ? "|weights from memory" : "|weights from cache");
  bool wants_cache = options_.selection != Selection::heuristic && options_.tactics.empty();
  if (wants_cache && !path.empty()) {
    cache_ = std::make_unique<TacticCache>(path, machine);
    STRETTO_TRY(cache_->load());
  }
  SelectorOptions selector_options;
  selector_options.isa = isa_;
  selector_options.threads = threads_;
  selector_options.cold_weights = cold;
  selector_options.budget_s = options_.time_budget_s;
  selector_options.keep_log = options_.list_tactics;
  if (options_.precision == Precision::fp16) {
    selector_options.half = options_.obey_types ? HalfUse::wanted : HalfUse::allowed;
  }
  selector_options.mode = options_.selection == Selection::heuristic ? SelectMode::heuristic
                          : options_.selection == Selection::frozen  ? SelectMode::frozen
                                                                     : SelectMode::measure;
  if (!options_.tactics.empty()) selector_options.mode = SelectMode::heuristic;
  for (const std::string& forced : options_.force_tactics) {
    if (forced.find('=') != std::string::npos) continue;
    if (find_tactic(forced) == nullptr)
      return bad_usage("tactic '" + forced + "' is unknown: --list-tactics shows all");
    selector_options.forced.push_back(forced);
  }
  selector_ = std::make_unique<Selector>(cpu_tactic_tables(), selector_options, cache_.get());
  if (!options_.tactics.empty()) {
    STRETTO_ASSIGN(recorded_, Choices::read(options_.tactics));
    if (recorded_->model() != sha256_) {
      return bad_input("choices '" + options_.tactics + "' were made for another model (SHA-256 differs)");
    }
  }
  return {};
}

Result<size_t> BuildSession::fastest(const Variant& variant, const std::vector<Cover>& covers) {
  std::vector<Harness> harnesses;
  for (const Cover& cover : covers) {
    auto plan = std::make_shared<plan::Plan>();
    plan::WeightsPool pool;
    STRETTO_ASSIGN(plan::Program program, compile_program(variant.graph, cover, *selector_, pool));
    plan->programs.push_back(std::move(program));
    std::move(pool).give_to(*plan);
    STRETTO_ASSIGN(auto resolved, resolve(plan));
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, threads_));
    harness.set_inputs(random_sample(harness.program(), 1));
    harness.run();
    harnesses.push_back(std::move(harness));
  }
  std::vector<size_t> near;
  for (size_t i = 0; i < covers.size(); ++i) {
    const double off = distance(harnesses[i], harnesses[0]);
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
  std::vector<double> best(covers.size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < kPlanRounds; ++round) {
    for (size_t i : near) {
      best[i] = std::min(best[i], harnesses[i].time_runs(kPlanRoundSeconds, 1000));
    }
  }
  size_t fastest = 0;
  for (size_t i = 1; i < covers.size(); ++i) {
    if (best[i] < kPlanGain * best[fastest]) fastest = i;
  }
  return fastest;
}

std::vector<Layout> BuildSession::blocked_layouts() const {
  std::vector<Layout> layouts = blocked_;
  if (selector_->options().half == HalfUse::no) std::erase(layouts, Layout::c32h);
  return layouts;
}

Result<Cover> BuildSession::best_cover(int number) {
  Variant& variant = variants_[static_cast<size_t>(number)];
  if (recorded_) return recorded_->cover_of(number, variant.graph, *selector_, blocked_);
  CoverOptions cover_options;
  for (const std::string& forced : options_.force_tactics) {
    size_t at = forced.rfind('=');
    if (at != std::string::npos) cover_options.node_tactics.emplace_back(forced.substr(0, at), forced.substr(at + 1));
  }
  double span = (kChosen - kOptimised) / static_cast<double>(variants_.size());
  double base = kOptimised + span * number;
  cover_options.progress = [&](int done, int total, const Problem& problem) {
    progress("time tactics", base + span * 0.9 * done / std::max(total, 1),
             std::string(op::display_name(problem.nodes[0].attrs)) + " → " + to_string(problem.output().type) + " (" +
                 std::to_string(done + 1) + " of " + std::to_string(total) + ")");
  };
  std::vector<Cover> covers;
  auto search = [&](double weight) -> Result<size_t> {
    cover_options.reformat_weight = weight;
    cover_options.blocked = blocked_layouts();
    STRETTO_ASSIGN(Cover cover, choose_cover(variant.graph, *selector_, cover_options));
    const auto same = [&](const Cover& other) { return signature_of(other) == signature_of(cover); };
    const auto found = std::find_if(covers.begin(), covers.end(), same);
    const auto at = static_cast<size_t>(found - covers.begin());
    if (found == covers.end()) covers.push_back(std::move(cover));
    return at;
  };
  for (double weight : kReformatWeights) {
    STRETTO_TRY(search(weight).status());
    if (options_.selection != Selection::measure) return std::move(covers[0]);
  }
  if (const HalfUse half = selector_->options().half; half == HalfUse::allowed) {
    // The plan without rounded values stands first: it must be beaten as a whole.
    selector_->set_half(HalfUse::no);
    STRETTO_ASSIGN(const size_t full, search(kReformatWeights[0]));
    selector_->set_half(half);
    std::swap(covers[0], covers[full]);
  }
  if (covers.size() == 1) return std::move(covers[0]);
  STRETTO_ASSIGN(size_t chosen, fastest(variant, covers));
  return std::move(covers[chosen]);
}

Status BuildSession::choose() {
  for (size_t i = 0; i < variants_.size(); ++i) {
    STRETTO_ASSIGN(variants_[i].cover, best_cover(static_cast<int>(i)));
  }
  if (selector_->over_budget() > 0) {
    report_.notes.push_back("the time budget was used up: " + std::to_string(selector_->over_budget()) +
                            " tactics were chosen by estimate; --time-budget gives more");
  }
  progress("time tactics", kChosen);
  return {};
}

Status BuildSession::compile() {
  plan_ = std::make_shared<plan::Plan>();
  plan::WeightsPool pool;
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(plan::Program program, compile_program(variant.graph, variant.cover, *selector_, pool));
    if (options_.memory_limit_bytes > 0) {
      uint64_t needed = program.arena_bytes + program.worker_scratch_bytes * static_cast<uint64_t>(threads_);
      if (needed > options_.memory_limit_bytes) {
        return failed("the plan needs " + std::to_string(needed >> 20) + " MiB of activations and scratch, more than " +
                      "--memory allows (" + std::to_string(options_.memory_limit_bytes >> 20) + " MiB)");
      }
    }
    for (const plan::Step& step : program.steps) {
      const Tactic* tactic = find_tactic(step.tactic, step.tactic_version);
      if (!contains(plan_->required_isa, tactic->isa)) plan_->required_isa = tactic->isa;
      half_ = half_ || is_half(step.problem, tactic);
    }
    plan_->programs.push_back(std::move(program));
  }
  if (cache_) {  // copies that only compiling asks for were timed as well
    Status saved = cache_->save();
    if (!saved.ok()) report_.notes.push_back(saved.message());
  }
  std::move(pool).give_to(*plan_);
  plan_->preprocess.spec = options_.preprocess;
  plan_->report.model = std::filesystem::path(model_).filename().string();
  plan_->report.model_sha256 = sha256_;
  plan_->report.precision = half_ ? "fp16" : "fp32";
  if (options_.precision == Precision::fp16 && !half_) {
    report_.notes.push_back("fp16 was allowed, and no layer is faster with it here: the plan is fp32");
  }
  plan_->report.device = "cpu";
  plan_->report.threads = static_cast<uint32_t>(threads_);
  STRETTO_TRY(plan::verify(*plan_));
  STRETTO_ASSIGN(resolved_, resolve(plan_));
  progress("compile", kCompiled);
  return {};
}

Status BuildSession::time_steps() {
  plan_->times.machine = cpu_model();
  for (size_t p = 0; p < plan_->programs.size(); ++p) {
    STRETTO_ASSIGN(Harness harness, Harness::create(resolved_, static_cast<int>(p), threads_));
    harness.set_inputs(random_sample(harness.program(), 1));
    harness.run();
    std::vector<float> step_ms;
    for (double s : harness.time_steps(kStepSeconds, 20)) step_ms.push_back(static_cast<float>(s * 1e3));
    plan_->times.step_ms.push_back(std::move(step_ms));
    plan_->times.total_ms.push_back(static_cast<float>(harness.time_runs(kStepSeconds, 50) * 1e3));
  }
  progress("time plans", kTimed);
  return {};
}

Result<std::vector<SampleInputs>> BuildSession::samples_for(const plan::Program& program) const {
  std::vector<SampleInputs> samples = {random_sample(program, 11)};
  if (options_.verify_input.empty()) return samples;
  STRETTO_ASSIGN(InputSet set, InputSet::open(options_.verify_input, program, options_.preprocess));
  STRETTO_ASSIGN(std::vector<SampleInputs> given, read_batches(set, program, kGivenSamples));
  for (SampleInputs& sample : given) samples.push_back(std::move(sample));
  return samples;
}

Status BuildSession::verify() {
  const double tolerance = half_ ? kHalfTolerance : kTolerance;
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (size_t i = 0; i < variants_.size() && options_.verify; ++i) {
    progress("verify", kTimed + (1 - kTimed) * static_cast<double>(i) / static_cast<double>(variants_.size()));
    auto start = Clock::now();
    STRETTO_ASSIGN(auto reference, compile_reference(variants_[i].as_written, threads_));
    STRETTO_ASSIGN(auto resolved_reference, resolve(reference));
    STRETTO_ASSIGN(std::vector<SampleInputs> samples, samples_for(plan_->programs[i]));
    STRETTO_ASSIGN(Verification found,
                   verify_plan(resolved_, static_cast<int>(i), resolved_reference, samples, threads_, tolerance));
    report_.verify_s += seconds_since(start);
    for (const OutputError& e : found.errors) {
      errors.push_back({{"program", i}, {"output", e.name}, {"relative", e.relative}, {"cosine", e.cosine}});
      report_.errors.push_back(e);
    }
    if (!found.wrong_step.empty()) {
      double worst = 0;
      for (const OutputError& e : found.errors) worst = std::max(worst, e.relative);
      char text[64];
      std::snprintf(text, sizeof text, "%.3g (at most %.0e is allowed)", worst, tolerance);
      return failed("verification: the plan is off by " + std::string(text) + "; the first " + "wrong step is " +
                    found.wrong_step + ": force another tactic for it and report this model");
    }
  }
  plan_->report.details =
      "{\"passes\":" + details_ + ",\"verified\":" + errors.dump() + ",\"notes\":" +
      nlohmann::ordered_json(report_.notes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "}";
  return {};
}

Status BuildSession::write_choices() {
  if (options_.log_tactics.empty()) return {};
  Choices choices(sha256_);
  for (size_t i = 0; i < variants_.size(); ++i) {
    choices.add(static_cast<int>(i), variants_[i].graph, variants_[i].cover, plan_->programs[i]);
  }
  return choices.write(options_.log_tactics);
}

Status BuildSession::run() {
  STRETTO_TRY(check_options());
  STRETTO_TRY(import());
  STRETTO_TRY(optimise());
  STRETTO_TRY(open_selector());
  STRETTO_TRY(choose());
  STRETTO_TRY(compile());
  STRETTO_TRY(time_steps());
  STRETTO_TRY(verify());
  return write_choices();
}

std::shared_ptr<const Plan::Impl> BuildSession::finish() {
  auto impl = std::make_shared<Plan::Impl>();
  report_.model = model_;
  report_.device = plan_->report.device;
  report_.precision = plan_->report.precision;
  report_.timed_tactics = selector_->timed();
  report_.weights_bytes = plan_->weights.size();
  for (size_t p = 0; p < plan_->programs.size(); ++p) {
    const plan::Program& program = plan_->programs[p];
    report_.activation_bytes = std::max<size_t>(report_.activation_bytes, program.arena_bytes);
    for (size_t i = 0; i < program.steps.size(); ++i) {
      const plan::Step& step = program.steps[i];
      LayerReport layer;
      layer.name = step.name;
      layer.op = op::display_name(step.problem.nodes[0].attrs);
      layer.tactic = step.tactic;
      layer.precision = precision_of(step.problem, find_tactic(step.tactic, step.tactic_version));
      layer.layout = name_of(step.problem.output().layout);
      layer.time_ms = plan_->times.step_ms[p][i];
      layer.gflop = step.problem.flops() * 1e-9;
      layer.weights_bytes = step.weights_bytes;
      report_.layers.push_back(std::move(layer));
    }
  }
  std::map<std::string, std::string> users;  // names of the steps that solve a problem
  for (const plan::Program& program : plan_->programs) {
    for (const plan::Step& step : program.steps) {
      std::string& names = users[to_string(step.problem)];
      names += (names.empty() ? "" : ", ") + step.name;
    }
  }
  for (const Verdict& verdict : selector_->log()) {
    report_.tactics.push_back(
        {users[verdict.problem], verdict.problem, verdict.tactic, verdict.verdict, verdict.seconds * 1e3});
  }
  report_.plan_bytes = plan::serialize(*plan_).size();
  report_.build_s = elapsed();
  progress("done", 1);
  impl->plan = plan_;
  impl->report = std::move(report_);
  return impl;
}

}  // namespace stretto
