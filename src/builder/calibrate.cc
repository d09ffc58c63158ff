#include "builder/calibrate.h"

#include <algorithm>
#include <cstring>

#include "builder/evaluator.h"
#include "builder/reference.h"
#include "quantize/choose.h"
#include "quantize/draft.h"
#include "quantize/judge.h"
#include "quantize/parallel.h"

namespace stretto {
namespace {

/// With fewer samples than this none is kept out of anything.
constexpr int64_t kLeastSplit = 8;

/// A copy that the next batch does not overwrite.
Tensor copy_of(const Tensor& tensor) {
  Tensor copy(tensor.type());
  std::memcpy(copy.mutable_data(), tensor.data(), tensor.bytes());
  return copy;
}

std::vector<Tensor> copies_of(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : tensors) copies.push_back(copy_of(tensor));
  return copies;
}

/// What becomes of each batch.
enum class Use : uint8_t { observed, fit, held };

/// The batches that are kept, spread evenly; of these every third is held out.
std::vector<Use> uses_of(int64_t total, int64_t fit, int64_t held) {
  std::vector<Use> uses(static_cast<size_t>(total), Use::observed);
  const int64_t kept = std::min(total, fit + held);
  for (int64_t i = 0; i < kept; ++i) {
    const int64_t held_before = i * held / (fit + held), held_after = (i + 1) * held / (fit + held);
    uses[static_cast<size_t>(i * total / kept)] = held_after > held_before ? Use::held : Use::fit;
  }
  return uses;
}

/// Hands every value that the reference computes to a sink, by its id in the graph, several at a time; notes means and
/// keeps what is judged.
class Feeder : public StepObserver {
 public:
  Feeder(const Harness& harness, const ir::Graph& graph, int threads)
      : harness_(harness), graph_(graph), threads_(threads), wanted_(static_cast<size_t>(graph.value_count()), 0) {}

  void observe(const quantize::Sink& sink, const std::vector<ir::ValueId>& values) {
    sink_ = &sink;
    for (ir::ValueId id : values) wanted_[static_cast<size_t>(id)] |= kObserved;
  }
  void take_means(const std::vector<ir::ValueId>& values) {
    for (ir::ValueId id : values) wanted_[static_cast<size_t>(id)] |= kMean;
  }
  void keep(const std::vector<ir::ValueId>& values) {
    for (ir::ValueId id : values) wanted_[static_cast<size_t>(id)] |= kKept;
  }

  void step_done(int i, int64_t) override {
    const uint32_t output = harness_.program().steps[static_cast<size_t>(i)].output;
    const ir::ValueId value = graph_.find_value(harness_.program().tensors[output].name);
    if (value != ir::kNone && wanted_[static_cast<size_t>(value)] != 0) give(value, harness_.copy_of(output));
  }
  void give(ir::ValueId value, Tensor tensor) {
    bytes_ += static_cast<int64_t>(tensor.bytes());
    waiting_.emplace_back(value, std::move(tensor));
    if (bytes_ >= kMostWaiting) flush();
  }
  /// Works off what waits.
  void flush() {
    std::vector<Status> statuses(waiting_.size());
    std::vector<std::vector<double>> means(waiting_.size());
    quantize::parallel(static_cast<int64_t>(waiting_.size()), threads_, [&](int64_t i) {
      const auto at = static_cast<size_t>(i);
      const auto& [value, tensor] = waiting_[at];
      const uint8_t wanted = wanted_[static_cast<size_t>(value)];
      if ((wanted & kObserved) != 0) statuses[at] = (*sink_)(value, tensor);
      if ((wanted & kMean) == 0) return;
      quantize::ChannelMeans channels;
      channels.add(tensor);
      means[at] = channels.means();
    });
    for (size_t i = 0; i < waiting_.size(); ++i) {
      if (status_.ok()) status_ = statuses[i];
      const ir::ValueId value = waiting_[i].first;
      if (!means[i].empty()) means_[value] = std::move(means[i]);
      if ((wanted_[static_cast<size_t>(value)] & kKept) != 0) kept_[value] = waiting_[i].second;
    }
    waiting_.clear();
    bytes_ = 0;
  }

  const Status& status() const { return status_; }
  quantize::Means& means() { return means_; }
  std::map<ir::ValueId, Tensor>& kept() { return kept_; }

 private:
  static constexpr uint8_t kObserved = 1, kMean = 2, kKept = 4;
  static constexpr int64_t kMostWaiting = int64_t{64} << 20;

  const Harness& harness_;
  const ir::Graph& graph_;
  const int threads_;
  std::vector<uint8_t> wanted_;  // by value
  const quantize::Sink* sink_ = nullptr;
  std::vector<std::pair<ir::ValueId, Tensor>> waiting_;
  int64_t bytes_ = 0;
  quantize::Means means_;
  std::map<ir::ValueId, Tensor> kept_;
  Status status_;
};

/// The results of products and additions: what biases are corrected towards.
std::vector<ir::ValueId> corrected_values(const ir::Graph& graph, const quantize::TypePlan& types) {
  std::vector<ir::ValueId> values;
  for (ir::NodeId id : graph.topological_order()) {
    const quantize::Role role = types.roles[static_cast<size_t>(id)].role;
    if (role == quantize::Role::product || role == quantize::Role::addition) values.push_back(graph.node(id).output);
  }
  return values;
}

}  // namespace

Result<quantize::Evidence> gather(const ir::Graph& graph, const quantize::TypePlan& types,
                                  const CalibrationOptions& options) {
  STRETTO_ASSIGN(auto reference, compile_reference(graph, options.threads));
  STRETTO_ASSIGN(auto resolved, resolve(reference));
  STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, options.threads));
  STRETTO_ASSIGN(const InputSet set, InputSet::open(options.samples, harness.program(), options.preprocess));
  STRETTO_ASSIGN(const Share share, set.share(options.keep_fifth ? Share::four_fifths : Share::all));
  STRETTO_ASSIGN(const int64_t total, set.count_batches(share));
  BatchReader reader(set, harness.program(), share);

  const int64_t batch = std::max<int64_t>(1, set.division().batch);
  int64_t bytes = 1;
  for (ir::ValueId id : graph.inputs()) bytes += static_cast<int64_t>(graph.value(id).type.bytes());
  const std::vector<ir::ValueId> judged = quantize::judged_values(graph);
  for (ir::ValueId id : judged) bytes += static_cast<int64_t>(graph.value(id).type.bytes());
  const auto fitting = [&](int64_t samples, int64_t parts) {
    return std::max<int64_t>(1, std::min(samples / batch, kMostKeptBytes / bytes / parts));
  };
  const bool few = total < kLeastSplit;
  const int64_t held = few ? 0 : std::min(fitting(options.held_samples, 3), total / 4);
  const std::vector<Use> uses = uses_of(total, std::min(fitting(options.fit_samples, 2), total), held);
  const std::vector<ir::ValueId> observed_values = quantize::values_to_observe(types);
  const std::vector<ir::ValueId> corrected = corrected_values(graph, types);
  quantize::Evidence evidence;
  const auto run = [&](const std::vector<Tensor>& inputs, Use use, const quantize::Sink& sink) -> Status {
    const bool judges = use == Use::held || (few && use == Use::fit);
    Feeder feeder(harness, graph, options.threads);
    feeder.observe(sink, observed_values);
    if (use == Use::fit) feeder.take_means(corrected);
    if (judges) feeder.keep(judged);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const ir::ValueId input = graph.find_value(harness.program().inputs[i].name);
      if (input != ir::kNone) feeder.give(input, inputs[i]);
    }
    harness.set_inputs(inputs);
    harness.run(&feeder);
    feeder.flush();
    STRETTO_TRY(feeder.status());
    if (use == Use::fit) {
      evidence.fit.push_back(copies_of(inputs));
      evidence.means.push_back(std::move(feeder.means()));
    }
    if (!judges) return {};
    if (few) evidence.held.push_back(copies_of(inputs));
    std::vector<Tensor>& values = evidence.judged.emplace_back();
    for (ir::ValueId id : judged) {
      const auto kept = feeder.kept().find(id);
      const auto output = std::find(graph.outputs().begin(), graph.outputs().end(), id);
      if (kept == feeder.kept().end() && output == graph.outputs().end()) return internal_error("a value has no step");
      values.push_back(kept != feeder.kept().end()
                           ? kept->second
                           : copy_of(harness.output(static_cast<size_t>(output - graph.outputs().begin()))));
    }
    return {};
  };
  size_t taken = 0;
  std::vector<std::string> held_files;
  const auto next = [&]() -> Result<const std::vector<Tensor>*> {
    STRETTO_ASSIGN(const std::vector<Tensor>* inputs, reader.next());
    if (inputs == nullptr) return failed("samples of '" + options.samples + "' changed while they were read");
    if (options.progress) options.progress(static_cast<int64_t>(taken), total);
    ++taken;
    return inputs;
  };
  const auto keep_held = [&]() -> Status {
    while (taken < uses.size() && uses[taken] == Use::held) {
      STRETTO_ASSIGN(const std::vector<Tensor>* inputs, next());
      evidence.held.push_back(copies_of(*inputs));
      held_files.push_back(reader.file());
    }
    return {};
  };
  const auto evaluate = [&](int, const quantize::Sink& sink) -> Status {
    STRETTO_TRY(keep_held());
    const Use use = uses[taken];
    STRETTO_ASSIGN(const std::vector<Tensor>* inputs, next());
    return run(*inputs, use, sink).in(reader.file());
  };
  const int seen = static_cast<int>(total - std::count(uses.begin(), uses.end(), Use::held));
  STRETTO_ASSIGN(evidence.observations, quantize::observe(graph, observed_values, seen, evaluate));
  STRETTO_TRY(keep_held());
  if (few) return evidence;
  const quantize::SampleTensors held_inputs = evidence.held;
  const auto evaluate_held = [&](int sample, const quantize::Sink& sink) {
    const auto at = static_cast<size_t>(sample);
    return run(held_inputs[at], Use::held, sink).in(held_files[at]);
  };
  STRETTO_ASSIGN(evidence.held_observations,
                 quantize::observe(graph, observed_values, static_cast<int>(held_inputs.size()), evaluate_held));
  return evidence;
}

Result<quantize::Recipe> calibrate(const ir::Graph& graph, const CalibrationOptions& options) {
  quantize::ChooseOptions how;
  if (!options.method.empty()) {
    const auto method = quantize::method_from_name(options.method);
    if (!method || *method == quantize::Method::manual) {
      return bad_usage("'" + options.method +
                       "' is no calibration method: minmax, weighted_mse, entropy, mse, percentile");
    }
    how.calibration = quantize::Calibration{*method};
  }
  how.skip = options.skip;
  how.edit = options.edit;
  how.threads = options.threads;
  const quantize::TypePlan types = quantize::plan_types(graph);
  STRETTO_ASSIGN(const quantize::Evidence evidence, gather(graph, types, options));
  return quantize::choose_recipe(graph, types, evidence, options.model_sha256, cpu_evaluator(options.threads), how);
}

}  // namespace stretto
