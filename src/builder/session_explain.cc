// The stage that explains: errors of the quantised network, layer by layer, on a few samples.
#include <algorithm>

#include "builder/evaluator.h"
#include "builder/input_set.h"
#include "builder/session.h"
#include "builder/session_stages.h"
#include "quantize/explain.h"

namespace stretto {
namespace {

/// The first of the calibration samples; more of them change the ranking little.
constexpr int kSamples = 8;
/// For what each layer does to the output.
constexpr double kRankSeconds = 60;

std::string_view name_of(quantize::LayerKind kind) {
  switch (kind) {
    case quantize::LayerKind::rounding:
      return "rounding";
    case quantize::LayerKind::product:
      return "product";
    case quantize::LayerKind::addition:
      return "addition";
    case quantize::LayerKind::average:
      return "average";
    case quantize::LayerKind::table:
      return "table";
  }
  return "?";
}

ExplainedLayer reported(const quantize::LayerExplanation& layer) {
  ExplainedLayer made;
  made.layer = layer.layer;
  made.op = name_of(layer.kind);
  made.value = layer.value;
  made.weights_db = layer.weights_db;
  made.total_db = layer.total_db;
  made.own_db = layer.own_db;
  made.inherited_db = layer.inherited_db;
  made.channel_db = layer.channel_db;
  made.output_db = layer.output_db;
  made.share = layer.share;
  for (const quantize::Cause& cause : layer.causes) {
    made.causes.push_back(
        {std::string(quantize::name_of(cause.kind)), quantize::text_of(cause), cause.figure, cause.channel});
  }
  return made;
}

}  // namespace

Status BuildSession::explain() {
  if (!explained_) return {};
  const std::string& folder = options_.calibration.empty() ? options_.verify_input : options_.calibration;
  const plan::Program& program = plan_->programs[0];
  STRETTO_ASSIGN(const InputSet set, InputSet::open(folder, program, options_.preprocess));
  const int batches = static_cast<int>(std::max<int64_t>(1, kSamples / std::max<int64_t>(1, set.division().batch)));
  STRETTO_ASSIGN(const auto samples, read_batches(set, program, batches));
  quantize::ExplainOptions how;
  how.rank_seconds = kRankSeconds;
  how.progress = [&](int done, int total) {
    progress("explain", kVerified + (1 - kVerified) * done / std::max(1, total),
             "layer by layer, " + std::to_string(samples.size()) + " samples");
  };
  auto found = quantize::explain(explained_->graph, explained_->recipe, samples,
                                 cpu_evaluator(threads_, FloatKernels::fastest), how);
  if (!found.ok()) return found.status().in("--explain");
  Explanation& explanation = report_.explanation;
  explanation.samples = found->samples;
  explanation.ranked_samples = found->ranked_samples;
  explanation.output_db = found->output_db;
  for (const quantize::LayerExplanation& layer : found->layers) explanation.layers.push_back(reported(layer));
  if (found->ranked_samples < found->samples) {
    report_.notes.push_back("ranking the layers used up its time: it comes from " +
                            std::to_string(found->ranked_samples) + " of " + std::to_string(found->samples) +
                            " samples");
  }
  return {};
}

}  // namespace stretto
