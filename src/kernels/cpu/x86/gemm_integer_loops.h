// The loops of a product of bytes: weights are read once from front to back for every few rows of the source.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/bytes_loops.h"
#include "kernels/cpu/x86/gemm_integer_params.h"

namespace stretto::kernels {
namespace {

constexpr int kGemmAhead = 4096;  // bytes of weights that are fetched ahead

template <class V>
struct GemmIntegerTask {
  const GemmIntegerParams* p;
  const uint8_t *src, *other, *table;
  const int32_t* bias;
  const float* scales;
  const int8_t* weights;
  void* dst;
};

/// What becomes of the sums of one row and one block of columns.
template <class V>
void finish_sums(const GemmIntegerTask<V>& t, int row, int block, typename V::I sum) {
  const GemmIntegerParams& p = *t.p;
  const int lanes = p.n - block * 16 < 16 ? p.n - block * 16 : 16;
  const ptrdiff_t at = static_cast<ptrdiff_t>(row) * p.n + block * 16;
  if (p.result == GemmIntegerParams::sums) {
    int32_t values[16];
    V::store(values, sum);
    std::memcpy(static_cast<int32_t*>(t.dst) + at, values, static_cast<size_t>(lanes) * sizeof(int32_t));
    return;
  }
  auto x = V::mul(V::real(V::sub(sum, V::set(p.src_zero))), V::load(t.scales + block * 16));
  if (p.result == GemmIntegerParams::reals) {
    float values[16];
    V::store(values, x);
    std::memcpy(static_cast<float*>(t.dst) + at, values, static_cast<size_t>(lanes) * sizeof(float));
    return;
  }
  if (t.other != nullptr) {
    const __m128i o = _mm_xor_si128(load_bytes(t.other + at, lanes), _mm_set1_epi8(static_cast<char>(p.other_flip)));
    x = V::add(x, V::mul(V::real(V::sub(V::widen(o), V::set(p.other_zero))), V::set(p.other_scale)));
  }
  if (p.slope != 1) x = V::max(V::mul(x, V::set(p.slope)), x);
  alignas(64) uint8_t room[64] = {};
  store_bytes(room, V::bytes(V::add(V::round(x, V::set(p.least), V::set(p.most)), V::set(p.zero))));
  if (p.byte_table) V::look_up(t.table, room);
  std::memcpy(static_cast<uint8_t*>(t.dst) + at, room, static_cast<size_t>(lanes));
}

/// R rows and B blocks of columns.
template <class V, int R, int B>
void gemm_tile(const GemmIntegerTask<V>& t, int row, int block, const int8_t* weights) {
  constexpr int G = V::kGroup;
  const GemmIntegerParams& p = *t.p;
  const uint8_t* src = t.src + static_cast<ptrdiff_t>(row) * p.k;
  typename V::I sum[R][B];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) sum[r][b] = V::load(t.bias + (block + b) * 16);
  }
  const auto step = [&](const uint8_t* x, ptrdiff_t stride) {
    typename V::Weights w[B];
    for (int at = 0; at < B * 16 * G; at += 64) _mm_prefetch(weights + kGemmAhead + at, _MM_HINT_T0);
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) w[b] = V::load_weights(weights + b * 16 * G);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      const auto a = V::spread(x + r * stride);
#pragma GCC unroll 4
      for (int b = 0; b < B; ++b) sum[r][b] = V::dot(sum[r][b], a, w[b]);
    }
    weights += B * 16 * G;
  };
  int k = 0;
  for (; k + G <= p.k; k += G) step(src + k, p.k);
  if (k < p.k) {
    uint8_t rest[R * G] = {};
    for (int r = 0; r < R; ++r) {
      std::memcpy(rest + r * G, src + static_cast<ptrdiff_t>(r) * p.k + k, static_cast<size_t>(p.k - k));
    }
    step(rest, G);
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int b = 0; b < B; ++b) finish_sums(t, row + r, block + b, sum[r][b]);
  }
}

template <class V, int B>
void gemm_rows_of(const GemmIntegerTask<V>& t, int row, int row_end, int block, const int8_t* weights) {
  for (; row + V::kRows <= row_end; row += V::kRows) gemm_tile<V, V::kRows, B>(t, row, block, weights);
  for (; row < row_end; ++row) gemm_tile<V, 1, B>(t, row, block, weights);
}

template <class V>
void gemm_integer_task(const StepArgs& args, TaskId id) {
  const GemmIntegerParams& p = *static_cast<const GemmIntegerParams*>(args.params);
  const auto* packed = reinterpret_cast<const uint8_t*>(args.weights);
  GemmIntegerTask<V> t;
  t.p = &p;
  t.src = static_cast<const uint8_t*>(args.src[p.src]);
  t.other = p.other < 0 ? nullptr : static_cast<const uint8_t*>(args.src[p.other]);
  t.table = packed + p.table;
  t.bias = reinterpret_cast<const int32_t*>(packed);
  t.scales = reinterpret_cast<const float*>(packed + p.scales);
  t.weights = reinterpret_cast<const int8_t*>(packed + p.weights);
  t.dst = args.dst;
  const ptrdiff_t block_bytes = static_cast<ptrdiff_t>((p.k + V::kGroup - 1) / V::kGroup) * V::kGroup * 16;
  const int row = id.index % p.row_blocks * p.rows, row_end = row + p.rows < p.m ? row + p.rows : p.m;
  const int first = id.index / p.row_blocks * p.columns;
  const int last = first + p.columns < p.n_blocks ? first + p.columns : p.n_blocks;
  for (int block = first; block < last; block += p.blocks) {
    const int blocks = last - block < p.blocks ? last - block : p.blocks;
    const int8_t* weights = t.weights + block * block_bytes;
    if (blocks == 1) gemm_rows_of<V, 1>(t, row, row_end, block, weights);
    if (blocks == 2) gemm_rows_of<V, 2>(t, row, row_end, block, weights);
    if constexpr (V::kBlocks > 2) {
      if (blocks == 3) gemm_rows_of<V, 3>(t, row, row_end, block, weights);
      if (blocks == 4) gemm_rows_of<V, 4>(t, row, row_end, block, weights);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
