// build: an ONNX file in, a timed and verified plan out.
#pragma once

#include <stretto/error.h>
#include <stretto/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace stretto {

/// How tactics are chosen.
enum class Selection {
  measure,    ///< by timing on this machine (default)
  heuristic,  ///< by estimate, without timing
  frozen,     ///< from the tactic cache alone; a miss is an error
};

/// One set of input shapes: name → dimensions. Inputs not named keep the model's shape (symbolic ones become 1).
using ShapeSet = std::vector<std::pair<std::string, std::vector<int64_t>>>;

/// Where a build is; called from the building thread a few times a second at most.
struct Progress {
  std::string stage;       ///< "import", "optimise", "calibrate", "time tactics", "hold error", "time plans", …
  double fraction = 0;     ///< of the whole build, 0 to 1
  double remaining_s = 0;  ///< estimate
  std::string detail;      ///< "conv 3x3 64→64 56x56 (12 of 31)"
};

struct BuildOptions {
  /// The narrowest the builder may use, where that is faster; fp32 is always allowed beside it. fp16: with AVX512-FP16
  /// values, weights and products in f16, their sums in f32; on other processors weights alone are kept in f16. int8:
  /// values in u8, weights in i8, as `calibration` or the recipe says.
  Precision precision = Precision::fp32;
  bool obey_types = false;  ///< every layer that can take `precision` takes it, faster or not

  // With int8: ranges come from samples or from a recipe.
  std::string calibration;         ///< folder of samples (raw, .npy, pictures)
  std::string calibration_cache;   ///< recipe: written with `calibration`, read without
  std::string calibration_method;  ///< "minmax", "weighted_mse", "entropy", "mse", "percentile"; empty: measured
  std::vector<std::pair<std::string, Precision>> layer_types;  ///< forced types, by the layer's name
  /// With int8 or fp16: the outputs' error, 1 − cosine of the worst one in the mean over samples, may be this much;
  /// layers go back to fp32 until it is. The samples are every fifth of `calibration`, which are then not calibrated
  /// with, or all of `verify_input` where nothing is calibrated. 0: no bound.
  double max_error = 0;
  std::string export_onnx;  ///< write the quantised network as Q/DQ ONNX here
  bool explain = false;     ///< fill BuildReport::explanation: by `calibration`'s samples, or `verify_input`'s

  /// "cpu", or "cuda", "cuda:N": a GPU, through libstretto_cuda.so beside the program. There fp16 keeps values and
  /// weights in f16, tf32 multiplies f32 values in tf32; sums are f32.
  std::string device = "cpu";
  std::vector<ShapeSet> shapes;   ///< each entry is one specialised program; empty: the model's own shapes
  int64_t batch = 0;              ///< first dimension of every input; 0: the model's
  std::string isa;                ///< pretend a smaller CPU ("avx2", "scalar"); empty: this one
  int threads = 0;                ///< 0: the CPUs this process may use
  double time_budget_s = 120;     ///< for timing; what is not timed by then is chosen by estimate, and said
  size_t memory_limit_bytes = 0;  ///< activations and workspace of a plan; 0: no limit
  Selection selection = Selection::measure;
  std::vector<std::string> force_tactics;  ///< "NAME" everywhere it applies, or "NODE=NAME"
  std::vector<std::string> skip_passes;
  bool list_tactics = false;  ///< fill BuildReport::tactics
  std::string tactic_cache;   ///< file; empty: the user's cache folder; "none": no cache
  std::string log_tactics;    ///< write the choices here
  std::string tactics;        ///< rebuild exactly these choices, without timing
  std::string preprocess;     ///< recorded in the plan
  std::string verify_input;   ///< folder of given samples for verification, beside the random ones
  bool verify = true;
  std::function<void(const Progress&)> progress;  ///< what it throws ends the build and comes out of it
};

struct LayerReport {
  std::string name, op, tactic, precision, layout;
  double time_ms = 0;  ///< as timed when it was chosen; 0 when it was not
  double gflop = 0;
  size_t weights_bytes = 0;
};

struct OutputError {
  std::string name;
  double relative = 0;  ///< max|y − r| / max|r|
  double max_abs = 0, mean_abs = 0, cosine = 1, sqnr_db = 0;
};

/// How one value is quantised: real = (q − zero_point) · scale.
struct QuantizedTensor {
  std::string tensor, method;
  double scale = 1;
  int zero_point = 0;
  double sqnr_db = 0;  ///< of the value rounded so, against itself, over the samples; 0: not measured
};

/// A layer that could be narrow and is not.
struct RevertedLayer {
  std::string layer, from, to, why;
  /// With max_error: by how many dB the outputs' error falls with this layer wider, beside those before it (estimated
  /// from its error alone). 0: not reverted for that.
  double gain_db = 0;
  /// How much longer the plan takes for it, conversions between types included, by the times of its steps; negative:
  /// it is faster. 0: not known, or counted with another layer that shares its step.
  double cost_ms = 0;
};

/// Why a layer loses accuracy in integers: see error_causes().
struct ErrorCause {
  std::string cause;     ///< "dwarfing_channel"
  std::string text;      ///< "channel 3 dwarfs the others: it reaches 41 times as far as the median one"
  double figure = 0;     ///< what the cause's threshold is for
  int64_t channel = -1;  ///< −1: no one channel
};

/// The errors of one integer layer as signal to noise in dB, 300 without any. With y what it computes in floating
/// point, o the same with its weights and its result rounded, and q what it computes in the quantised network: total is
/// of q − y, own of o − y, inherited (what its inputs bring along) of q − o.
struct ExplainedLayer {
  std::string layer, op, value;  ///< op: "rounding" (of a value computed in floating point), "product", "addition", …
  std::optional<double> weights_db;  ///< of a product's weights
  double total_db = 0, own_db = 0, inherited_db = 0;
  double channel_db = 0;            ///< own, of the median channel of its result
  std::optional<double> output_db;  ///< of the network's output with this layer's own error alone; none: not ranked
  double share = 0;                 ///< of the output's noise, among all layers that were ranked
  std::vector<ErrorCause> causes;
};

struct Explanation {
  int samples = 0;         ///< batches that the figures come from; 0: there is no explanation
  int ranked_samples = 0;  ///< that output_db and share come from: fewer where time ran out
  double output_db = 0;    ///< of the quantised network's outputs
  std::vector<ExplainedLayer> layers;
};

/// One tactic that was looked at for one step.
struct TacticReport {
  std::string layer, problem, tactic;
  std::string verdict;  ///< "chosen", "slower", "refused: other_layout", "wrong: error 3e-3", …
  double time_ms = 0;
};

struct BuildReport {
  std::string model, device, precision;
  double build_s = 0;
  double verify_s = 0;
  int timed_tactics = 0;  ///< tactics × configurations timed in this build (cache hits not counted)
  size_t plan_bytes = 0, weights_bytes = 0, activation_bytes = 0;
  std::vector<LayerReport> layers;
  std::vector<OutputError> errors;            ///< of the plan against the reference, per output
  std::vector<QuantizedTensor> quantization;  ///< with int8
  std::vector<RevertedLayer> reverted;        ///< with int8
  Explanation explanation;                    ///< with explain: of the quantised network, in its order
  std::vector<TacticReport> tactics;          ///< with list_tactics
  std::vector<std::string> notes;             ///< symbolic batch set to 1, budget used up, fallbacks, …
};

/// A finished plan in memory. Cheap to copy; immutable.
class Plan {
 public:
  /// The file appears whole or not at all.
  void save(const std::string& path) const;
  const BuildReport& report() const;

  struct Impl;
  explicit Plan(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  const std::shared_ptr<const Impl>& impl() const { return impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

/// Throws Error. bad_input: the file is missing or damaged; bad_usage: options contradict each other or the model;
/// failed: unsupported operators (all named at once), verification not met.
Plan build(const std::string& model, const BuildOptions& options = {});

/// Every pass of the optimiser, in order: name and a line on what it does. For --skip-pass.
std::vector<std::pair<std::string, std::string>> optimiser_passes();
/// The same of the steps of quantisation that can be left out, likewise.
std::vector<std::pair<std::string, std::string>> quantisation_steps();
/// Every cause that an explanation may name, and what it means, with its threshold.
std::vector<std::pair<std::string, std::string>> error_causes();

}  // namespace stretto
