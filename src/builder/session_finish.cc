// The stages after choosing: the plan is compiled, timed, verified, and reported on.
#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "builder/compile.h"
#include "builder/input_set.h"
#include "builder/reference.h"
#include "builder/session.h"
#include "builder/session_stages.h"
#include "builder/verify.h"
#include "kernels/cpu/tables.h"

namespace stretto {
namespace {

/// How long the finished plan is run for the times that it carries.
constexpr double kStepSeconds = 0.2;
/// At most so many given samples are verified, beside a random one.
constexpr int kGivenSamples = 4;
/// Of plans where values computed in floating point are rounded to integers: a sum in another order may fall on the
/// other side of a half, which moves an integer by one.
constexpr double kRoundedTolerance = 5e-2;

/// Whether a step rounds to integers what other steps computed in floating point.
bool reals_feed_integers(const ir::Graph& graph) {
  for (ir::NodeId id : graph.topological_order()) {
    const ir::Node& node = graph.node(id);
    if (std::holds_alternative<op::Quantize>(node.attrs) && !graph.is_input(node.inputs[0])) return true;
  }
  return false;
}

}  // namespace

Status BuildSession::compile() {
  plan_ = std::make_shared<plan::Plan>();
  plan::WeightsPool pool;
  int portable_steps = 0;
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(plan::Program program, compile_program(variant.planned(), variant.chosen.cover, *selector_, pool));
    if (options_.memory_limit_bytes > 0) {
      uint64_t needed = program.arena_bytes + program.worker_scratch_bytes * static_cast<uint64_t>(threads_);
      if (needed > options_.memory_limit_bytes) {
        return failed("the plan needs " + std::to_string(needed >> 20) + " MiB of activations and scratch, more than " +
                      "--memory allows (" + std::to_string(options_.memory_limit_bytes >> 20) + " MiB)");
      }
    }
    const bool portable_reals = !gpu_ && isa_ != Isa::scalar && multiplies_integers_alone(variant.planned());
    for (const plan::Step& step : program.steps) {
      const Tactic* tactic = find_tactic(step.tactic, step.tactic_version);
      if (!contains(plan_->required_isa, tactic->isa)) plan_->required_isa = tactic->isa;
      half_ = half_ || is_half(step.problem, tactic);
      tf32_ = tf32_ || tactic->tf32;
      const bool in_reals = step.problem.output().type.dtype == DType::f32 && tactic->numerics == Numerics::rounding;
      if (portable_reals && in_reals && tactic->isa == Isa::scalar) ++portable_steps;
    }
    plan_->programs.push_back(std::move(program));
  }
  if (portable_steps > 0) {
    report_.notes.push_back(
        "steps that compute in reals beside the integers, by portable kernels, so that a recipe "
        "gives the same bytes on every instruction set: " +
        std::to_string(portable_steps));
  }
  if (selector_->over_budget() > 0) {
    report_.notes.push_back("the time budget was used up: " + std::to_string(selector_->over_budget()) +
                            " tactics were chosen by estimate; --time-budget gives more");
  }
  if (cache_) {  // copies that only compiling asks for were timed as well
    Status saved = cache_->save();
    if (!saved.ok()) report_.notes.push_back(saved.message());
  }
  std::move(pool).give_to(*plan_);
  plan_->preprocess.spec = options_.preprocess;
  plan_->report.model = std::filesystem::path(model_).filename().string();
  plan_->report.model_sha256 = sha256_;
  const bool narrow = std::any_of(variants_.begin(), variants_.end(), [](const Variant& v) { return v.narrow(); });
  plan_->report.precision = narrow ? "int8" : half_ ? "fp16" : tf32_ ? "tf32" : "fp32";
  if (options_.precision == Precision::int8 && !narrow) {
    const bool could = std::any_of(variants_.begin(), variants_.end(), [](const Variant& v) { return v.quantised; });
    report_.notes.push_back(could ? "int8 was allowed, and the whole plan is not faster with it here: the plan is fp32"
                                  : "int8 was allowed, and no layer may be in it: the plan is fp32");
  }
  if (options_.precision == Precision::fp16 && !half_ && selector_->options().half != HalfUse::no) {
    report_.notes.push_back("fp16 was allowed, and no layer is faster with it here: the plan is fp32");
  }
  set_device(*plan_, gpu_.get());
  plan_->report.device = gpu_ ? "cuda" : "cpu";
  plan_->report.threads = static_cast<uint32_t>(threads_);
  STRETTO_TRY(plan::verify(*plan_));
  STRETTO_ASSIGN(resolved_, resolve_on(gpu_.get(), plan_));
  progress("compile", kCompiled);
  return {};
}

Status BuildSession::time_steps() {
  plan_->times.machine = gpu_ ? gpu_->info().name : cpu_model();
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

Result<std::vector<SampleInputs>> BuildSession::given_samples(const plan::Program& program) const {
  const std::string& folder = options_.verify_input.empty() ? options_.calibration : options_.verify_input;
  if (folder.empty()) return std::vector<SampleInputs>();
  STRETTO_ASSIGN(InputSet set, InputSet::open(folder, program, options_.preprocess));
  return read_batches(set, program, kGivenSamples);
}

Status BuildSession::verify() {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (size_t i = 0; i < variants_.size() && options_.verify; ++i) {
    progress("verify", kTimed + (kVerified - kTimed) * static_cast<double>(i) / static_cast<double>(variants_.size()));
    auto start = std::chrono::steady_clock::now();
    STRETTO_ASSIGN(const Verification found, verify_program(static_cast<int>(i)));
    report_.verify_s += seconds_since(start);
    for (const OutputError& e : found.errors) {
      errors.push_back({{"program", i}, {"output", e.name}, {"relative", e.relative}, {"cosine", e.cosine}});
      report_.errors.push_back(e);
    }
  }
  plan_->report.details =
      "{\"passes\":" + details_ + ",\"verified\":" + errors.dump() + ",\"notes\":" +
      nlohmann::ordered_json(report_.notes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
      (plan_->report.precision == "int8" ? "," + scales_ : "") + "}";
  return {};
}

Result<Verification> BuildSession::verify_program(int number) {
  const Variant& variant = variants_[static_cast<size_t>(number)];
  const plan::Program& program = plan_->programs[static_cast<size_t>(number)];
  const auto against = [&](const ir::Graph& graph, const std::vector<SampleInputs>& samples,
                           double tolerance) -> Result<Verification> {
    STRETTO_ASSIGN(auto reference, compile_reference(graph, threads_));
    STRETTO_ASSIGN(auto resolved, resolve(reference));
    return verify_plan(resolved_, number, resolved, samples, threads_, tolerance);
  };
  // A plan of integers must compute what the quantised graph says; how far that is from the model is reported.
  const double tolerance = variant.narrow() && reals_feed_integers(variant.planned()) ? kRoundedTolerance
                           : half_ || tf32_                                           ? kHalfTolerance
                                                                                      : kTolerance;
  STRETTO_ASSIGN(std::vector<SampleInputs> given, given_samples(program));
  std::vector<SampleInputs> samples = {random_sample(program, 11)};
  samples.insert(samples.end(), given.begin(), given.end());
  STRETTO_ASSIGN(Verification found,
                 against(variant.narrow() ? variant.planned() : variant.as_written, samples, tolerance));
  if (!found.wrong_step.empty()) {
    double worst = 0;
    for (const OutputError& e : found.errors) worst = std::max(worst, e.relative);
    char text[64];
    std::snprintf(text, sizeof text, "%.3g (at most %.0e is allowed)", worst, tolerance);
    return failed("verification: the plan is off by " + std::string(text) + "; the first " + "wrong step is " +
                  found.wrong_step + ": force another tactic for it and report this model");
  }
  if (!variant.narrow()) return found;
  return against(variant.as_written, given.empty() ? samples : given, std::numeric_limits<double>::infinity());
}

Status BuildSession::write_choices() {
  if (options_.log_tactics.empty()) return {};
  Choices choices(sha256_);
  for (size_t i = 0; i < variants_.size(); ++i) {
    std::vector<std::string> wide;
    for (const Reverts* reverts : {&guard_, &variants_[i].chosen.by_time}) {
      for (const auto& [name, layer] : *reverts) wide.push_back(name);
    }
    choices.add(static_cast<int>(i), variants_[i].planned(), variants_[i].chosen.cover, plan_->programs[i],
                variants_[i].narrow(), wide);
  }
  return choices.write(options_.log_tactics);
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
