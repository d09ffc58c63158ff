// The loops of a product around the register tile of convolutions: a row of src is a pixel.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/gemm_params.h"
#include "kernels/cpu/x86/gemm_row_loops.h"
#include "kernels/cpu/x86/unary_loops.h"

namespace stretto::kernels {
namespace {

/// Rows begin…end of src, in blocks of a vector's width along k.
template <class V>
void gemm_copy(const GemmParams& p, const float* src, float* out, int begin, int end) {
  constexpr int W = V::width;
  for (int m = begin; m < end; ++m) {
    const float* row = src + static_cast<ptrdiff_t>(m) * p.k;
    float* to = out + static_cast<ptrdiff_t>(m) * W;
    const ptrdiff_t step = static_cast<ptrdiff_t>(p.m) * W;
    int k = 0;
    for (; k + W <= p.k; k += W, to += step) V::store(to, V::load(row + k));
    if (k < p.k) V::store(to, V::load_part(row + k, p.k - k));
  }
}

struct GemmTask {
  const GemmParams* p;
  const float* src;     // phase 0's copy
  const void* weights;  // I::Weight
  const float* bias;
  const float* other;  // may be null
  float* dst;
  float* last;  // rows of the last group of blocks where it reaches past n: [row of the task][block][width]
};

/// Rows of the last, partial group: the epilogue in place, then only the columns that exist.
template <class V>
void gemm_finish(const GemmTask& t, int row_begin, int rows, int block, int blocks) {
  constexpr int W = V::width;
  const GemmParams& p = *t.p;
  alignas(64) float other[W] = {};
  for (int r = 0; r < rows; ++r) {
    for (int b = 0; b < blocks; ++b) {
      const int n = (block + b) * W;
      const int lanes = p.n - n < W ? p.n - n : W;
      const ptrdiff_t place = static_cast<ptrdiff_t>(row_begin + r) * p.n + n;
      if (t.other != nullptr) V::store(other, V::load_part(t.other + place, lanes));
      float* x = t.last + (static_cast<ptrdiff_t>(r) * blocks + b) * W;
      epilogue_row<V>(p.epilogue, x, other, 1, W, W);
      V::store_part(t.dst + place, V::load(x), lanes);
    }
  }
}

template <class I>
void gemm_rows(const GemmTask& t, int row_begin, int row_end, int block_begin, int block_end) {
  using V = typename I::V;
  constexpr int W = V::width;
  const GemmParams& p = *t.p;
  const EpilogueParams& e = p.epilogue;
  const ptrdiff_t tap = 0;
  const int tiles = (row_end - row_begin + p.pixels - 1) / p.pixels;
  for (int k = 0; k < p.k_blocks; k += p.k_chunk) {
    const int k_end = k + p.k_chunk < p.k_blocks ? k + p.k_chunk : p.k_blocks;
    const bool last = k_end == p.k_blocks;
    TileArgs a;
    a.taps = &tap;
    a.src_block = static_cast<ptrdiff_t>(p.m) * W;
    a.ic_blocks = k_end - k;
    a.kh = a.kw = 1;
    a.quads = W / 4;
    a.last_quads = last ? p.last_quads : W / 4;
    a.lo = e.lo;
    a.hi = e.hi;
    for (int tile = 0, row = row_begin; tile < tiles; ++tile) {
      const int rows = (row_end - row + tiles - tile - 1) / (tiles - tile);
      a.src = t.src + k * a.src_block + static_cast<ptrdiff_t>(row) * W;
      for (int block = block_begin; block < block_end; block += p.blocks) {
        const int blocks = block_end - block < p.blocks ? block_end - block : p.blocks;
        const bool part = (block + blocks) * W > p.n;
        const bool simple = last && e.simple && !part;
        const ptrdiff_t place = static_cast<ptrdiff_t>(row) * p.n + block * W;
        a.weights = static_cast<const typename I::Weight*>(t.weights) +
                    (static_cast<ptrdiff_t>(block) * p.k_blocks + k * blocks) * W * W;
        a.bias = k == 0 ? t.bias + block * W : nullptr;
        a.dst = part ? t.last + static_cast<ptrdiff_t>(row - row_begin) * blocks * W : t.dst + place;
        a.dst_pixel = part ? blocks * W : p.n;
        a.dst_block = W;
        a.other = simple && t.other != nullptr ? t.other + place : nullptr;
        a.clamp = simple;
        (p.m == 1 ? gemm_row<V, typename I::Weight>(blocks) : I::tile(rows, blocks))(a);
        if (!last || simple || part) continue;
        for (int b = 0; b < blocks; ++b) {
          epilogue_row<V>(e, a.dst + b * W, t.other == nullptr ? nullptr : t.other + place + b * W, rows, p.n, W);
        }
      }
      row += rows;
    }
  }
  if (block_end * W <= p.n) return;
  const int group = (block_end - block_begin - 1) / p.blocks * p.blocks;
  gemm_finish<V>(t, row_begin, row_end - row_begin, block_begin + group, block_end - block_begin - group);
}

template <class I>
void gemm_task(const StepArgs& args, TaskId id) {
  const GemmParams& p = *static_cast<const GemmParams*>(args.params);
  float* copy = reinterpret_cast<float*>(args.scratch);
  if (id.phase == 0) {
    const int begin = id.index * p.copy_rows;
    const int end = begin + p.copy_rows < p.m ? begin + p.copy_rows : p.m;
    return gemm_copy<typename I::V>(p, static_cast<const float*>(args.src[p.src]), copy, begin, end);
  }
  const int row = id.index % p.row_blocks * p.rows;
  const int block = id.index / p.row_blocks * p.n_chunk;
  const float* packed = reinterpret_cast<const float*>(args.weights);
  GemmTask t;
  t.p = &p;
  t.src = copy;
  t.bias = packed;
  t.weights = packed + p.weights;
  t.other = p.epilogue.other < 0 ? nullptr : static_cast<const float*>(args.src[p.epilogue.other]);
  t.dst = static_cast<float*>(args.dst);
  t.last = reinterpret_cast<float*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  const int row_end = row + p.rows < p.m ? row + p.rows : p.m;
  const int block_end = block + p.n_chunk < p.n_blocks ? block + p.n_chunk : p.n_blocks;
  gemm_rows<I>(t, row, row_end, block, block_end);
}

}  // namespace
}  // namespace stretto::kernels
