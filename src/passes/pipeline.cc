#include "passes/pipeline.h"

#include <algorithm>
#include <chrono>
#include <fstream>

#include "passes/passes.h"

namespace stretto::passes {

namespace {

constexpr int kMostRounds = 8;

constexpr Pass kPasses[] = {
    // First, so that every later matcher sees constants where the model computes them.
    {"fold_constants", "computes nodes that read constants alone", run_fold_constants},
    // Before all matchers: an identity between two nodes hides the pair.
    {"remove_identity", "removes nodes that hand on their input as it is", run_remove_identity},
    // Before recognise_activations, which looks for clip alone.
    {"merge_activations", "makes one activation of relu and clip in a row", run_merge_activations},
    // Before all that would change weights or activations between conversions; what stays real is folded after.
    {"lower_quantized", "computes on integers what a quantised network converts to and from them", run_lower_quantized},
    // Before the folds below, which would take the arithmetic of an activation apart.
    {"recognise_activations", "finds swish, hard_swish, hard_sigmoid and leaky_relu in their parts",
     run_recognise_activations},
    // Before fold_affine: a gemm has the bias that a matmul lacks.
    {"lower_matmul", "turns a matmul with constant weights into a gemm", run_lower_matmul},
    // Before fold_affine, which then takes what is left of a batch_norm that nothing could absorb at first.
    {"fold_batch_norm", "folds batch_norm into the weights before it", run_fold_batch_norm},
    {"fold_affine", "folds arithmetic by channel into the weights before it", run_fold_affine},
    // After both: weights before the arithmetic take a shift too, weights after it only a scale.
    {"fold_scale", "folds a scale by channel into the weights after it", run_fold_scale},
    // What no weights took.
    {"merge_affine", "merges arithmetic by constants", run_merge_affine},
    // Needs relu and clip in their plain form to prove that padding is harmless.
    {"merge_pad", "takes a pad into the conv or pool that reads it", run_merge_pad},
    {"reduce_to_global", "gives reductions of whole axes one form", run_reduce_to_global},
    // Before merge_reshapes, as it leaves reshapes behind.
    {"merge_transposes", "merges transposes and cancels pairs of them", run_merge_transposes},
    // After reduce_to_global, whose reshape often meets another.
    {"merge_reshapes", "merges reshapes", run_merge_reshapes},
    // After the others have made like things alike.
    {"merge_duplicates", "computes equal nodes once", run_merge_duplicates},
    // Last: what the others left behind would hide sole users from the next round.
    {"remove_dead", "removes what no output depends on", run_remove_dead},
};

Status check_names(const std::vector<std::string>& skip) {
  for (const std::string& name : skip) {
    bool known = std::any_of(std::begin(kPasses), std::end(kPasses), [&](const Pass& p) { return name == p.name; });
    if (known) continue;
    std::string all;
    for (const Pass& p : kPasses) all += std::string(all.empty() ? "" : ", ") + p.name;
    return bad_usage("no pass is called '" + name + "'; the passes are " + all);
  }
  return {};
}

bool is_skipped(const OptimiseOptions& options, const Pass& pass) {
  return std::find(options.skip.begin(), options.skip.end(), pass.name) != options.skip.end();
}

/// Leaves the graph as text; says where, for the message of the failure.
std::string leave_reproducer(const ir::Graph& graph, const Pass& pass, const OptimiseOptions& options) {
  std::string path = options.reproducer_dir + "/failing_" + pass.name + ".graph";
  std::ofstream file(path, std::ios::binary);
  file << ir::dump(graph);
  file.close();
  return file.good() ? "; the graph it was given is in " + path : "; its graph could not be written to " + path;
}

Result<int> run_verified(const Pass& pass, ir::Graph& graph, const OptimiseOptions& options) {
  auto rewrites = pass.run(graph);
  if (!rewrites.ok() || !options.verify_each) return rewrites;
  STRETTO_TRY(ir::verify(graph));
  return rewrites;
}

Result<int> run_pass(const Pass& pass, ir::Graph& graph, const OptimiseOptions& options) {
  if (options.reproducer_dir.empty()) {
    auto rewrites = run_verified(pass, graph, options);
    if (rewrites.ok()) return rewrites;
    return rewrites.status().in(std::string("pass ") + pass.name);
  }
  const ir::Graph given = graph;
  auto rewrites = run_verified(pass, graph, options);
  if (rewrites.ok()) return rewrites;
  Status why = rewrites.status().in(std::string("pass ") + pass.name);
  return Status(why.code(), why.message() + leave_reproducer(given, pass, options));
}

}  // namespace

std::span<const Pass> pipeline() {
  return kPasses;
}

Result<std::vector<PassReport>> optimise(ir::Graph& graph, const OptimiseOptions& options) {
  STRETTO_TRY(check_names(options.skip));
  std::vector<PassReport> reports;
  for (const Pass& pass : kPasses) {
    if (!is_skipped(options, pass)) reports.push_back({pass.name});
  }
  for (int round = 0; round < kMostRounds; ++round) {
    int changed = 0;
    auto report = reports.begin();
    for (const Pass& pass : kPasses) {
      if (is_skipped(options, pass)) continue;
      auto start = std::chrono::steady_clock::now();
      STRETTO_ASSIGN(int rewrites, run_pass(pass, graph, options));
      report->ms += std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
      report->rewrites += rewrites;
      changed += rewrites;
      ++report;
    }
    if (changed == 0) break;
  }
  return reports;
}

}  // namespace stretto::passes
