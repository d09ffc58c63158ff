// Integer depthwise convolution of 3×3 in strips of four pixels that go down the rows. Four adjacent pixels of a row of
// the source are turned once into four bytes for each of 16 channels, in a register, and multiplied by the three rows
// of the kernel for the up to three rows of the result that read them; with a stride of 1 they serve two pixels of
// each.
//
// The source is read in place: what lies outside the image is masked out and replaced by `zero`.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/depthwise_strip_params.h"
#include "kernels/cpu/x86/integer_epilogue_loops.h"

namespace stretto::kernels {
namespace {

/// Some rows of one strip.
struct Strip {
  const DepthwiseStripParams* p;
  const uint8_t* src;  // the plane
  const std::byte* weights;
  const int32_t* biases;
  int column;         // of the source, where the first pixel begins
  int row;            // the same
  int rows, pixels;   // of the result
  ptrdiff_t dst_row;  // bytes
  IntegerOutput out;
};

/// S: stride, N: pixels. `inside`: every column that is read exists. `from_registers`: as can_store_tile says; else
/// only t.pixels of the N are stored.
template <class V, int S, int N, bool inside, bool from_registers>
void make_strip(const Strip& t) {
  using T = typename V::T;
  constexpr int Q = S == 1 ? (N + 1) / 2 : N, W = S == 1 ? 2 : 1;  // fours of a row of the source; places of a weight
  const DepthwiseStripParams& p = *t.p;
  T weights[3][W];
#pragma GCC unroll 3
  for (int k = 0; k < 3; ++k) {
#pragma GCC unroll 2
    for (int i = 0; i < W; ++i) weights[k][i] = V::load_weights(t.weights + (k * W + i) * 64);
  }
  const T outside = V::set_byte(p.zero);
  typename V::Mask mask[Q];
#pragma GCC unroll 4
  for (int q = 0; q < Q; ++q) {
    const int column = t.column + 2 * q;
    mask[q] = V::pixel_mask(column < 0 ? -column : 0, p.iw - column < 4 ? p.iw - column : 4);
  }
  const IntegerEpilogueParams e = p.epilogue;  // stores of bytes might change anything in memory
  IntegerOutput o = t.out;
  o.e = &e;
  const int ih = p.ih, rows = t.rows;
  const ptrdiff_t src_row = static_cast<ptrdiff_t>(p.iw) * kIntegerBlock, dst_row = t.dst_row;
  int y = t.row;
  const uint8_t* src = t.src + y * src_row + static_cast<ptrdiff_t>(t.column) * kIntegerBlock;
  const int32_t* const biases = t.biases;

  const auto take = [&](T(&fours)[Q]) __attribute__((always_inline)) {
    if (y >= 0 && y < ih) {
#pragma GCC unroll 4
      for (int q = 0; q < Q; ++q) {
        const uint8_t* from = src + 2 * q * kIntegerBlock;
        fours[q] = V::fours(inside ? V::load_pixels(from) : V::load_pixels(from, mask[q], outside));
      }
    } else {
#pragma GCC unroll 4
      for (int q = 0; q < Q; ++q) fours[q] = outside;
    }
    ++y;
    src += src_row;
  };
  const auto add = [&](T(&sum)[N][1], const T(&fours)[Q], int k) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int i = 0; i < N; ++i)
      sum[i][0] = V::dot(sum[i][0], fours[S == 1 ? i / 2 : i], weights[k][S == 1 ? i % 2 : 0]);
  };
  const auto begin = [&](T(&sum)[N][1], const T(&fours)[Q]) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int i = 0; i < N; ++i) sum[i][0] = V::load(biases);
    add(sum, fours, 0);
  };
  const auto store = [&](const T(&sum)[N][1]) __attribute__((always_inline)) {
    if constexpr (from_registers) {
      store_tile<V, N, 1>(o, sum);
    } else {
      alignas(64) int32_t sums[N * 16];
      for (int i = 0; i < N; ++i) V::store(sums + i * 16, sum[i][0]);
      store_integers<V>(o, sums, t.pixels);
    }
    o.dst += dst_row;
    if (o.other != nullptr) o.other += dst_row;
  };

  T a[N][1], b[N][1], fours[Q];
  if constexpr (S == 2) {
    take(fours);
    begin(a, fours);
    for (int r = 0; r < rows; ++r) {
      take(fours);
      add(a, fours, 1);
      take(fours);
      add(a, fours, 2);
      begin(b, fours);
      store(a);
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) a[i][0] = b[i][0];
    }
    return;
  }
  T c[N][1];
  take(fours);
  begin(a, fours);
  take(fours);
  add(a, fours, 1);
  begin(b, fours);
  // Of three rows under way the oldest ends and makes room for the next.
  const auto go_on = [&](T(&oldest)[N][1], T(&middle)[N][1], T(&next)[N][1]) __attribute__((always_inline)) {
    take(fours);
    add(oldest, fours, 2);
    add(middle, fours, 1);
    begin(next, fours);
    store(oldest);
  };
  for (int r = 0; r < rows; r += 3) {
    go_on(a, b, c);
    if (r + 1 == rows) return;
    go_on(b, c, a);
    if (r + 2 == rows) return;
    go_on(c, a, b);
  }
}

template <class V, int S>
void make_strip(const Strip& t, bool from_registers) {
  const int last = t.column + (S == 1 ? 2 : 6) + 4;  // of what four pixels read
  if (!from_registers) return make_strip<V, S, 4, false, false>(t);
  if (t.pixels == 4 && t.column >= 0 && last <= t.p->iw) return make_strip<V, S, 4, true, true>(t);
  if (t.pixels == 4) return make_strip<V, S, 4, false, true>(t);
  if (t.pixels == 3) return make_strip<V, S, 3, false, true>(t);
  if (t.pixels == 2) return make_strip<V, S, 2, false, true>(t);
  make_strip<V, S, 1, false, true>(t);
}

template <class V>
void depthwise_strip_task(const StepArgs& args, TaskId id) {
  const auto& p = *static_cast<const DepthwiseStripParams*>(args.params);
  const int row = id.index % p.row_blocks * p.row_block;
  const int first = id.index / p.row_blocks * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  const ptrdiff_t src_plane = static_cast<ptrdiff_t>(p.ih) * p.iw * kIntegerBlock;
  const ptrdiff_t dst_plane = static_cast<ptrdiff_t>(p.oh) * p.ow * kIntegerBlock;
  Strip t = {};
  t.p = &p;
  t.row = row * p.stride - p.pt;
  t.rows = p.oh - row < p.row_block ? p.oh - row : p.row_block;
  t.dst_row = static_cast<ptrdiff_t>(p.ow) * kIntegerBlock;
  t.out.e = &p.epilogue;
  t.out.table = reinterpret_cast<const uint8_t*>(args.weights + p.table);
  t.out.dst_pixel = kIntegerBlock;
  t.out.blocks = 1;
  for (int plane = first; plane < last; ++plane) {
    const int block = plane % p.channel_blocks;
    t.src = static_cast<const uint8_t*>(args.src[p.src]) + plane * src_plane;
    t.weights = args.weights + p.weights + static_cast<ptrdiff_t>(block) * 3 * (p.stride == 1 ? 2 : 1) * 64;
    t.biases = reinterpret_cast<const int32_t*>(args.weights) + block * 16;
    t.out.scales = reinterpret_cast<const float*>(args.weights + p.scales) + block * 16;
    t.out.channels = block + 1 == p.channel_blocks ? p.epilogue.tail : 16;
    const bool from_registers = can_store_tile(p.epilogue, kIntegerBlock, t.out.scales, 16);
    for (int x = 0; x < p.ow; x += kStripPixels) {
      const ptrdiff_t place = plane * dst_plane + row * t.dst_row + static_cast<ptrdiff_t>(x) * kIntegerBlock;
      t.column = x * p.stride - p.pl;
      t.pixels = p.ow - x < kStripPixels ? p.ow - x : kStripPixels;
      t.out.dst = static_cast<uint8_t*>(args.dst) + place;
      t.out.other = p.epilogue.other < 0 ? nullptr : static_cast<const uint8_t*>(args.src[p.epilogue.other]) + place;
      p.stride == 1 ? make_strip<V, 1>(t, from_registers) : make_strip<V, 2>(t, from_registers);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
