#include "quantize/observe.h"

#include <fmt/format.h>

namespace stretto::quantize {
namespace {

class Counter {
 public:
  Counter(const ir::Graph& graph, Observations& observations) : graph_(graph), observations_(observations) {
    for (const auto& [id, histogram] : observations) taken_[id] = 0;
  }

  Status take(ir::ValueId id, const Tensor& tensor) {
    auto it = observations_.find(id);
    if (it == observations_.end()) return {};
    const ir::Value& value = graph_.value(id);
    if (!(tensor.type() == value.type)) {
      return bad_input(fmt::format("value '{}' is {}, the graph has {}", value.name, to_string(tensor.type()),
                                   to_string(value.type)));
    }
    if (++taken_.at(id) > 1) return internal_error(fmt::format("value '{}' is given twice", value.name));
    it->second.add(tensor);
    if (it->second.not_finite() == 0) return {};
    return bad_input(
        fmt::format("value '{}' has {} elements that are NaN or infinite; look at this sample's contents "
                    "and preprocessing, and whether the model itself overflows on it",
                    value.name, it->second.not_finite()));
  }

  /// After each sample: all were taken.
  Status finish() {
    for (const auto& [id, histogram] : observations_) {
      if (taken_[id] == 0) return internal_error(fmt::format("value '{}' is not given", graph_.value(id).name));
      taken_[id] = 0;
    }
    return {};
  }

 private:
  const ir::Graph& graph_;
  Observations& observations_;
  std::map<ir::ValueId, int> taken_;  // has all from the start: threads only change what is theirs
};

}  // namespace

Result<Observations> observe(const ir::Graph& graph, const std::vector<ir::ValueId>& values, int samples,
                             const Evaluate& evaluate) {
  if (samples < 1) return bad_usage("calibration needs at least one sample; give some that are like what will be run");
  Observations observations;
  for (ir::ValueId id : values) {
    STRETTO_CHECK(graph.value(id).type.dtype == DType::f32);
    observations.emplace(id, Histogram());
  }
  Counter counter(graph, observations);
  for (int sample = 0; sample < samples; ++sample) {
    const std::string place = fmt::format("sample {}", sample);
    STRETTO_TRY(evaluate(sample, [&](ir::ValueId id, const Tensor& t) { return counter.take(id, t); }).in(place));
    STRETTO_TRY(counter.finish().in(place));
  }
  return observations;
}

}  // namespace stretto::quantize
