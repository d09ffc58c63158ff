#include "quantize/cholesky.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "quantize/parallel.h"

namespace stretto::quantize {
namespace {

/// Columns that are eliminated together, rows that one piece of work takes, columns whose panel stays in the cache.
constexpr int64_t kBlock = 64, kRows = 32, kTile = 512;

/// The factor of the diagonal block [size, size] at `a`.
bool factor_block(float* a, int64_t n, int64_t size) {
  for (int64_t j = 0; j < size; ++j) {
    double d = a[j * n + j];
    for (int64_t k = 0; k < j; ++k) d -= double{a[j * n + k]} * a[j * n + k];
    if (!(d > 0)) return false;
    const auto root = static_cast<float>(std::sqrt(d));
    a[j * n + j] = root;
    for (int64_t i = j + 1; i < size; ++i) {
      double v = a[i * n + j];
      for (int64_t k = 0; k < j; ++k) v -= double{a[i * n + k]} * a[j * n + k];
      a[i * n + j] = static_cast<float>(v / root);
    }
  }
  return true;
}

/// row · Lᵀ = what `row` held, for the block's factor L.
void solve_row(float* row, const float* block, int64_t n, int64_t size) {
  for (int64_t j = 0; j < size; ++j) {
    float v = row[j];
    for (int64_t k = 0; k < j; ++k) v -= row[k] * block[j * n + k];
    row[j] = v / block[j * n + j];
  }
}

/// row[j] −= Σ_k factors[k] · panel[k, j], 0 ≤ j < count; `size` is a multiple of 4.
void subtract(float* row, const float* factors, const float* panel, int64_t stride, int64_t size, int64_t count) {
  for (int64_t k = 0; k < size; k += 4) {
    const float a = factors[k], b = factors[k + 1], c = factors[k + 2], d = factors[k + 3];
    const float *p = panel + k * stride, *q = p + stride, *r = q + stride, *s = r + stride;
    for (int64_t j = 0; j < count; ++j) row[j] -= (a * p[j] + b * q[j]) + (c * r[j] + d * s[j]);
  }
}

}  // namespace

bool cholesky(float* a, int64_t n, int threads) {
  std::vector<float> panel;  // what is below the block, transposed: [kBlock, rows below]
  for (int64_t at = 0; at < n; at += kBlock) {
    const int64_t size = std::min(kBlock, n - at), below = n - at - size, first = at + size;
    float* block = a + at * n + at;
    if (!factor_block(block, n, size)) return false;
    if (below == 0) break;  // only the last block is smaller than kBlock
    panel.resize(static_cast<size_t>(kBlock * below));
    const int64_t pieces = (below + kRows - 1) / kRows;
    parallel(pieces, threads, [&](int64_t piece) {
      for (int64_t i = piece * kRows; i < std::min(below, (piece + 1) * kRows); ++i) {
        float* row = a + (first + i) * n + at;
        solve_row(row, block, n, size);
        for (int64_t k = 0; k < size; ++k) panel[static_cast<size_t>(k * below + i)] = row[k];
      }
    });
    parallel(pieces, threads, [&](int64_t piece) {
      const int64_t begin = piece * kRows, end = std::min(below, begin + kRows);
      for (int64_t tile = 0; tile < end; tile += kTile) {
        for (int64_t i = std::max(begin, tile); i < end; ++i) {
          float* row = a + (first + i) * n;
          subtract(row + first + tile, row + at, panel.data() + tile, below, size, std::min(kTile, i + 1 - tile));
        }
      }
    });
  }
  return true;
}

}  // namespace stretto::quantize
