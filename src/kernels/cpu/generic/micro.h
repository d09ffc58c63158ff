// The register block of every product: 4 rows by 8 columns in vectors of four floats, which every machine has.
#pragma once

#include <cstdint>
#include <cstring>

namespace stretto::kernels::generic {

typedef float V4 __attribute__((vector_size(16)));

inline constexpr int64_t kRows = 4;     // of a panel of A
inline constexpr int64_t kColumns = 8;  // of a panel of B

inline V4 load4(const float* p) {
  V4 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store4(float* p, V4 v) {
  std::memcpy(p, &v, sizeof v);
}

/// t[r][c] = Σ_i a[i][r] · b[i][c], i rising; a holds R floats a step, b eight, t is R×8.
template <int R>
inline void multiply(int64_t k, const float* a, const float* b, float* t) {
  V4 sum[R][2] = {};
  for (int64_t i = 0; i < k; ++i) {
    V4 b0 = load4(b + i * kColumns), b1 = load4(b + i * kColumns + 4);
    for (int r = 0; r < R; ++r) {
      float s = a[i * R + r];
      V4 v = {s, s, s, s};
      sum[r][0] += v * b0;
      sum[r][1] += v * b1;
    }
  }
  for (int r = 0; r < R; ++r) {
    store4(t + r * kColumns, sum[r][0]);
    store4(t + r * kColumns + 4, sum[r][1]);
  }
}

/// One row, without the latency of one chain of additions: even and odd steps are summed apart.
template <>
inline void multiply<1>(int64_t k, const float* a, const float* b, float* t) {
  V4 sum[4][2] = {};
  int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    for (int64_t j = 0; j < 4; ++j) {
      float s = a[i + j];
      V4 v = {s, s, s, s};
      sum[j][0] += v * load4(b + (i + j) * kColumns);
      sum[j][1] += v * load4(b + (i + j) * kColumns + 4);
    }
  }
  for (; i < k; ++i) {
    float s = a[i];
    V4 v = {s, s, s, s};
    sum[0][0] += v * load4(b + i * kColumns);
    sum[0][1] += v * load4(b + i * kColumns + 4);
  }
  store4(t, (sum[0][0] + sum[1][0]) + (sum[2][0] + sum[3][0]));
  store4(t + 4, (sum[0][1] + sum[1][1]) + (sum[2][1] + sum[3][1]));
}

}  // namespace stretto::kernels::generic
