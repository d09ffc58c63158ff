// Maximum and average over windows of bytes, and over whole planes: sixteen channels of a pixel at a time.
#pragma once

#include "kernels/cpu/x86/bytes_loops.h"
#include "kernels/cpu/x86/window_integer_params.h"
#include "kernels/cpu/x86/window_loops.h"

namespace stretto::kernels {
namespace {

/// A block of bytes, for window_src and window_dst.
struct ByteBlock {
  using Element = uint8_t;
  static constexpr int width = 16;
};

/// sums / count to even, as bytes. Sums below 2^24 and counts below 2^14 leave a rounded quotient on the right side of
/// a half.
template <class V>
[[gnu::always_inline]] inline __m128i mean_bytes(typename V::I sum, int count) {
  const auto mean = V::div(V::real(sum), V::set(static_cast<float>(count)));
  return V::bytes(V::round(mean, V::set(-128.0f), V::set(255.0f)));
}

/// R pixels from column ox with the same part of the window inside the image; bytes of x ^ flip are unsigned.
template <class V, int R>
[[gnu::always_inline]] inline void max_pixels(const WindowParams& p, const uint8_t* src, int rows, Range kw, int ox,
                                              __m128i flip, uint8_t* dst) {
  const ptrdiff_t step = p.sw * 16;
  src += ox * step;
  __m128i best[R] = {};
  for (int kh = 0; kh < rows; ++kh, src += static_cast<ptrdiff_t>(p.dh) * p.iw * 16) {
    for (int k = kw.begin; k < kw.end; ++k) {
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        best[r] = _mm_max_epu8(best[r], _mm_xor_si128(load_bytes(src + r * step + k * p.dw * 16), flip));
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) store_bytes(dst + (ox + r) * 16, _mm_xor_si128(best[r], flip));
}

constexpr int kMaxColumns = 256;  // of the source at once, whose rows are compared first

/// best[i] = the greatest of src[i] ^ flip over `rows` rows that are `row` bytes apart.
inline void max_of_rows(const uint8_t* __restrict src, ptrdiff_t row, int rows, ptrdiff_t bytes, uint8_t flip,
                        uint8_t* __restrict best) {
  const auto greater = [](uint8_t a, uint8_t b) { return a > b ? a : b; };
  if (rows == 2) {
    for (ptrdiff_t i = 0; i < bytes; ++i) best[i] = greater(src[i] ^ flip, src[i + row] ^ flip);
    return;
  }
  if (rows == 3) {
    const uint8_t *second = src + row, *third = second + row;
    for (ptrdiff_t i = 0; i < bytes; ++i) {
      best[i] = greater(greater(src[i] ^ flip, second[i] ^ flip), third[i] ^ flip);
    }
    return;
  }
  for (ptrdiff_t i = 0; i < bytes; ++i) best[i] = src[i] ^ flip;
  for (int y = 1; y < rows; ++y) {
    src += row;
    for (ptrdiff_t i = 0; i < bytes; ++i) best[i] = greater(best[i], src[i] ^ flip);
  }
}

/// `count` pixels from windows of KW columns of `best`, `step` bytes apart; 0: kw columns.
template <int KW>
void max_of_columns(const uint8_t* best, ptrdiff_t step, ptrdiff_t tap, int kw, int count, __m128i flip, uint8_t* dst) {
  const int columns = KW > 0 ? KW : kw;
  for (int i = 0; i < count; ++i, best += step) {
    __m128i x = load_bytes(best);
#pragma GCC unroll 4
    for (int k = 1; k < columns; ++k) x = _mm_max_epu8(x, load_bytes(best + k * tap));
    store_bytes(dst + i * 16, _mm_xor_si128(x, flip));
  }
}

/// The pixels from p.inner_begin to p.inner_end, whose windows lie inside the image but for rows; src is the first row
/// of the windows, at column −p.pl. A window has at most kMaxColumns / 2 columns.
inline void max_inner_row(const WindowParams& p, const uint8_t* src, int rows, uint8_t flip, uint8_t* dst) {
  alignas(64) uint8_t best[kMaxColumns * 16];
  const int span = (p.kw - 1) * p.dw + 1, most = (kMaxColumns - span) / p.sw + 1;
  const ptrdiff_t step = p.sw * 16, tap = p.dw * 16, row = static_cast<ptrdiff_t>(p.dh) * p.iw * 16;
  const auto columns = p.kw == 2 ? max_of_columns<2> : p.kw == 3 ? max_of_columns<3> : max_of_columns<0>;
  for (int ox = p.inner_begin; ox < p.inner_end; ox += most) {
    const int count = p.inner_end - ox < most ? p.inner_end - ox : most;
    max_of_rows(src + ox * step, row, rows, (static_cast<ptrdiff_t>(count - 1) * p.sw + span) * 16, flip, best);
    columns(best, step, tap, p.kw, count, _mm_set1_epi8(static_cast<char>(flip)), dst + ox * 16);
  }
}

template <class V, int R>
[[gnu::always_inline]] inline void average_pixels(const WindowParams& p, const uint8_t* src, int rows, Range kw, int ox,
                                                  int flip, int divisor, uint8_t* dst) {
  const __m128i flips = _mm_set1_epi8(static_cast<char>(flip));
  const ptrdiff_t step = p.sw * 16;
  src += ox * step;
  typename V::I sum[R];
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) sum[r] = V::set(-flip * rows * (kw.end - kw.begin));
  for (int kh = 0; kh < rows; ++kh, src += static_cast<ptrdiff_t>(p.dh) * p.iw * 16) {
    for (int k = kw.begin; k < kw.end; ++k) {
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        const __m128i x = load_bytes(src + r * step + k * p.dw * 16);
        sum[r] = V::add(sum[r], V::widen(_mm_xor_si128(x, flips)));
      }
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < R; ++r) store_bytes(dst + (ox + r) * 16, mean_bytes<V>(sum[r], divisor));
}

template <class V, int R>
[[gnu::always_inline]] inline void pool_byte_pixels(const PoolIntegerParams& params, const uint8_t* src, int rows,
                                                    Range kw, int ox, int taps, uint8_t* dst) {
  const WindowParams& p = params.pool.window;
  if (params.pool.average) return average_pixels<V, R>(p, src, rows, kw, ox, params.flip, taps, dst);
  max_pixels<V, R>(p, src, rows, kw, ox, _mm_set1_epi8(static_cast<char>(params.flip)), dst);
}

template <class V>
void pool_byte_row(const PoolIntegerParams& params, const uint8_t* src, int rows, int padded_rows, uint8_t* dst) {
  const WindowParams& p = params.pool.window;
  constexpr int R = 4;
  const bool whole = !params.pool.average && rows > 0 && (p.kw - 1) * p.dw < kMaxColumns / 2;
  for (int ox = 0; ox < p.ow;) {
    if (whole && ox == p.inner_begin && ox < p.inner_end) {
      max_inner_row(p, src, rows, static_cast<uint8_t>(params.flip), dst);
      ox = p.inner_end;
      continue;
    }
    const int ix = ox * p.sw - p.pl;
    const Range kw = window_range(ix, p.iw, p.kw, p.dw);
    const int padded = window_range(ix + p.pl, p.pl + p.iw + p.pr, p.kw, p.dw).end;
    const int taps = params.pool.count_pads ? padded_rows * padded : rows * (kw.end - kw.begin);
    if (ox >= p.inner_begin && ox + R <= p.inner_end) {
      pool_byte_pixels<V, R>(params, src, rows, kw, ox, taps, dst);
      ox += R;
    } else {
      pool_byte_pixels<V, 1>(params, src, rows, kw, ox, taps, dst);
      ++ox;
    }
  }
}

template <class V>
void pool_bytes_task(const StepArgs& args, TaskId id) {
  const auto& params = *static_cast<const PoolIntegerParams*>(args.params);
  const WindowParams& p = params.pool.window;
  const WindowTask t = window_task(p, id);
  for (int plane = t.plane_begin; plane < t.plane_end; ++plane) {
    for (int oy = t.row_begin; oy < t.row_end; ++oy) {
      const int iy = oy * p.sh - p.pt;
      const Range kh = window_range(iy, p.ih, p.kh, p.dh);
      const int padded = window_range(iy + p.pt, p.pt + p.ih + p.pb, p.kh, p.dh).end;
      const ptrdiff_t row = (static_cast<ptrdiff_t>(iy) + kh.begin * p.dh) * p.iw - p.pl;
      uint8_t* dst = static_cast<uint8_t*>(args.dst) + window_dst<ByteBlock>(p, plane);
      pool_byte_row<V>(params, window_src<ByteBlock>(p, args, plane) + row * 16, kh.end - kh.begin, padded,
                       dst + static_cast<ptrdiff_t>(oy) * p.ow * 16);
    }
  }
}

template <class V>
typename V::I sum_plane(const uint8_t* src, ptrdiff_t pixels, __m128i flip, int32_t start) {
  typename V::I part[4] = {V::set(start), V::set(0), V::set(0), V::set(0)};
  ptrdiff_t i = 0;
  for (; i + 4 <= pixels; i += 4) {
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      part[r] = V::add(part[r], V::widen(_mm_xor_si128(load_bytes(src + (i + r) * 16), flip)));
    }
  }
  for (; i < pixels; ++i) part[0] = V::add(part[0], V::widen(_mm_xor_si128(load_bytes(src + i * 16), flip)));
  return V::add(V::add(part[0], part[1]), V::add(part[2], part[3]));
}

template <class V>
__m128i reduce_bytes_plane(const ReduceIntegerParams& params, const uint8_t* src) {
  const ReduceParams& p = params.reduce;
  const __m128i flip = _mm_set1_epi8(static_cast<char>(params.flip));
  if (p.kind == ReduceParams::mean) {
    return mean_bytes<V>(sum_plane<V>(src, p.pixels, flip, -params.flip * p.pixels), p.pixels);
  }
  __m128i best = _mm_xor_si128(load_bytes(src), flip);
  for (ptrdiff_t i = 1; i < p.pixels; ++i) {
    const __m128i x = _mm_xor_si128(load_bytes(src + i * 16), flip);
    best = p.kind == ReduceParams::max ? _mm_max_epu8(best, x) : _mm_min_epu8(best, x);
  }
  return _mm_xor_si128(best, flip);
}

template <class V>
void reduce_bytes_task(const StepArgs& args, TaskId id) {
  const auto& params = *static_cast<const ReduceIntegerParams*>(args.params);
  const ReduceParams& p = params.reduce;
  const int first = id.index * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  for (int plane = first; plane < last; ++plane) {
    const uint8_t* src = static_cast<const uint8_t*>(args.src[0]) + static_cast<ptrdiff_t>(plane) * p.pixels * 16;
    const int block = plane % p.channel_blocks;
    const int lanes = p.channels - block * 16 < 16 ? p.channels - block * 16 : 16;
    const ptrdiff_t channel = static_cast<ptrdiff_t>(plane / p.channel_blocks) * p.channels + block * 16;
    if (p.kind == ReduceParams::sum) {
      int32_t sums[16];
      const __m128i flip = _mm_set1_epi8(static_cast<char>(params.flip));
      V::store(sums, sum_plane<V>(src, p.pixels, flip, -params.flip * p.pixels));
      std::memcpy(static_cast<int32_t*>(args.dst) + channel, sums, static_cast<size_t>(lanes) * sizeof(int32_t));
      continue;
    }
    const __m128i x = reduce_bytes_plane<V>(params, src);
    auto* dst = static_cast<uint8_t*>(args.dst);
    if (p.plain) {
      store_bytes(dst + channel, x, lanes);
    } else {
      store_bytes(dst + static_cast<ptrdiff_t>(plane) * 16, x);
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
