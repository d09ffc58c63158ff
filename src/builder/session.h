// BuildSession: one build, stage after stage.
#pragma once

#include <stretto/build.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/choices.h"
#include "builder/cover.h"
#include "builder/harness.h"
#include "builder/plan_impl.h"
#include "builder/verify.h"
#include "ir/graph.h"
#include "onnx/import.h"
#include "plan/plan.h"
#include "quantize/recipe.h"
#include "runtime/resolve.h"

namespace stretto {

class BuildSession {
 public:
  BuildSession(const std::string& model, const BuildOptions& options);

  Status run();
  /// After run() succeeded.
  std::shared_ptr<const Plan::Impl> finish();

 private:
  /// One set of shapes on its way to a program.
  struct Variant {
    ir::Graph as_written;                // the imported graph: what the reference computes
    ir::Graph graph;                     // optimised
    std::optional<ir::Graph> quantised;  // with int8: the same with integer operators
    bool narrow = false;                 // the plan is of `quantised`
    Cover cover;
    const ir::Graph& planned() const { return narrow ? *quantised : graph; }
  };
  /// What an explanation is of: a graph before moves are split, and the recipe that quantised it.
  struct Explained {
    ir::Graph graph;
    quantize::Recipe recipe;
  };
  /// One way to compute a variant, to be timed as a whole plan.
  struct Proposal {
    bool narrow = false;
    Cover cover;
  };

  Status check_options();
  Status import();
  Status optimise();
  Status quantise();
  /// From samples, or read.
  Result<quantize::Recipe> recipe();
  Status open_selector();
  Status choose();
  Result<Proposal> best_proposal(int number);
  /// Which of them runs fastest as a whole plan, of those whose outputs are near the first one's where they are of one
  /// graph.
  Result<size_t> fastest(const Variant& variant, const std::vector<Proposal>& proposals);
  /// The blocked layouts to choose from, those that round to f16 only where the selector may.
  std::vector<Layout> blocked_layouts() const;
  Status compile();
  Status time_steps();
  Status verify();
  Status explain();
  /// Of the folder given for verification, else of the calibration samples; none where there are none.
  Result<std::vector<SampleInputs>> given_samples(const plan::Program& program) const;
  Result<Verification> verify_program(int number);
  Status write_choices();

  void progress(const char* stage, double fraction, const std::string& detail = {});
  double elapsed() const;

  std::string model_;
  BuildOptions options_;
  std::chrono::steady_clock::time_point start_;
  Isa isa_ = Isa::scalar;
  int threads_ = 1;
  std::vector<Layout> blocked_;  // that kernels of isa_ have
  bool half_ = false;            // some step keeps values or weights in f16
  std::string sha256_;
  std::string details_;  // JSON for the plan's report
  std::string scales_;   // the same, of values that hold integers
  std::vector<Variant> variants_;
  std::optional<Explained> explained_;  // with options_.explain
  std::unique_ptr<TacticCache> cache_;
  std::unique_ptr<Selector> selector_;
  std::optional<Choices> recorded_;
  std::shared_ptr<plan::Plan> plan_;
  std::shared_ptr<const ResolvedPlan> resolved_;
  BuildReport report_;
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace stretto
