// The options of a build: `stretto build` has them, and `stretto bench MODEL.onnx`.
#pragma once

#include <stretto/build.h>

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace stretto::cli {

struct BuildFlags {
  std::string device = "cpu", types = "fastest";
  std::vector<std::string> precisions{"fp32"};
  std::string calib, calib_cache, calib_method;
  std::vector<std::string> layers, skip_passes, force_tactics, shapes;
  bool list_tactics = false, no_verify = false;
  std::string explain;  // "true": the option without a file
  std::string export_onnx, isa, selection = "measure";
  std::string tactic_cache, log_tactics, tactics, preprocess, verify_input;
  std::optional<double> max_error;
  int64_t batch = 0;
  int threads = 0;
  double time_budget_s = 120;
  int64_t memory_mib = 0;
};

/// `threads` is left to commands that have one of their own.
void add_build_flags(CLI::App& app, BuildFlags& flags, bool with_threads);

/// Checks that the options make sense together and that this build can do what they ask. Throws Error: bad_usage for
/// contradictions, failed for what is not available.
BuildOptions to_build_options(const BuildFlags& flags);

/// The file that --explain names; empty: none.
std::string page_of(const BuildFlags& flags);

/// "cpu", "cuda" and "cuda:N" pass, anything else is Error(bad_usage). Whether the GPU is there turns out later.
void check_device(const std::string& device);

}  // namespace stretto::cli
