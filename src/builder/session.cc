#include "builder/session.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "builder/session_stages.h"
#include "builder/sha256.h"
#include "builder/split_moves.h"
#include "kernels/cpu/tables.h"
#include "passes/pipeline.h"
#include "quantize/steps.h"
#include "ref/ref.h"
#include "samples/preprocess.h"
#include "tactics/plugin_rows.h"
#include "tactics/select/gpu_trial.h"

namespace stretto {
namespace {

int64_t weight_bytes(const ir::Graph& graph) {
  int64_t sum = 0;
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    if (graph.value(id).is_constant()) sum += static_cast<int64_t>(graph.value(id).constant.bytes());
  }
  return sum;
}

}  // namespace

BuildSession::BuildSession(const std::string& model, const BuildOptions& options)
    : model_(model), options_(options), start_(std::chrono::steady_clock::now()) {}

double BuildSession::elapsed() const {
  return seconds_since(start_);
}

void BuildSession::progress(const char* stage, double fraction, const std::string& detail) {
  if (!options_.progress) return;
  if (fraction < 1 && seconds_since(last_progress_) < 0.1) return;
  last_progress_ = std::chrono::steady_clock::now();
  double remaining = fraction > 0.02 ? elapsed() * (1 - fraction) / fraction : 0;
  options_.progress({stage, fraction, remaining, detail});
}

std::vector<Layout> BuildSession::cpu_layouts(Isa isa, bool integers) {
  std::vector<Layout> layouts;
  if (contains(isa, Isa::avx512)) {
    layouts = {Layout::c16};
  } else if (contains(isa, Isa::avx2)) {
    layouts = {Layout::c8};
    if (integers) layouts.push_back(Layout::c16);
  }
  return layouts;
}

Status BuildSession::check_options() {
  const bool int8 = options_.precision == Precision::int8;
  if (int8 && options_.calibration.empty() && options_.calibration_cache.empty()) {
    return bad_usage("int8 needs samples or a recipe: give a folder with --calib, or a file with --calib-cache");
  }
  if (options_.explain && !int8) return bad_usage("an explanation is of an int8 network: give --precision int8");
  if (options_.explain && options_.calibration.empty() && options_.verify_input.empty()) {
    return bad_usage("an explanation needs samples: give a folder with --verify-input, or with --calib");
  }
  if (int8 && !options_.calibration.empty() && options_.calibration_cache == model_) {
    return bad_usage(model_ + ": the recipe would overwrite the model; give --calib-cache another name");
  }
  if (!(options_.max_error >= 0) || !std::isfinite(options_.max_error)) {
    return bad_usage("--max-error must be a positive number");
  }
  if (options_.max_error > 0 && options_.precision == Precision::fp32) {
    return bad_usage("--max-error holds narrower types to the FP32 outputs: give --precision int8 or fp16 as well");
  }
  if (options_.max_error > 0 && (!int8 || options_.calibration.empty()) && options_.verify_input.empty()) {
    return bad_usage(
        "--max-error has no samples to measure on, as nothing is calibrated: give a folder with --verify-input" +
        std::string(int8 ? ", or calibrate anew with --calib" : ""));
  }
  STRETTO_ASSIGN(const int gpu, gpu_number(options_.device));
  const bool tf32 = gpu >= 0 && options_.precision == Precision::tf32;
  if (!int8 && !tf32 && options_.precision != Precision::fp32 && options_.precision != Precision::fp16) {
    return failed("precision " + std::string(options_.precision == Precision::tf32 ? "tf32" : "bf16") +
                  " is not available on device '" + options_.device + "': leave --precision out, or give fp32 or fp16");
  }
  if (gpu >= 0) STRETTO_TRY(open_gpu(gpu));
  isa_ = gpu_ ? Isa::scalar : best_isa();
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
  blocked_ = gpu_ ? std::vector{Layout::nhwc8, Layout::nhwc8h} : cpu_layouts(isa_, int8);
  if (gpu_ && int8) blocked_.push_back(Layout::nhwc16);
  if (contains(isa_, Isa::avx512_fp16)) blocked_.push_back(Layout::c32h);
  if (!options_.preprocess.empty()) STRETTO_TRY(samples::parse_preprocessing(options_.preprocess).status());
  if (options_.batch < 0) return bad_usage("--batch must be positive");
  return {};
}

Status BuildSession::split(ir::Graph& graph) const {
  if (blocked_.empty() || gpu_) return {};
  return split_moves(graph).status();
}

Status BuildSession::open_gpu(int number) {
  STRETTO_ASSIGN(gpu_, Gpu::open(number));
  if (!options_.isa.empty()) return bad_usage("--isa names a CPU's instruction set: leave it out with --device cuda");
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
  for (const std::string& name : options_.skip_passes) {
    if (!quantize::is_step(name)) pass_options.skip.push_back(name);
  }
  nlohmann::ordered_json applied = nlohmann::ordered_json::array();
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(std::vector<passes::PassReport> reports, passes::optimise(variant.graph, pass_options));
    for (const passes::PassReport& pass : reports) {
      if (pass.rewrites > 0) applied.push_back({{"pass", pass.name}, {"rewrites", pass.rewrites}});
    }
    variant.optimised = variant.graph;
    STRETTO_TRY(split(variant.graph));
  }
  details_ = applied.dump();
  progress("optimise", kOptimised);
  return {};
}

Status BuildSession::open_selector() {
  std::string path = options_.tactic_cache.empty() ? default_tactic_cache_path() : options_.tactic_cache;
  if (path == "none") path.clear();
  bool cold = !gpu_ && weight_bytes(variants_[0].graph) > cache_bytes(3);
  std::string machine = cpu_model() + "|" + std::string(name_of(isa_)) + "|" + std::to_string(threads_) +
                        (cold ? "|weights from memory" : "|weights from cache");
  if (gpu_) machine = gpu_->info().name + "|CUDA driver " + std::to_string(gpu_->info().driver);
  bool wants_cache = options_.selection != Selection::heuristic && options_.tactics.empty();
  if (wants_cache && !path.empty()) {
    cache_ = std::make_unique<TacticCache>(path, machine);
    STRETTO_TRY(cache_->load());
  }
  SelectorOptions selector_options;
  selector_options.isa = isa_;
  if (gpu_) {
    selector_options.compute = gpu_->info().compute;
    selector_options.tf32 = options_.precision == Precision::tf32;
    selector_options.make_trial = [gpu = gpu_](const TrialData& data, const Tactic& tactic, const Config& config) {
      return GpuTrial::make(gpu, data, tactic, config);
    };
    tables_ = {cuda_tactic_table()};
  } else {
    tables_.assign(cpu_tactic_tables().begin(), cpu_tactic_tables().end());
  }
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
  selector_ = std::make_unique<Selector>(tables_, selector_options, cache_.get());
  if (!options_.tactics.empty()) {
    STRETTO_ASSIGN(recorded_, Choices::read(options_.tactics));
    if (recorded_->model() != sha256_) {
      return bad_input("choices '" + options_.tactics + "' were made for another model (SHA-256 differs)");
    }
  }
  return {};
}

Status BuildSession::run() {
  STRETTO_TRY(check_options());
  STRETTO_TRY(import());
  STRETTO_TRY(optimise());
  STRETTO_TRY(quantise());
  STRETTO_TRY(open_selector());
  choosing_from_ = options_.precision == Precision::int8 ? kCalibrated : kOptimised;
  choosing_to_ = kChosen;
  STRETTO_TRY(choose());
  STRETTO_TRY(hold_error());
  STRETTO_TRY(finish_types());
  STRETTO_TRY(compile());
  STRETTO_TRY(time_steps());
  STRETTO_TRY(verify());
  STRETTO_TRY(explain());
  return write_choices();
}

}  // namespace stretto
