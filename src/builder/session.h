// BuildSession: one build, stage after stage.
#pragma once

#include <stretto/build.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "builder/choices.h"
#include "builder/cover.h"
#include "builder/harness.h"
#include "builder/kept_out.h"
#include "builder/plan_impl.h"
#include "builder/type_units.h"
#include "builder/verify.h"
#include "device/gpu.h"
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
  /// Layers of a network by a recipe that go back to reals, by name.
  using Reverts = std::map<std::string, RevertedLayer>;
  /// What an explanation is of: a graph before moves are split, and the recipe that quantised it.
  struct Explained {
    ir::Graph graph;
    quantize::Recipe recipe;
  };
  /// One way to compute a variant, to be timed as a whole plan.
  struct Proposal {
    std::shared_ptr<const ir::Graph> quantised;  // with integer operators; null: of reals alone
    Reverts by_time;                             // what it holds wider than the recipe and the guard ask
    Cover cover;
  };
  /// One set of shapes on its way to a program.
  struct Variant {
    ir::Graph as_written;                        // the imported graph: what the reference computes
    ir::Graph optimised;                         // whose names a recipe goes by
    ir::Graph graph;                             // the same, its moves split
    std::shared_ptr<const ir::Graph> quantised;  // with int8: by the recipe and the guard; null: it has no integers
    Proposal chosen;
    bool narrow() const { return chosen.quantised != nullptr; }
    const ir::Graph& planned() const { return graph_of(chosen); }
    const ir::Graph& graph_of(const Proposal& p) const { return p.quantised ? *p.quantised : graph; }
  };
  /// Whole plans in turns: seconds of each, infinite where it was not considered.
  struct Timed {
    size_t fastest = 0;
    std::vector<double> seconds;
  };

  Status check_options();
  /// The GPU that is asked for, and what can be computed there.
  Status open_gpu(int number);
  /// Splits moves of elements where that lets blocked layouts through: on a CPU that has them.
  Status split(ir::Graph& graph) const;
  Status import();
  Status optimise();
  Status quantise();
  /// From samples, or read.
  Result<quantize::Recipe> make_recipe();
  /// The recipe with these layers real.
  quantize::Recipe recipe_with(const Reverts& reverts) const;
  /// A variant by the recipe with what the guard reverted and these layers real.
  Result<std::shared_ptr<const ir::Graph>> quantised_with(const Variant& variant, const Reverts& more) const;
  /// All variants, after the guard reverted something.
  Status quantise_again();
  /// What was decided of types, when no more will change: reports, and the recipe that is written.
  Status finish_types();
  Status open_selector();
  Status choose();
  Result<Proposal> best_proposal(int number);
  /// Improves it inside the whole network, on a GPU.
  Status choose_inside(const Variant& variant, Proposal& proposal);
  Result<Proposal> recorded_proposal(int number);
  Result<Cover> search_cover(const ir::Graph& graph, double reformat_weight);
  /// Which of them runs fastest as a whole plan, of those whose outputs are near the first one's where they are of one
  /// graph.
  Result<Timed> fastest(const Variant& variant, const std::vector<Proposal>& proposals);
  /// The parts of a variant that take a type together, with their times.
  Result<TypeUnits> units_of(const Variant& variant, const Cover& narrow, const Cover& wide);
  /// Some of the layers real, by the times of steps and conversions: what may be faster than integers wherever they can
  /// be, of which `narrow` is the cover.
  Result<std::vector<Proposal>> mixed_proposals(const Variant& variant, const Cover& narrow, const Cover& wide);
  /// All layers of the variant that are integer, as reverted to reals because these are faster as a whole.
  Reverts all_real(const Variant& variant, double real_s, double integer_s) const;
  /// Types were decided before: by a recipe or choices that were read.
  bool types_are_literal() const { return recorded_ || options_.calibration.empty(); }

  /// Holds the chosen plan's own output error within max_error.
  Status hold_error();
  Status open_kept_out();
  /// By output, the worst over the programs.
  Result<std::vector<double>> plan_errors();
  Status revert_layers(const std::vector<double>& errors);
  /// The blocked layouts of f32 (and of integers) that kernels of a CPU have.
  static std::vector<Layout> cpu_layouts(Isa isa, bool integers);
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
  std::shared_ptr<Gpu> gpu_;  // that the plan is for; null: the CPU
  int threads_ = 1;
  std::vector<Layout> blocked_;  // that kernels of the device have
  bool half_ = false;            // some step keeps values or weights in f16
  bool tf32_ = false;            // some step multiplies in tf32
  std::vector<TacticTable> tables_;
  std::string sha256_;
  std::string details_;  // JSON for the plan's report
  std::string scales_;   // members of the same: what integers stand for
  std::vector<Variant> variants_;
  quantize::Recipe recipe_;                     // as made or read
  Reverts guard_;                               // what the guard reverted
  std::vector<KeptOut> kept_out_;               // by variant
  double choosing_from_ = 0, choosing_to_ = 1;  // for progress
  std::optional<Explained> explained_;          // with options_.explain
  std::unique_ptr<TacticCache> cache_;
  std::unique_ptr<Selector> selector_;
  std::optional<Choices> recorded_;
  std::shared_ptr<plan::Plan> plan_;
  std::shared_ptr<const ResolvedPlan> resolved_;
  BuildReport report_;
  std::chrono::steady_clock::time_point last_progress_;
};

}  // namespace stretto
