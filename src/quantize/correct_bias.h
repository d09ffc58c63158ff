// Bias correction: what quantisation adds to a layer's result on average is taken off its bias (Nagel et al. 2019,
// "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2, measured on samples).
#pragma once

#include <map>
#include <vector>

#include "quantize/columns.h"
#include "quantize/evaluator.h"

namespace stretto::quantize {

/// Means by channel (axis 1) over whatever was added: sums of bytes are exact, those of floats in f64, in order.
class ChannelMeans {
 public:
  /// f32, or u8 with a mapping: (byte − zero) · scale.
  void add(const Tensor& tensor, float scale = 1, int32_t zero = 0);
  std::vector<double> means() const;

 private:
  std::vector<double> sums_;
  int64_t count_ = 0;  // elements of a channel
};

/// By value: its channels' means.
using Means = std::map<ir::ValueId, std::vector<double>>;

/// Of the values `wanted`, over the samples, computed node by node. Values that die are dropped.
Result<Means> float_means(const ir::Graph& graph, const std::vector<ir::ValueId>& wanted, const SampleTensors& samples,
                          const Prepare& prepare);

/// Means of an integer product's sums by output channel, without its bias, in units of its sums: of the integers by
/// output channel i8[O, terms], for these sources.
std::vector<double> mean_sums(const ProductShape& product, const Tensor& integers, std::span<const Tensor> sources,
                              int threads);

}  // namespace stretto::quantize
