#include "quantize/calibrators.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace stretto::quantize {
namespace {

constexpr std::array<std::string_view, 6> kMethodNames{"minmax", "percentile", "entropy",
                                                       "mse",    "manual",     "weighted_mse"};
constexpr int kSide = Histogram::kSideBins;
/// A range holds at least as many bins as an 8-bit integer has levels: below that, bins say nothing of rounding.
constexpr int kLevels = 256;
/// Bins between two magnitudes that are tried.
constexpr int kStride = 8;
/// Observations that an empty bin counts as where clipping moved numbers into it.
constexpr double kUnseen = 0.5;

/// The bins without the exact zeros, and where something is in them.
struct Counts {
  std::vector<double> bins;
  int begin = kSide, end = kSide;  // of the bins of observed numbers and the bin of zero
  double width = 1;
};

Counts counts_of(const Histogram& h) {
  Counts c{{h.bins().begin(), h.bins().end()}, kSide, kSide, h.width()};
  c.bins[kSide] -= static_cast<double>(h.zeros());
  for (int i = 0; i < Histogram::kBins; ++i) {
    if (c.bins[static_cast<size_t>(i)] == 0) continue;
    c.begin = std::min(c.begin, i);
    c.end = std::max(c.end, i + 1);
  }
  return c;
}

/// Clipping at `bins` bins' magnitude.
Range clipped(const Histogram& h, double magnitude) {
  const double low = std::max(double{h.low()}, -magnitude), high = std::min(double{h.high()}, magnitude);
  return {static_cast<float>(std::min(low, 0.0)), static_cast<float>(std::max(high, 0.0))};
}

Range percentile(const Histogram& h, double percentage) {
  const double wanted = percentage / 100 * static_cast<double>(h.count());
  double inside = 0;
  for (int t = 1; t <= kSide; ++t) {
    inside +=
        static_cast<double>(h.bins()[static_cast<size_t>(kSide + t - 1)] + h.bins()[static_cast<size_t>(kSide - t)]);
    if (inside >= wanted) return clipped(h, t * h.width());
  }
  return clipped(h, kSide * h.width());
}

/// KL(P‖Q) for clipping to the bins begin … end − 1.
double divergence(const Counts& c, int begin, int end) {
  const int size = end - begin;
  double below = 0, above = 0, inside = 0;
  for (int i = c.begin; i < c.end; ++i) {
    const double n = c.bins[static_cast<size_t>(i)];
    (i < begin ? below : i < end ? inside : above) += n;
  }
  const double total = below + inside + above;
  if (inside == 0) return INFINITY;
  auto unseen = [&](double moved, int bin) { return moved > 0 && c.bins[static_cast<size_t>(bin)] == 0; };
  const double mass = inside + kUnseen * (unseen(below, begin) + unseen(above, end - 1));
  double sum = 0;
  for (int level = 0, from = 0; level < kLevels; ++level) {
    const int to = static_cast<int>(int64_t{size} * (level + 1) / kLevels);
    double held = 0;
    int filled = 0;
    for (int i = from; i < to; ++i) {
      const double n = c.bins[static_cast<size_t>(begin + i)];
      held += n;
      filled += n > 0;
    }
    const double q = filled == 0 ? 0 : held / filled / mass;
    for (int i = from; i < to; ++i) {
      const double n = c.bins[static_cast<size_t>(begin + i)];
      const double p = (n + (i == 0 ? below : 0) + (i == size - 1 ? above : 0)) / total;
      if (p == 0) continue;
      sum += p * std::log(p / (n == 0 ? kUnseen / mass : q));
    }
    from = to;
  }
  return sum;
}

/// Calls visit(T in bins, first bin, bin past the last) for every magnitude to try, the widest first.
template <class Visit>
void for_magnitudes(const Counts& c, Visit visit) {
  const int widest = std::max(c.end - kSide, kSide - c.begin);
  for (int t = widest; t > 0; t -= kStride) {
    const int begin = std::max(c.begin, kSide - t), end = std::min(c.end, kSide + t);
    if (t != widest && end - begin < kLevels) break;
    visit(t, begin, end);
  }
}

Range entropy(const Histogram& h) {
  const Counts c = counts_of(h);
  double least = INFINITY;
  int best = kSide;
  for_magnitudes(c, [&](int t, int begin, int end) {
    const double d = divergence(c, begin, end);
    if (d >= least) return;
    least = d;
    best = t;
  });
  return clipped(h, best * h.width());
}

/// Mean square over the bins' centres, the lone parts of the outermost bins clipped to what was observed.
double square_error(const Histogram& h, const Counts& c, const Mapping& mapping) {
  double sum = 0;
  for (int i = c.begin; i < c.end; ++i) {
    const double n = c.bins[static_cast<size_t>(i)];
    if (n == 0) continue;
    const float x = std::clamp(static_cast<float>((i - kSide + 0.5) * c.width), h.low(), h.high());
    const double error = double{x} - double{to_real(to_integer(x, mapping), mapping)};
    sum += n * error * error;
  }
  return sum;
}

Result<Range> least_squares(const Histogram& h, Scheme scheme) {
  const Counts c = counts_of(h);
  double least = INFINITY;
  Range best = clipped(h, kSide * h.width());
  Status failure;
  for_magnitudes(c, [&](int t, int, int) {
    const Range range = clipped(h, t * h.width());
    auto mapping = fit(scheme, range);
    if (!mapping.ok()) {
      failure = mapping.status();
      return;
    }
    const double error = square_error(h, c, *mapping);
    if (error >= least) return;
    least = error;
    best = range;
  });
  STRETTO_TRY(failure);
  return best;
}

}  // namespace

std::string_view name_of(Method method) {
  const auto i = static_cast<size_t>(method);
  return i < kMethodNames.size() ? kMethodNames[i] : "?";
}

std::optional<Method> method_from_name(std::string_view name) {
  const auto* it = std::find(kMethodNames.begin(), kMethodNames.end(), name);
  if (it == kMethodNames.end()) return std::nullopt;
  return static_cast<Method>(it - kMethodNames.begin());
}

Result<Range> calibrate(const Histogram& h, const Calibration& calibration) {
  if (h.not_finite() > 0) {
    return bad_input(
        fmt::format("{} of the observed numbers are NaN or infinite: look at the samples", h.not_finite()));
  }
  if (h.count() == 0) return bad_input("nothing was observed: calibration needs at least one sample");
  if (h.zeros() == h.count()) return Range{};
  switch (calibration.method) {
    case Method::minmax:
      return clipped(h, INFINITY);
    case Method::percentile:
      if (!(calibration.percentage > 0 && calibration.percentage <= 100)) {
        return bad_usage(
            fmt::format("a percentage of {}: above 0 and at most 100 is expected", calibration.percentage));
      }
      return percentile(h, calibration.percentage);
    case Method::entropy:
      return entropy(h);
    case Method::mse:
      return least_squares(h, calibration.scheme);
    case Method::manual:
    case Method::weighted_mse:
      break;
  }
  return bad_usage("calibration is by minmax, percentile, entropy or mse");
}

}  // namespace stretto::quantize
