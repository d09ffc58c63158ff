// Integer depthwise convolution: the bytes of V::rows rows of the kernel are interleaved so that one dot product takes
// them all. V::pixels pixels of a row are made at once, in four vectors: a lane of 128 bits is a pixel, its four
// numbers are channels 4q to 4q + 3.
//
// Every task copies what a plane's rows read, padding written out: inside there are no borders.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/depthwise_integer_params.h"
#include "kernels/cpu/x86/integer_epilogue_loops.h"
#include "kernels/cpu/x86/integer_input_loops.h"

namespace stretto::kernels {
namespace {

/// One row of one plane.
struct DepthwiseIntegerRow {
  const uint8_t* src;  // what tap 0, 0 of the first pixel reads
  ptrdiff_t kernel_row;
  const ptrdiff_t* taps;
  const std::byte* weights;
  const int32_t* biases;
  int kh, kw, width;
  IntegerOutput out;
};

/// What a row stores with, in registers: stores of bytes might change anything in memory.
template <class V>
struct QuarterStore {
  typename V::F scale[4], most, slope, other_zero, other_scale;
  typename V::T zero, low, flip, kept, other_flip;
  const uint8_t *other, *table;
  bool lookup, sloped;

  [[gnu::always_inline]] explicit QuarterStore(const IntegerOutput& o) {
    const IntegerEpilogueParams& e = *o.e;
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) scale[q] = V::load_four(o.scales + 4 * q);
    most = V::set_float(e.most);
    slope = V::set_float(e.slope);
    other_zero = V::set_float(static_cast<float>(e.other_zero));
    other_scale = V::set_float(e.other_scale);
    zero = V::set_short(e.zero);
    low = V::set_byte(e.low);
    flip = V::set_byte(e.flip);
    kept = V::first_bytes(o.channels);
    other_flip = V::set_byte(e.other_flip);
    other = o.other;
    table = o.table;
    lookup = e.lookup != 0;
    sloped = e.sloped != 0;
  }

  /// Bytes of n pixels at `place`, from four vectors of sums whose lanes are pixels.
  [[gnu::always_inline]] typename V::T bytes(const typename V::T (&sum)[4], ptrdiff_t place, int n) const {
    typename V::T added[4], y[4];
    if (other != nullptr) V::quarters(V::bit_xor(V::load_pixels(other + place, n), other_flip), added);
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      auto t = V::mul(V::to_float(sum[q]), scale[q]);
      if (other != nullptr) t = V::add(t, V::mul(V::sub(V::to_float(added[q]), other_zero), other_scale));
      if (sloped) t = V::max(V::mul(t, slope), t);
      y[q] = V::to_integer(V::min(most, t));
    }
    typename V::T bytes = V::max_bytes(V::pack_quarters(y, zero), low);
    if (lookup) bytes = V::lookup(bytes, table);
    return V::bit_and(V::bit_xor(bytes, flip), kept);
  }
};

/// KH, KW: 0 means the runtime's.
template <class V, int KH, int KW>
void depthwise_integer_row(const DepthwiseIntegerRow& row) {
  constexpr int P = V::pixels, N = V::rows;
  const int kh = KH > 0 ? KH : row.kh, kw = KW > 0 ? KW : row.kw, width = row.width;
  typename V::T bias[4];
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) bias[q] = V::load_four(row.biases + 4 * q);
  const QuarterStore<V> store(row.out);
  ptrdiff_t known_taps[KW > 0 ? KW : 1];
#pragma GCC unroll 8
  for (int k = 0; k < KW; ++k) known_taps[k] = row.taps[k];
  const ptrdiff_t* const taps = KW > 0 ? known_taps : row.taps;
  const ptrdiff_t kernel_row = row.kernel_row;
  uint8_t* const dst = row.out.dst;
  const uint8_t* src = row.src;
  const std::byte* const weights = row.weights;
  for (int ox = 0; ox < width; ox += P, src += 16 * P) {
    const int n = width - ox < P ? width - ox : P;
    typename V::T sum[4] = {bias[0], bias[1], bias[2], bias[3]};
    const std::byte* w = weights;
#pragma GCC unroll 4
    for (int y = 0; y < kh; y += N) {
      const uint8_t* rows[N];  // a missing row has no weights
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) rows[i] = src + (y + i < kh ? y + i : y) * kernel_row;
#pragma GCC unroll 8
      for (int k = 0; k < kw; ++k, w += 64) {
        typename V::T columns[4];
        V::columns(rows, taps[k], columns);
#pragma GCC unroll 4
        for (int q = 0; q < 4; ++q) sum[q] = V::dot_columns(sum[q], columns[q], w + 16 * q);
      }
    }
    V::store_pixels(dst + ox * 16, store.bytes(sum, ox * 16, n), n);
  }
}

template <class V>
void depthwise_integer_task(const StepArgs& args, TaskId id) {
  const auto& params = *static_cast<const DepthwiseIntegerParams*>(args.params);
  const ConvIntegerParams& p = params.conv;
  const IntegerPass& pass = p.pass[0];
  IntegerTask t = {};
  t.p = &p;
  t.pass = &pass;
  t.row_begin = id.index % p.row_blocks * p.row_block;
  t.row_end = at_most(pass.oh, t.row_begin + p.row_block);
  t.col_end = pass.ow;
  const int begin = id.index / p.row_blocks * params.plane_block;
  const int end = at_most(params.planes, begin + params.plane_block);
  auto* scratch = reinterpret_cast<uint8_t*>(args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride);
  const auto make_row = pass.kh == 3 && pass.kw == 3   ? depthwise_integer_row<V, 3, 3>
                        : pass.kh == 5 && pass.kw == 5 ? depthwise_integer_row<V, 5, 5>
                                                       : depthwise_integer_row<V, 0, 0>;
  for (int plane = begin; plane < end; ++plane) {
    const int block = plane % params.channel_blocks;
    IntegerInput in;
    copy_integer_input<V>(t, static_cast<const uint8_t*>(args.src[p.src]) + plane * p.src_block, scratch, in);
    DepthwiseIntegerRow row;
    row.kernel_row = in.kernel_row;
    row.taps = in.taps;
    row.weights = args.weights + p.weights + block * p.group_weights;
    row.biases = reinterpret_cast<const int32_t*>(args.weights) + block * 16;
    row.kh = pass.kh;
    row.kw = pass.kw;
    row.width = pass.ow;
    row.out.e = &p.epilogue;
    row.out.scales = reinterpret_cast<const float*>(args.weights + p.scales) + block * 16;
    row.out.table = reinterpret_cast<const uint8_t*>(args.weights + p.table);
    row.out.channels = block + 1 == params.channel_blocks ? p.epilogue.tail : 16;
    for (int oy = t.row_begin; oy < t.row_end; ++oy) {
      const ptrdiff_t place = plane * p.dst_block + oy * p.dst_row;
      row.src = in.src + (oy - t.row_begin) * in.out_row;
      row.out.dst = static_cast<uint8_t*>(args.dst) + place;
      row.out.other = p.epilogue.other < 0 ? nullptr : static_cast<const uint8_t*>(args.src[p.epilogue.other]) + place;
      make_row(row);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
