// Inside quantize/: the energies of one value and of its errors, gathered over samples.
#pragma once

#include <vector>

#include "base/tensor.h"

namespace stretto::quantize {

/// What dB say where there is no error.
inline constexpr double kExactDb = 300;
/// 10·log10(signal / noise), at most kExactDb; kExactDb without noise, 0 with noise and no signal.
double to_decibel(double signal, double noise);

/// Σ over elements of the squares of y, and of the errors that explain.h defines.
struct Energies {
  double signal = 0, total = 0, own = 0, inherited = 0;
  std::vector<double> channel_signal, channel_own;  // by index along axis 1; of rank 0 and 1 there is one

  /// y, o and q of explain.h: f32 of one shape.
  void add(const Tensor& y, const Tensor& o, const Tensor& q);
  /// The own error of the channel in the middle, of those with a signal (of two, the worse one).
  double median_channel_db() const;
};

}  // namespace stretto::quantize
