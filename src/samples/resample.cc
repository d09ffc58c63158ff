#include "samples/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace stretto::samples {
namespace {

/// Fractional bits of a weight: 32 less 8 of the pixel less 2 for overshoot and sign.
constexpr int kPrecision = 32 - 8 - 2;

double triangle(double x) {
  return std::max(0.0, 1.0 - std::fabs(x));
}

/// Keys' cubic with a = −1/2 (R. Keys, Cubic convolution interpolation for digital image processing, 1981).
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// For each output position: the first input position, how many, and their fixed-point weights.
struct Weights {
  int taps = 0;  // room for each output position
  std::vector<int> first, count, values;
};

Weights make_weights(int src_size, int dst_size, Filter filter) {
  const double scale = static_cast<double>(src_size) / dst_size;
  const double stretch = std::max(scale, 1.0);
  const double support = (filter == Filter::bilinear ? 1.0 : 2.0) * stretch;
  Weights w;
  w.taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  w.first.resize(static_cast<size_t>(dst_size));
  w.count.resize(static_cast<size_t>(dst_size));
  w.values.resize(static_cast<size_t>(dst_size) * static_cast<size_t>(w.taps));
  std::vector<double> real(static_cast<size_t>(w.taps));
  for (int i = 0; i < dst_size; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int count = std::min(src_size, static_cast<int>(centre + support + 0.5)) - first;
    const double inverse = 1.0 / stretch;
    double sum = 0;
    for (int t = 0; t < count; ++t) {
      const double x = (t + first - centre + 0.5) * inverse;
      real[static_cast<size_t>(t)] = filter == Filter::bilinear ? triangle(x) : cubic(x);
      sum += real[static_cast<size_t>(t)];
    }
    int* out = &w.values[static_cast<size_t>(i) * static_cast<size_t>(w.taps)];
    for (int t = 0; t < count; ++t) {
      const double v = (sum != 0 ? real[static_cast<size_t>(t)] / sum : 0) * (1 << kPrecision);
      out[t] = static_cast<int>(v < 0 ? v - 0.5 : v + 0.5);
    }
    w.first[static_cast<size_t>(i)] = first;
    w.count[static_cast<size_t>(i)] = count;
  }
  return w;
}

uint8_t to_pixel(int sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
}

Image resize_rows(const Image& src, int width, Filter filter) {
  const Weights w = make_weights(src.width, width, filter);
  Image dst = make_image(width, src.height, src.channels);
  const int channels = src.channels;
  for (int y = 0; y < src.height; ++y) {
    const uint8_t* in = src.row(y);
    uint8_t* out = dst.row(y);
    for (int x = 0; x < width; ++x) {
      const int* weights = &w.values[static_cast<size_t>(x) * static_cast<size_t>(w.taps)];
      const uint8_t* from = in + static_cast<size_t>(w.first[static_cast<size_t>(x)]) * static_cast<size_t>(channels);
      const int count = w.count[static_cast<size_t>(x)];
      for (int c = 0; c < channels; ++c) {
        int sum = 1 << (kPrecision - 1);
        for (int t = 0; t < count; ++t) sum += from[t * channels + c] * weights[t];
        *out++ = to_pixel(sum);
      }
    }
  }
  return dst;
}

Image resize_columns(const Image& src, int height, Filter filter) {
  const Weights w = make_weights(src.height, height, filter);
  Image dst = make_image(src.width, height, src.channels);
  std::vector<int> sums(src.row_bytes());
  for (int y = 0; y < height; ++y) {
    const int* weights = &w.values[static_cast<size_t>(y) * static_cast<size_t>(w.taps)];
    std::fill(sums.begin(), sums.end(), 1 << (kPrecision - 1));
    for (int t = 0; t < w.count[static_cast<size_t>(y)]; ++t) {
      const uint8_t* in = src.row(w.first[static_cast<size_t>(y)] + t);
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += in[i] * weights[t];
    }
    std::transform(sums.begin(), sums.end(), dst.row(y), to_pixel);
  }
  return dst;
}

}  // namespace

Image resize(const Image& src, int width, int height, Filter filter) {
  const bool columns_first = src.height > height && src.height - height > 2 * (src.width - width);
  const auto rows = [&](const Image& image) {
    return image.width == width ? image : resize_rows(image, width, filter);
  };
  const auto columns = [&](const Image& image) {
    return image.height == height ? image : resize_columns(image, height, filter);
  };
  return columns_first ? rows(columns(src)) : columns(rows(src));
}

Image centre_crop(const Image& src, int width, int height) {
  const auto offset = [](int have, int want) {
    return have >= want ? static_cast<int>(std::nearbyint((have - want) / 2.0)) : -((want - have) / 2);
  };
  const int left = offset(src.width, width), top = offset(src.height, height);
  Image dst = make_image(width, height, src.channels);
  const int x0 = std::max(0, -left), x1 = std::min(width, src.width - left);
  const auto channels = static_cast<size_t>(src.channels);
  for (int y = 0; y < height; ++y) {
    if (y + top < 0 || y + top >= src.height || x1 <= x0) continue;
    std::memcpy(dst.row(y) + static_cast<size_t>(x0) * channels,
                src.row(y + top) + static_cast<size_t>(x0 + left) * channels, static_cast<size_t>(x1 - x0) * channels);
  }
  return dst;
}

}  // namespace stretto::samples
