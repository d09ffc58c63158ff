#include "quantize/round_weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quantize/cholesky.h"
#include "quantize/parallel.h"

namespace stretto::quantize {
namespace {

constexpr double kDamping = 0.01;  // of the mean of the diagonal
constexpr int64_t kRows = 16;      // of weights that share the factor's row in the cache
constexpr int64_t kTile = 8;       // rows of columns against as many

int64_t dot(const int16_t* a, const int16_t* b, int64_t count) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += int32_t{a[i]} * b[i];
  return sum;
}

/// The lower triangle of the columns' covariance, in units of their integers.
std::vector<float> covariance(const Columns& columns, int64_t group, int threads) {
  const int64_t n = columns.terms, count = columns.count;
  std::vector<int64_t> sums(static_cast<size_t>(n), 0);
  for (int64_t i = 0; i < n; ++i) {
    const int16_t* x = columns.of(group, i);
    for (int64_t k = 0; k < count; ++k) sums[static_cast<size_t>(i)] += x[k];
  }
  std::vector<float> h(static_cast<size_t>(n * n), 0.f);
  const double inverse = 1.0 / static_cast<double>(count);
  parallel((n + kTile - 1) / kTile, threads, [&](int64_t tile) {
    const int64_t begin = tile * kTile, end = std::min(n, begin + kTile);
    for (int64_t other = 0; other < end; other += kTile) {
      for (int64_t i = begin; i < end; ++i) {
        for (int64_t j = other; j < std::min(i + 1, other + kTile); ++j) {
          const auto product = static_cast<double>(dot(columns.of(group, i), columns.of(group, j), count));
          const double means = static_cast<double>(sums[static_cast<size_t>(i)]) * inverse *
                               static_cast<double>(sums[static_cast<size_t>(j)]);
          h[static_cast<size_t>(i * n + j)] = static_cast<float>((product - means) * inverse);
        }
      }
    }
  });
  return h;
}

/// One group: which term each row of the factor stands for, and the factor; empty where nothing varies.
struct Factor {
  std::vector<int64_t> term;  // liveliest last
  std::vector<float> l;
};

Factor factor_of(const Columns& columns, int64_t group, int threads) {
  const int64_t n = columns.terms;
  const std::vector<float> h = covariance(columns, group, threads);
  Factor factor;
  factor.term.resize(static_cast<size_t>(n));
  std::iota(factor.term.begin(), factor.term.end(), 0);
  const auto diagonal = [&](int64_t i) { return h[static_cast<size_t>(i * n + i)]; };
  std::stable_sort(factor.term.begin(), factor.term.end(),
                   [&](int64_t a, int64_t b) { return diagonal(a) < diagonal(b); });
  double mean = 0;
  for (int64_t i = 0; i < n; ++i) mean += double{diagonal(i)} / static_cast<double>(n);
  if (!(mean > 0)) return {};
  factor.l.resize(h.size());
  parallel(n, threads, [&](int64_t i) {
    const int64_t a = factor.term[static_cast<size_t>(i)];
    float* row = factor.l.data() + i * n;
    for (int64_t j = 0; j <= i; ++j) {
      const int64_t b = factor.term[static_cast<size_t>(j)];
      row[j] = h[static_cast<size_t>(std::max(a, b) * n + std::min(a, b))];
    }
    row[i] += static_cast<float>(kDamping * mean);
  });
  if (!cholesky(factor.l.data(), n, threads)) return {};
  return factor;
}

/// Weights of a row that lie `stride` apart, with their scale.
struct Row {
  const float* weights;
  int8_t* steps;  // above floor(weight / scale), in the weights' places
  float scale;
};

void decide(std::span<const Row> rows, const Factor& factor, int64_t stride, std::vector<float>& debts) {
  const auto n = static_cast<int64_t>(factor.term.size());
  debts.assign(rows.size() * static_cast<size_t>(n), 0.f);  // by row: Σ_{j decided} e_j · L_jk
  for (int64_t k = n - 1; k >= 0; --k) {
    const float* l = factor.l.data() + k * n;
    const int64_t at = factor.term[static_cast<size_t>(k)] * stride;
    for (size_t r = 0; r < rows.size(); ++r) {
      const float w = rows[r].weights[at], scale = rows[r].scale, below = std::floor(w / scale);
      float* debt = debts.data() + static_cast<int64_t>(r) * n;
      const float aim = (w + debt[k] / l[k]) / scale;
      const float integer = std::clamp(std::clamp(std::rint(aim), below - 1, below + 2), -127.f, 127.f);
      rows[r].steps[at] = static_cast<int8_t>(std::clamp(integer - below, -1.f, 2.f));
      const float error = w - integer * scale;
      for (int64_t j = 0; j < k; ++j) debt[j] += error * l[j];
    }
  }
}

}  // namespace

std::optional<Rounding> round_weights(const Tensor& matrix, std::span<const float> scales, const Columns& columns,
                                      int threads) {
  const int64_t channels = matrix.shape()[0], terms = matrix.shape()[1], stride = terms / columns.terms;
  const int64_t rows = channels / columns.groups * stride;  // of a group: of a conv_transpose by kernel position
  std::vector<int8_t> steps(static_cast<size_t>(matrix.elements()), 0);
  const float* weights = matrix.as<float>().data();
  for (size_t i = 0; i < steps.size(); ++i) {
    const float exact = weights[i] / scales[i / static_cast<size_t>(terms)];
    steps[i] = std::rint(exact) > std::floor(exact) ? 1 : 0;
  }
  std::vector<uint8_t> done(static_cast<size_t>(columns.groups), 0);
  const bool many = columns.groups > 1;
  parallel(columns.groups, many ? threads : 1, [&](int64_t group) {
    const int inner = many ? 1 : threads;
    const Factor factor = factor_of(columns, group, inner);
    if (factor.l.empty()) return;
    done[static_cast<size_t>(group)] = 1;
    parallel((rows + kRows - 1) / kRows, inner, [&](int64_t piece) {
      std::vector<Row> taken;
      for (int64_t r = piece * kRows; r < std::min(rows, (piece + 1) * kRows); ++r) {
        const int64_t channel = group * (channels / columns.groups) + r / stride, at = channel * terms + r % stride;
        taken.push_back({weights + at, steps.data() + at, scales[static_cast<size_t>(channel)]});
      }
      std::vector<float> debts;
      decide(taken, factor, stride, debts);
    });
  });
  if (std::find(done.begin(), done.end(), 1) == done.end()) return std::nullopt;
  Rounding rounding(matrix.elements());
  for (size_t i = 0; i < steps.size(); ++i) rounding.set(static_cast<int64_t>(i), steps[i]);
  return rounding;
}

}  // namespace stretto::quantize
