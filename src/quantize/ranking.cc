#include "quantize/ranking.h"

#include <algorithm>
#include <chrono>

namespace stretto::quantize {

Status Ranking::take(size_t layer, const FloatNetwork& network, const Values& exact, ir::ValueId replaced,
                     const Tensor& by) {
  using Clock = std::chrono::steady_clock;
  if (!going_) return {};
  const auto begun = Clock::now();
  STRETTO_ASSIGN(now_[layer], network.output_noise(exact, replaced, by));
  used_ += std::chrono::duration<double>(Clock::now() - begun).count();
  going_ = used_ < seconds_;
  return {};
}

void Ranking::end(const std::vector<double>& output_signal) {
  const bool whole = std::none_of(now_.begin(), now_.end(), [](const auto& noise) { return noise.empty(); });
  if (now_.empty() || (samples_ > 0 && !whole)) return;
  signal_.resize(output_signal.size(), 0);
  for (size_t i = 0; i < output_signal.size(); ++i) signal_[i] += output_signal[i];
  for (size_t layer = 0; layer < now_.size(); ++layer) {
    noise_[layer].resize(std::max(noise_[layer].size(), now_[layer].size()), 0);
    for (size_t i = 0; i < now_[layer].size(); ++i) noise_[layer][i] += now_[layer][i];
  }
  ++samples_;
  // Another sample takes as long as those before it did.
  going_ = going_ && used_ * (samples_ + 1) <= seconds_ * samples_;
}

std::optional<double> Ranking::ratio(size_t layer) const {
  if (noise_[layer].empty()) return std::nullopt;
  return output_ratio(signal_, noise_[layer]);
}

}  // namespace stretto::quantize
