#include "quantize/round_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "quantize/cholesky.h"
#include "quantize/product_weights.h"

namespace stretto::quantize {
namespace {

constexpr int64_t kCount = 500;

/// Columns whose terms go together: few sources of variation, and some noise.
Columns correlated(int64_t groups, int64_t terms, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  Columns columns{groups, terms, kCount, {}};
  columns.x.resize(static_cast<size_t>(groups * terms * kCount));
  std::vector<double> sources(static_cast<size_t>(4 * kCount)), mix(4);
  for (double& s : sources) s = 20 * normal(engine);
  for (int64_t row = 0; row < groups * terms; ++row) {
    for (double& m : mix) m = normal(engine);
    for (int64_t i = 0; i < kCount; ++i) {
      double v = 100 + 3 * normal(engine);
      for (size_t k = 0; k < 4; ++k) v += mix[k] * sources[k * kCount + static_cast<size_t>(i)];
      columns.x[static_cast<size_t>(row * kCount + i)] = static_cast<int16_t>(std::clamp(v, 0., 255.));
    }
  }
  return columns;
}

Tensor random_matrix(int64_t rows, int64_t terms, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  Tensor matrix(TensorType{DType::f32, {rows, terms}});
  for (float& w : matrix.as_mutable<float>()) w = normal(engine);
  return matrix;
}

/// Σ over rows and columns of the squared error of the products, less its mean over the columns.
double error(const Tensor& matrix, const std::vector<float>& scales, const Columns& columns, const Rounding* rounding) {
  ProductWeights weights{matrix, std::vector<float>(scales.size(), 0.f), false};
  const Tensor integers = integer_matrix(weights, scales, rounding);
  const int64_t rows = matrix.shape()[0], terms = matrix.shape()[1];
  double sum = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t group = r / (rows / columns.groups);
    std::vector<double> errors(kCount, 0);
    double mean = 0;
    for (int64_t i = 0; i < kCount; ++i) {
      for (int64_t k = 0; k < terms; ++k) {
        const auto at = static_cast<size_t>(r * terms + k);
        const double e = matrix.as<float>()[at] - integers.as<int8_t>()[at] * double{scales[static_cast<size_t>(r)]};
        errors[static_cast<size_t>(i)] += e * columns.of(group, k)[i];
      }
      mean += errors[static_cast<size_t>(i)] / kCount;
    }
    for (double e : errors) sum += (e - mean) * (e - mean);
  }
  return sum;
}

TEST(RoundWeights, the_result_errs_less_than_by_rounding_to_nearest) {
  for (int64_t groups : {1, 8}) {
    const Tensor matrix = random_matrix(16, 36, 1);
    const std::vector<float> scales(16, 0.2f);
    const Columns columns = correlated(groups, 36, 2);
    const auto rounding = round_weights(matrix, scales, columns, 1);
    ASSERT_TRUE(rounding.has_value());
    const double nearest = error(matrix, scales, columns, nullptr);
    EXPECT_LT(error(matrix, scales, columns, &*rounding), nearest / 4) << groups << " groups, nearest " << nearest;
    EXPECT_EQ(*round_weights(matrix, scales, columns, 3), *rounding);
  }
}

TEST(RoundWeights, terms_that_vary_apart_are_rounded_to_nearest) {
  Columns columns{1, 8, 16, std::vector<int16_t>(8 * 16, 5)};
  for (size_t k = 0; k < 8; ++k) {
    columns.x[k * 16 + 2 * k] += 7;  // each in one column of its own, made orthogonal by its opposite
    columns.x[k * 16 + 2 * k + 1] -= 7;
  }
  const Tensor matrix = random_matrix(4, 8, 3);
  const std::vector<float> scales(4, 0.1f);
  const auto rounding = round_weights(matrix, scales, columns, 1);
  ASSERT_TRUE(rounding.has_value());
  ProductWeights weights{matrix, std::vector<float>(4, 0.f), false};
  const Tensor decided = integer_matrix(weights, scales, &*rounding),
               nearest = integer_matrix(weights, scales, nullptr);
  for (size_t i = 0; i < 32; ++i) EXPECT_EQ(decided.as<int8_t>()[i], nearest.as<int8_t>()[i]) << i;
}

TEST(RoundWeights, constant_columns_decide_nothing) {
  const Columns columns{1, 3, 4, std::vector<int16_t>(12, 9)};
  EXPECT_FALSE(round_weights(random_matrix(2, 3, 1), std::vector<float>(2, 0.1f), columns, 1).has_value());
}

TEST(RoundWeights, a_transposed_convolution_rounds_each_kernel_position_by_itself) {
  const Columns columns = correlated(1, 6, 4);
  const Tensor whole = random_matrix(3, 6 * 4, 5);  // terms by channel, then kernel position
  const std::vector<float> scales(3, 0.2f);
  const auto rounding = round_weights(whole, scales, columns, 2);
  ASSERT_TRUE(rounding.has_value());
  for (int64_t position = 0; position < 4; ++position) {
    Tensor part(TensorType{DType::f32, {3, 6}});
    for (int64_t i = 0; i < 18; ++i) {
      part.as_mutable<float>()[static_cast<size_t>(i)] = whole.as<float>()[static_cast<size_t>(i * 4 + position)];
    }
    const auto alone = round_weights(part, scales, columns, 1);
    ASSERT_TRUE(alone.has_value());
    for (int64_t i = 0; i < 18; ++i) EXPECT_EQ(alone->steps(i), rounding->steps(i * 4 + position));
  }
}

TEST(Cholesky, the_factor_times_its_transpose_is_the_matrix) {
  for (int64_t n : {1, 5, 64, 65, 200, 700}) {
    const Tensor root = random_matrix(n, n, 7);
    std::vector<float> a(static_cast<size_t>(n * n));
    auto r = root.as<float>();
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = i == j ? static_cast<double>(n) : 0;
        for (int64_t k = 0; k < n; ++k)
          sum += double{r[static_cast<size_t>(i * n + k)]} * r[static_cast<size_t>(j * n + k)];
        a[static_cast<size_t>(i * n + j)] = static_cast<float>(sum);
      }
    }
    std::vector<float> l = a, again = a;
    ASSERT_TRUE(cholesky(l.data(), n, 1));
    ASSERT_TRUE(cholesky(again.data(), n, 3));
    EXPECT_EQ(l, again);
    double worst = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j <= i; ++j) {
        double sum = 0;
        for (int64_t k = 0; k <= j; ++k)
          sum += double{l[static_cast<size_t>(i * n + k)]} * l[static_cast<size_t>(j * n + k)];
        worst = std::max(worst, std::abs(sum - a[static_cast<size_t>(i * n + j)]));
      }
    }
    EXPECT_LT(worst, 1e-4 * static_cast<double>(n)) << n;
  }
  std::vector<float> indefinite{1, 0, 2, 1};
  EXPECT_FALSE(cholesky(indefinite.data(), 2, 1));
}

}  // namespace
}  // namespace stretto::quantize
