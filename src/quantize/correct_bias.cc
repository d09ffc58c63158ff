#include "quantize/correct_bias.h"

#include <algorithm>

#include "quantize/liveness.h"
#include "quantize/parallel.h"

namespace stretto::quantize {

void ChannelMeans::add(const Tensor& tensor, float scale, int32_t zero) {
  const Shape& shape = tensor.shape();
  const int64_t channels = shape[1], inner = tensor.elements() / (shape[0] * channels);
  sums_.resize(static_cast<size_t>(channels), 0);
  for (int64_t row = 0; row < shape[0] * channels; ++row) {
    double sum = 0;
    if (tensor.dtype() == DType::f32) {
      const float* x = tensor.as<float>().data() + row * inner;
      for (int64_t i = 0; i < inner; ++i) sum += x[i];
    } else {
      const uint8_t* x = tensor.as<uint8_t>().data() + row * inner;
      int64_t whole = 0;
      for (int64_t i = 0; i < inner; ++i) whole += x[i];
      sum = static_cast<double>(whole - inner * zero) * scale;
    }
    sums_[static_cast<size_t>(row % channels)] += sum;
  }
  count_ += shape[0] * inner;
}

std::vector<double> ChannelMeans::means() const {
  std::vector<double> means = sums_;
  for (double& m : means) m /= static_cast<double>(std::max<int64_t>(1, count_));
  return means;
}

Result<Means> float_means(const ir::Graph& graph, const std::vector<ir::ValueId>& wanted, const SampleTensors& samples,
                          const Prepare& prepare) {
  std::map<ir::ValueId, ChannelMeans> means;
  for (ir::ValueId id : wanted) means[id];
  Chains chains;
  for (ir::NodeId id : graph.topological_order()) chains.push_back({id});
  const std::vector<std::vector<ir::ValueId>> dying = last_readings(graph, chains);
  std::vector<Compute> computes;
  for (const std::vector<ir::NodeId>& chain : chains) {
    STRETTO_ASSIGN(Compute compute, prepare(graph, chain));
    computes.push_back(std::move(compute));
  }
  for (const std::vector<Tensor>& sample : samples) {
    std::map<ir::ValueId, Tensor> values;
    for (size_t i = 0; i < sample.size(); ++i) values[graph.inputs()[i]] = sample[i];
    for (size_t c = 0; c < chains.size(); ++c) {
      const ir::ValueId output = graph.node(chains[c][0]).output;
      std::vector<Tensor> inputs;
      for (ir::ValueId in : outer_inputs(graph, chains[c])) inputs.push_back(values.at(in));
      STRETTO_ASSIGN(Tensor made, computes[c](inputs));
      if (auto it = means.find(output); it != means.end()) it->second.add(made);
      values[output] = std::move(made);
      for (ir::ValueId dead : dying[c]) values.erase(dead);
    }
  }
  Means result;
  for (const auto& [id, mean] : means) result[id] = mean.means();
  return result;
}

std::vector<double> mean_sums(const ProductShape& product, const Tensor& integers, std::span<const Tensor> sources,
                              int threads) {
  const int64_t channels = integers.shape()[0], terms = integers.shape()[1], count = term_sum_count(product);
  std::vector<std::vector<int64_t>> parts(sources.size());
  parallel(static_cast<int64_t>(sources.size()), threads, [&](int64_t s) {
    auto& part = parts[static_cast<size_t>(s)];
    part.assign(static_cast<size_t>(count), 0);
    add_term_sums(product, sources[static_cast<size_t>(s)], part);
  });
  const double positions =
      static_cast<double>(elements(product.output) / channels * static_cast<int64_t>(sources.size()));
  const int64_t groups = count / terms;
  std::vector<double> means(static_cast<size_t>(channels), 0);
  for (int64_t k = 0; k < count; ++k) {
    int64_t sum = 0;
    for (const auto& part : parts) sum += part[static_cast<size_t>(k)];
    const int64_t rows = channels / groups, first = k / terms * rows;
    for (int64_t c = first; c < first + rows; ++c) {
      means[static_cast<size_t>(c)] +=
          static_cast<double>(sum) * integers.as<int8_t>()[static_cast<size_t>(c * terms + k % terms)] / positions;
    }
  }
  return means;
}

}  // namespace stretto::quantize
