#include "quantize/energies.h"

#include <algorithm>
#include <cmath>

namespace stretto::quantize {

double to_decibel(double signal, double noise) {
  if (!(noise > 0)) return kExactDb;
  return signal > 0 ? std::min(kExactDb, 10 * std::log10(signal / noise)) : 0;
}

void Energies::add(const Tensor& y, const Tensor& o, const Tensor& q) {
  const Shape& shape = y.shape();
  const int64_t channels = shape.size() < 2 ? 1 : shape[1], outer = shape.size() < 2 ? 1 : shape[0];
  channel_signal.resize(static_cast<size_t>(channels), 0);
  channel_own.resize(static_cast<size_t>(channels), 0);
  if (y.elements() == 0) return;
  const int64_t inner = y.elements() / (outer * channels);
  const float *exact = y.as<float>().data(), *mine = o.as<float>().data(), *made = q.as<float>().data();
  for (int64_t row = 0; row < outer * channels; ++row) {
    double squares = 0, added = 0;
    for (int64_t i = 0; i < inner; ++i, ++exact, ++mine, ++made) {
      const double all = double{*made} - *exact, self = double{*mine} - *exact, came = double{*made} - *mine;
      squares += double{*exact} * *exact;
      added += self * self;
      total += all * all;
      inherited += came * came;
    }
    signal += squares;
    own += added;
    channel_signal[static_cast<size_t>(row % channels)] += squares;
    channel_own[static_cast<size_t>(row % channels)] += added;
  }
}

double Energies::median_channel_db() const {
  std::vector<double> all;
  for (size_t c = 0; c < channel_signal.size(); ++c) {
    if (channel_signal[c] > 0) all.push_back(to_decibel(channel_signal[c], channel_own[c]));
  }
  if (all.empty()) return to_decibel(signal, own);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

}  // namespace stretto::quantize
