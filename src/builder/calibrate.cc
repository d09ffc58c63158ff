#include "builder/calibrate.h"

#include <algorithm>
#include <cstring>

#include "builder/evaluator.h"
#include "builder/reference.h"
#include "quantize/draft.h"
#include "quantize/refine.h"

namespace stretto {
namespace {

/// A copy that the next batch does not overwrite.
Tensor copy_of(const Tensor& tensor) {
  Tensor copy(tensor.type());
  std::memcpy(copy.mutable_data(), tensor.data(), tensor.bytes());
  return copy;
}

/// Hands every value that the reference computes to a sink, by its id in the graph.
struct Feeder : StepObserver {
  const Harness* harness = nullptr;
  const ir::Graph* graph = nullptr;
  const quantize::Sink* sink = nullptr;
  Status status;
  void step_done(int i, int64_t) override {
    if (!status.ok()) return;
    const uint32_t output = harness->program().steps[static_cast<size_t>(i)].output;
    const ir::ValueId value = graph->find_value(harness->program().tensors[output].name);
    if (value != ir::kNone) status = (*sink)(value, harness->copy_of(output));
  }
};

}  // namespace

Result<quantize::Recipe> calibrate(const ir::Graph& graph, const CalibrationOptions& options) {
  STRETTO_ASSIGN(auto reference, compile_reference(graph, options.threads));
  STRETTO_ASSIGN(auto resolved, resolve(reference));
  STRETTO_ASSIGN(Harness harness, Harness::create(resolved, 0, options.threads));
  STRETTO_ASSIGN(const InputSet set, InputSet::open(options.samples, harness.program(), options.preprocess));
  STRETTO_ASSIGN(const int64_t total, set.count_batches());
  BatchReader reader(set, harness.program());

  quantize::Calibration calibration;
  if (!options.method.empty()) {
    const auto method = quantize::method_from_name(options.method);
    if (!method)
      return bad_usage("'" + options.method +
                       "' is no calibration method: weighted_mse, entropy, minmax, percentile, mse");
    calibration.method = *method;
  }

  const int64_t batch_size = std::max<int64_t>(1, set.division().batch);
  const int64_t most_kept = std::max<int64_t>(1, options.refine_samples / batch_size);
  quantize::SampleTensors kept;
  int64_t taken = 0;
  const auto evaluate = [&](int, const quantize::Sink& sink) -> Status {
    STRETTO_ASSIGN(const std::vector<Tensor>* batch, reader.next());
    if (batch == nullptr) return failed("samples of '" + options.samples + "' changed while they were read");
    if (options.progress) options.progress(taken++, total);
    for (size_t i = 0; i < batch->size(); ++i) {
      const ir::ValueId input = graph.find_value(harness.program().inputs[i].name);
      if (input != ir::kNone) STRETTO_TRY(sink(input, (*batch)[i]).in(reader.file()));
    }
    if (static_cast<int64_t>(kept.size()) < most_kept) {
      kept.emplace_back();
      for (const Tensor& tensor : *batch) kept.back().push_back(copy_of(tensor));
    }
    harness.set_inputs(*batch);
    Feeder feeder;
    feeder.harness = &harness;
    feeder.graph = &graph;
    feeder.sink = &sink;
    harness.run(&feeder);
    return feeder.status.in(reader.file());
  };
  const quantize::TypePlan types = quantize::plan_types(graph);
  STRETTO_ASSIGN(const quantize::Observations observations,
                 quantize::observe(graph, quantize::values_to_observe(types), static_cast<int>(total), evaluate));
  STRETTO_ASSIGN(quantize::Recipe draft,
                 quantize::draft_recipe(graph, types, observations, calibration, options.model_sha256));
  if (options.edit) STRETTO_TRY(options.edit(draft));
  quantize::RefineOptions how;
  how.skip = options.skip;
  how.threads = options.threads;
  return quantize::refine(graph, std::move(draft), kept, cpu_evaluator(options.threads), how);
}

}  // namespace stretto
