// Inside quantize/: what each layer's own error does to the outputs of the network, in bounded time.
#pragma once

#include "quantize/float_network.h"

namespace stretto::quantize {

class Ranking {
 public:
  Ranking(size_t layers, double seconds) : seconds_(seconds), noise_(layers) {}

  /// For each sample: begin(), take() for each layer, end(). All layers are judged by the same samples: one that time
  /// ran out in is left out, but of the first whatever there was time for is kept.
  void begin() { now_.assign(noise_.size(), {}); }
  /// The value `replaced` of `exact` is `by` instead.
  Status take(size_t layer, const FloatNetwork& network, const Values& exact, ir::ValueId replaced, const Tensor& by);
  void end(const std::vector<double>& output_signal);

  int samples() const { return samples_; }
  /// Noise over signal of the outputs; none where there was no time.
  std::optional<double> ratio(size_t layer) const;

 private:
  double seconds_, used_ = 0;
  bool going_ = true;
  int samples_ = 0;
  std::vector<double> signal_;                    // by output
  std::vector<std::vector<double>> noise_, now_;  // by layer, by output
};

}  // namespace stretto::quantize
