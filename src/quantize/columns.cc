#include "quantize/columns.h"

#include <algorithm>

#include "quantize/parallel.h"

namespace stretto::quantize {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t z) {
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

int64_t div_floor(int64_t a, int64_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/// What conv and conv_transpose have in common; a gemm is a convolution of one pixel.
struct Window {
  bool transposed = false;
  int64_t groups = 1, images = 1, channels = 1;  // channels of a group
  int64_t in[2] = {1, 1}, out[2] = {1, 1}, kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1}, dilation[2] = {1, 1}, pad[2] = {0, 0};
  int32_t zero = 0;
  int64_t window() const { return kernel[0] * kernel[1]; }
  int64_t terms() const { return transposed ? channels : channels * window(); }
};

template <class Conv>
void read_conv(const Conv& conv, const Shape& weights, const Shape& source, const Shape& output, Window& w) {
  w.groups = conv.group;
  w.zero = static_cast<int32_t>(conv.zero);
  w.images = source[0];
  w.channels = source[1] / conv.group;
  for (int i = 0; i < 2; ++i) {
    w.in[i] = source[2 + i];
    w.out[i] = output[2 + i];
    w.kernel[i] = weights[2 + i];
    w.stride[i] = conv.strides[i];
    w.dilation[i] = conv.dilations[i];
    w.pad[i] = conv.pads[i];
  }
}

Window window_of(const ProductShape& product, const Shape& source) {
  Window w;
  if (const auto* conv = std::get_if<op::ConvInteger>(&product.attrs)) {
    read_conv(*conv, product.weights, source, product.output, w);
  } else if (const auto* transposed = std::get_if<op::ConvTransposeInteger>(&product.attrs)) {
    w.transposed = true;
    read_conv(*transposed, product.weights, source, product.output, w);
  } else {
    w.zero = static_cast<int32_t>(std::get<op::GemmInteger>(product.attrs).zero);
    w.images = source[0];
    w.channels = source[1];
  }
  return w;
}

/// Indices of the source along one axis that a kernel position at `offset` multiplies: first, first + step, ….
struct Reach {
  int64_t first = 0, count = 0, step = 1;
};

Reach reach_of(const Window& w, int axis, int64_t position) {
  const int64_t shift = w.pad[axis] - position * w.dilation[axis], stride = w.stride[axis];
  // A convolution reads o · stride − shift; a transposed one writes i · stride − shift.
  const int64_t many = w.transposed ? w.in[axis] : w.out[axis], bound = w.transposed ? w.out[axis] : w.in[axis];
  const int64_t low = std::max<int64_t>(0, div_floor(shift + stride - 1, stride));
  const int64_t high = std::min(many, div_floor(bound - 1 + shift, stride) + 1);
  if (high <= low) return {};
  return w.transposed ? Reach{low, high - low, 1} : Reach{low * stride - shift, high - low, stride};
}

int64_t sum_row(const uint8_t* row, const Reach& reach) {
  int64_t sum = 0;
  if (reach.step == 1) {
    for (int64_t i = 0; i < reach.count; ++i) sum += row[reach.first + i];
  } else {
    for (int64_t i = 0; i < reach.count; ++i) sum += row[reach.first + i * reach.step];
  }
  return sum;
}

/// The sums of one image's channel over each kernel position's places, added to sums[window].
void add_plane(const Window& w, const uint8_t* plane, std::vector<int64_t>& rows, int64_t* sums) {
  for (int64_t x = 0; x < w.kernel[1]; ++x) {
    const Reach along = reach_of(w, 1, x);
    for (int64_t h = 0; h < w.in[0]; ++h) {
      rows[static_cast<size_t>(h)] = sum_row(plane + h * w.in[1], along) - along.count * w.zero;
    }
    for (int64_t y = 0; y < w.kernel[0]; ++y) {
      const Reach down = reach_of(w, 0, y);
      for (int64_t i = 0; i < down.count; ++i) {
        sums[y * w.kernel[1] + x] += rows[static_cast<size_t>(down.first + i * down.step)];
      }
    }
  }
}

/// Places of one sample: numbers in 0 … total − 1, ascending.
std::vector<int64_t> places_of(int64_t total, int64_t wanted, uint64_t seed) {
  const int64_t count = std::min(total, wanted);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = i * total / count, end = (i + 1) * total / count;
    seed = mix(seed);
    places.push_back(begin + static_cast<int64_t>((seed >> 16) % static_cast<uint64_t>(end - begin)));
  }
  return places;
}

/// Writes one term of the column at place (image, y, x) of each of `places`.
void gather(const Window& w, const Tensor& source, const std::vector<int64_t>& places, int64_t group, int64_t term,
            int16_t* to) {
  const int64_t window = w.transposed ? 1 : w.window(), channel = group * w.channels + term / window;
  const int64_t ky = term % window / w.kernel[1], kx = term % window % w.kernel[1];
  const int64_t *across = w.transposed ? w.in : w.out, plane = w.in[0] * w.in[1];
  const auto* bytes = source.as<uint8_t>().data();
  for (size_t i = 0; i < places.size(); ++i) {
    const int64_t image = places[i] / (across[0] * across[1]), at = places[i] % (across[0] * across[1]);
    int64_t y = at / across[1], x = at % across[1];
    if (!w.transposed) {
      y = y * w.stride[0] - w.pad[0] + ky * w.dilation[0];
      x = x * w.stride[1] - w.pad[1] + kx * w.dilation[1];
    }
    const bool inside = y >= 0 && y < w.in[0] && x >= 0 && x < w.in[1];
    const int64_t index = (image * w.channels * w.groups + channel) * plane + y * w.in[1] + x;
    to[i] = inside ? static_cast<int16_t>(int32_t{bytes[index]} - w.zero) : int16_t{0};
  }
}

/// The shape of the source does not matter for the counts.
Window counts_of(const ProductShape& product) {
  Window w;
  if (const auto* conv = std::get_if<op::ConvInteger>(&product.attrs)) {
    w.groups = conv->group;
    w.channels = product.weights[1];
  } else if (const auto* transposed = std::get_if<op::ConvTransposeInteger>(&product.attrs)) {
    w.transposed = true;
    w.groups = transposed->group;
    w.channels = product.weights[0] / transposed->group;
  } else {
    w.channels = product.weights[1];
    return w;
  }
  w.kernel[0] = product.weights[2];
  w.kernel[1] = product.weights[3];
  return w;
}

}  // namespace

int64_t column_terms(const ProductShape& product) {
  return counts_of(product).terms();
}

int64_t term_sum_count(const ProductShape& product) {
  const Window w = counts_of(product);
  return w.groups * w.channels * w.window();
}

Columns sample_columns(const ProductShape& product, std::span<const Tensor> sources, int64_t per_sample, uint64_t seed,
                       int threads) {
  const Window w = window_of(product, sources[0].shape());
  const int64_t total = w.images * (w.transposed ? w.in[0] * w.in[1] : w.out[0] * w.out[1]);
  const auto samples = static_cast<int64_t>(sources.size());
  per_sample = std::min(per_sample, std::max<int64_t>(1, kMostColumns / samples));
  std::vector<std::vector<int64_t>> places;
  for (int64_t s = 0; s < std::min(samples, kMostColumns); ++s) {
    places.push_back(places_of(total, per_sample, mix(seed) ^ static_cast<uint64_t>(s)));
  }
  Columns columns;
  columns.groups = w.groups;
  columns.terms = w.terms();
  const auto each = static_cast<int64_t>(places[0].size());
  columns.count = each * static_cast<int64_t>(places.size());
  columns.x.resize(static_cast<size_t>(columns.groups * columns.terms * columns.count));
  parallel(columns.groups * columns.terms, threads, [&](int64_t i) {
    int16_t* to = columns.x.data() + i * columns.count;
    for (size_t s = 0; s < places.size(); ++s, to += each) {
      gather(w, sources[s], places[s], i / columns.terms, i % columns.terms, to);
    }
  });
  return columns;
}

void add_term_sums(const ProductShape& product, const Tensor& source, std::span<int64_t> sums) {
  const Window w = window_of(product, source.shape());
  const int64_t planes = w.groups * w.channels, pixels = w.in[0] * w.in[1];
  const uint8_t* bytes = source.as<uint8_t>().data();
  std::vector<int64_t> rows(static_cast<size_t>(w.in[0]));
  for (int64_t i = 0; i < w.images * planes; ++i) {
    add_plane(w, bytes + i * pixels, rows, sums.data() + i % planes * w.window());
  }
}

}  // namespace stretto::quantize
