#include "cli/build_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "cli/parse.h"
#include "cli/program.h"

namespace stretto::cli {
namespace {

Error usage(const std::string& message) {
  return {ErrorKind::bad_usage, message};
}
Error unavailable(const std::string& message) {
  return {ErrorKind::failed, message};
}

void check_precisions(const BuildFlags& f) {
  bool int8 = false, half = false;
  std::string wanted;
  for (const std::string& text : f.precisions) {
    const Precision p = parse_precision(text);
    int8 = int8 || p == Precision::int8;
    half = half || p == Precision::fp16;
    const bool available = p == Precision::fp32 || p == Precision::fp16 || p == Precision::int8 ||
                           (p == Precision::tf32 && f.device != "cpu");
    if (!available && wanted.empty()) wanted = text;
  }
  if (int8 && f.calib.empty() && f.calib_cache.empty()) {
    throw usage(
        "--precision int8 has nothing to take ranges from; give samples with --calib DIR or a recipe with "
        "--calib-cache FILE");
  }
  if (int8 && f.calib.empty() && !f.calib_method.empty()) {
    throw usage("--calib-method says how samples become a recipe, and --calib-cache alone reads one; give --calib DIR");
  }
  if (!f.explain.empty() && f.calib.empty() && f.verify_input.empty()) {
    if (int8) throw usage("--explain needs samples to see errors on; give --verify-input DIR, or --calib DIR");
  }
  if (!int8) {
    const std::pair<const char*, bool> needing[] = {{"--calib", !f.calib.empty()},
                                                    {"--calib-cache", !f.calib_cache.empty()},
                                                    {"--calib-method", !f.calib_method.empty()},
                                                    {"--explain", !f.explain.empty()},
                                                    {"--export-onnx", !f.export_onnx.empty()}};
    for (const auto& [option, given] : needing) {
      if (given) throw usage(fmt::format("{} says how to quantise; give --precision int8 as well", option));
    }
  }
  if (f.max_error && !int8 && !half) {
    throw usage("--max-error holds narrower types to the FP32 outputs; give --precision int8 or fp16 as well");
  }
  if (f.max_error && (!int8 || f.calib.empty()) && f.verify_input.empty()) {
    throw usage(
        fmt::format("--max-error has no samples to measure on, as nothing is calibrated; give some with "
                    "--verify-input DIR{}",
                    int8 ? ", or calibrate anew with --calib DIR" : ""));
  }
  if (f.max_error && !(*f.max_error > 0 && std::isfinite(*f.max_error))) {
    throw usage("--max-error takes a positive number, as in --max-error 0.01");
  }
  if (!wanted.empty()) {
    throw unavailable(fmt::format("precision {} is not available in this build on device '{}'; give fp32, fp16 or {}",
                                  wanted, f.device, f.device == "cpu" ? "int8" : "tf32 or int8"));
  }
}

/// NAME=TYPE; a type must be fp32 or among the precisions.
std::pair<std::string, Precision> layer_type(const BuildFlags& f, const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    throw usage(fmt::format("--layer '{}': takes NAME=TYPE, as in conv1=fp32", text));
  }
  const Precision type = parse_precision(text.substr(equals + 1));
  const auto is_type = [&](const std::string& precision) { return parse_precision(precision) == type; };
  if (type != Precision::fp32 && std::none_of(f.precisions.begin(), f.precisions.end(), is_type)) {
    throw usage(fmt::format("--layer '{}': allow the type with --precision as well", text));
  }
  if (type != Precision::fp32 && type != Precision::int8) {
    throw unavailable(fmt::format("--layer '{}': a layer can be fp32 or int8", text));
  }
  return {text.substr(0, equals), type};
}

void check_isa(const std::string& isa) {
  constexpr const char* kNames[] = {"",     "scalar",  "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_fp16",
                                    "neon", "dotprod", "i8mm"};
  if (std::find(std::begin(kNames), std::end(kNames), isa) == std::end(kNames)) {
    throw usage(
        fmt::format("--isa '{}' is not known; give scalar, avx2, avx_vnni, avx512, avx512_vnni, avx512_fp16, neon, "
                    "dotprod or i8mm",
                    isa));
  }
}

Selection to_selection(const std::string& text) {
  return text == "heuristic" ? Selection::heuristic : text == "frozen" ? Selection::frozen : Selection::measure;
}

}  // namespace

void add_build_flags(CLI::App& app, BuildFlags& f, bool with_threads) {
  const char* group = "What to build";
  app.add_option("--device", f.device, "cpu, or cuda[:N] for a GPU")->group(group)->capture_default_str();
  app.add_option(
         "--precision", f.precisions,
         "Precisions the builder may use beside fp32 (tf32, bf16, fp16, int8), separated by commas; it picks the "
         "fastest mix")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(group)
      ->default_str("fp32");
  app.add_option("--types", f.types,
                 "fastest: each layer's type by timing; obey: the narrowest allowed type wherever it can be")
      ->check(CLI::IsMember({"fastest", "obey"}))
      ->group(group)
      ->capture_default_str();
  app.add_option("--shape", f.shapes,
                 "Input shapes, x:1x3x224x224 or a:1x3,b:1x4; each further one adds a program to the same plan")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--batch", f.batch, "First dimension of every input (default: the model's; symbolic: 1)")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->group(group);
  app.add_option(
         "--preprocess", f.preprocess,
         "Pictures to tensor, kept in the plan: imagenet, or resize=256,crop=224,order=rgb,mean=…,std=…,scale=…,"
         "filter=bilinear|bicubic")
      ->group(group);

  group = "Quantisation";
  app.add_option("--calib", f.calib, "Folder of calibration samples (with int8)")->group(group);
  app.add_option("--calib-cache", f.calib_cache, "The recipe: written with --calib, read without")->group(group);
  app.add_option("--calib-method", f.calib_method, "Default: the one that the outputs err least by, measured")
      ->check(CLI::IsMember({"minmax", "weighted_mse", "entropy", "mse", "percentile"}))
      ->group(group);
  app.add_option(
         "--max-error", f.max_error,
         "Bound on 1 − cosine of the plan's worst output, in the mean over every fifth sample of --calib, which "
         "is then kept out of calibration (or over --verify-input, where nothing is calibrated); layers go back "
         "to fp32 by gain per millisecond until it is met")
      ->check(CLI::PositiveNumber)
      ->group(group);
  app.add_option("--layer", f.layers, "Force the type of one layer: NAME=TYPE")->allow_extra_args(false)->group(group);
  app.add_flag(
         "--explain", f.explain,
         "Where INT8 loses accuracy, layer by layer, and why; --explain=FILE.html also writes a page. Takes up to a "
         "minute more, on the first 8 samples of --calib (or --verify-input)")
      ->group(group);
  app.add_option("--export-onnx", f.export_onnx, "Write the quantised network as Q/DQ ONNX")->group(group);

  group = "How tactics are chosen";
  app.add_option("--selection", f.selection, "measure: by timing; heuristic: by estimate; frozen: from the cache alone")
      ->check(CLI::IsMember({"measure", "heuristic", "frozen"}))
      ->group(group)
      ->capture_default_str();
  app.add_option("--time-budget", f.time_budget_s, "Seconds for timing; what is left then is chosen by estimate")
      ->check(CLI::NonNegativeNumber)
      ->group(group)
      ->capture_default_str();
  if (with_threads) {
    app.add_option("--threads", f.threads, "Threads to build for (default: the CPUs this process may use)")
        ->check(CLI::Range(1, 1024))
        ->group(group);
  }
  app.add_option("--memory", f.memory_mib, "MiB that activations and workspace may take (default: no limit)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
      ->group(group);
  app.add_option("--isa", f.isa, "Pretend a smaller CPU: scalar, avx2, avx512, …")->group(group);
  app.add_option("--force", f.force_tactics, "Use tactic NAME wherever it applies, or NODE=NAME for one node")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--skip-pass", f.skip_passes, "Leave out one pass of the optimiser, or step of quantisation")
      ->allow_extra_args(false)
      ->group(group);
  app.add_flag("--list-tactics", f.list_tactics, "Show every tactic considered, and why it was refused")->group(group);
  app.add_option("--tactic-cache", f.tactic_cache,
                 "Timings kept between builds (default: in the user's cache folder; none)")
      ->group(group);
  app.add_option("--log-tactics", f.log_tactics, "Write the choices made")->group(group);
  app.add_option("--tactics", f.tactics, "Rebuild exactly these choices, without timing")->group(group);

  group = "Verification";
  app.add_option("--verify-input", f.verify_input, "Folder of samples to verify with, beside random ones")
      ->group(group);
  app.add_flag("--no-verify", f.no_verify, "Do not run the plan against the model before it is written")->group(group);
}

void check_device(const std::string& device) {
  if (device == "cpu") return;
  const bool gpu = device == "cuda" || (device.rfind("cuda:", 0) == 0 && device.size() > 5 && device.size() < 9 &&
                                        device.find_first_not_of("0123456789", 5) == std::string::npos);
  if (gpu) return;
  throw usage(fmt::format("device '{}' is not known; give cpu, cuda or cuda:N", device));
}

std::string page_of(const BuildFlags& f) {
  return f.explain == "true" ? std::string() : f.explain;
}

BuildOptions to_build_options(const BuildFlags& f) {
  for (const std::string& text : f.precisions) parse_precision(text);
  check_isa(f.isa);
  check_device(f.device);
  check_precisions(f);
  if (!f.calib.empty() && !f.calib_cache.empty()) check_can_write(f.calib_cache);
  if (!f.log_tactics.empty()) check_can_write(f.log_tactics);
  if (!page_of(f).empty()) check_can_write(page_of(f));
  if (!f.tactics.empty() && f.selection != "measure") {
    throw usage("--tactics rebuilds recorded choices; leave --selection out");
  }
  BuildOptions options;
  for (const std::string& text : f.precisions) options.precision = std::max(options.precision, parse_precision(text));
  options.calibration = f.calib;
  options.calibration_cache = f.calib_cache;
  options.calibration_method = f.calib_method;
  options.export_onnx = f.export_onnx;
  options.explain = !f.explain.empty();
  for (const std::string& text : f.layers) options.layer_types.push_back(layer_type(f, text));
  options.max_error = f.max_error.value_or(0);
  options.obey_types = f.types == "obey";
  options.device = f.device;
  for (const std::string& text : f.shapes) options.shapes.push_back(parse_shapes(text));
  options.batch = f.batch;
  options.isa = f.isa;
  options.threads = f.threads;
  options.time_budget_s = f.time_budget_s;
  options.memory_limit_bytes = static_cast<size_t>(f.memory_mib) << 20;
  options.selection = to_selection(f.selection);
  options.force_tactics = f.force_tactics;
  options.skip_passes = f.skip_passes;
  options.list_tactics = f.list_tactics;
  options.tactic_cache = f.tactic_cache;
  options.log_tactics = f.log_tactics;
  options.tactics = f.tactics;
  options.preprocess = f.preprocess;
  options.verify_input = f.verify_input;
  options.verify = !f.no_verify;
  return options;
}

}  // namespace stretto::cli
