// Quantisation and changes of scale, a block of sixteen channels of a pixel at a time: each step one f32 operation.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/bytes_loops.h"
#include "kernels/cpu/x86/rescale_integer_params.h"

namespace stretto::kernels {
namespace {

constexpr int kRescaleChunk = 32;  // pixels

/// One plane of a step. Pointers are to its first pixel; `low` and `high` to the halves of a block of real numbers.
template <class V>
struct RescalePlane {
  const RescaleParams* p;
  int lanes = 16;
  const uint8_t *src = nullptr, *other = nullptr, *table = nullptr;
  uint8_t* dst = nullptr;
  float *low = nullptr, *high = nullptr;
  const float* scales = nullptr;
  __m128i byte_lanes;
  typename V::Mask real_lanes;
};

template <class V>
[[gnu::always_inline]] inline typename V::I difference(const uint8_t* x, __m128i flip, typename V::I zero) {
  return V::sub(V::widen(_mm_xor_si128(load_bytes(x), flip)), zero);
}

template <class V>
[[gnu::always_inline]] inline void store_real(const RescalePlane<V>& t, ptrdiff_t i, typename V::F x) {
  x = V::keep(t.real_lanes, x);
  V::store_low(t.low + i * t.p->real_step, x);
  if (t.high != nullptr) V::store_high(t.high + i * t.p->real_step, x);
}

/// Sixteen plain numbers, `count` of which exist.
template <class V>
[[gnu::always_inline]] inline void store_real(float* to, typename V::F x, ptrdiff_t count) {
  if (count >= 16) return V::store(to, x);
  float values[16];
  V::store(values, x);
  std::memcpy(to, values, static_cast<size_t>(count) * sizeof(float));
}

template <class V>
[[gnu::always_inline]] inline typename V::I quantized_integers(const RescaleParams& p, typename V::F x) {
  const auto t = V::numbers(V::div(x, V::set(p.scale)));
  return V::add(V::round(t, V::set(p.least), V::set(p.most)), V::set(p.zero));
}

template <class V>
[[gnu::always_inline]] inline __m128i quantized(const RescaleParams& p, typename V::F x) {
  return V::bytes(quantized_integers<V>(p, x));
}

template <class V>
void quantize_blocked(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  const float* high = t.high != nullptr ? t.high : t.low;
  const ptrdiff_t step = t.p->real_step;
  for (ptrdiff_t i = begin; i < end; ++i) {
    const __m128i q = quantized<V>(*t.p, V::load_halves(t.low + i * step, high + i * step));
    store_bytes(t.dst + i * 16, _mm_and_si128(q, t.byte_lanes));
  }
}

/// Sixteen pixels of at most four channels, of each its sixteen bytes, as pixels.
[[gnu::always_inline]] inline void store_few_channels(const __m128i (&channels)[4], uint8_t* to) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i pairs[4] = {_mm_unpacklo_epi8(channels[0], channels[1]), _mm_unpackhi_epi8(channels[0], channels[1]),
                            _mm_unpacklo_epi8(channels[2], channels[3]), _mm_unpackhi_epi8(channels[2], channels[3])};
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k, to += 64) {
    const __m128i fours = k % 2 == 0 ? _mm_unpacklo_epi16(pairs[k / 2], pairs[2 + k / 2])
                                     : _mm_unpackhi_epi16(pairs[k / 2], pairs[2 + k / 2]);
    const __m128i low = _mm_unpacklo_epi32(fours, zero), high = _mm_unpackhi_epi32(fours, zero);
    store_bytes(to, _mm_unpacklo_epi64(low, zero));
    store_bytes(to + 16, _mm_unpackhi_epi64(low, zero));
    store_bytes(to + 32, _mm_unpacklo_epi64(high, zero));
    store_bytes(to + 48, _mm_unpackhi_epi64(high, zero));
  }
}

/// Pictures: whole sixteens of pixels. Returns where it ended.
template <class V>
ptrdiff_t quantize_few_channels(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  const RescaleParams p = *t.p;  // stores of bytes might change anything in memory
  const float* const x = t.low;
  uint8_t* const dst = t.dst;
  const int lanes = t.lanes;
  for (; begin + 16 <= end; begin += 16) {
    __m128i channels[4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      channels[c] = c < lanes ? quantized<V>(p, V::load(x + c * p.pixels + begin)) : _mm_setzero_si128();
    }
    store_few_channels(channels, dst + begin * 16);
  }
  return begin;
}

template <class V>
void quantize_plain(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  if (t.lanes <= 4) begin = quantize_few_channels(t, begin, end);
  for (ptrdiff_t i = begin; i < end; i += 16) {
    const ptrdiff_t count = end - i < 16 ? end - i : 16;
    __m128i r[16] = {};
    for (int c = 0; c < t.lanes; ++c) {
      const float* x = t.low + c * t.p->pixels + i;
      r[c] = quantized<V>(*t.p, V::load(count < 16 ? Part<float>(x, count).values : x));
    }
    store_pixels(r, t.lanes, count, t.dst + i * 16);
  }
}

/// What `make`(bytes, flipped or not; scale) gives for every element of a block is stored as plain real numbers.
template <class V, class Make>
[[gnu::always_inline]] inline void store_plain(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end, Make make) {
  for (ptrdiff_t i = begin; i < end; i += 16) {
    const ptrdiff_t count = end - i < 16 ? end - i : 16;
    __m128i r[16] = {};
    for (int k = 0; k < count; ++k) r[k] = load_bytes(t.src + (i + k) * 16);
    transpose_bytes(r);
    for (int c = 0; c < t.lanes; ++c) store_real<V>(t.low + c * t.p->pixels + i, make(r[c], c), count);
  }
}

template <class V>
void dequantize_block(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(t.p->flip));
  const auto zero = V::set(t.p->src_zero);
  if (t.p->real_step == 1) {
    return store_plain(t, begin, end, [&](__m128i x, int c) {
      return V::mul(V::real(V::sub(V::widen(_mm_xor_si128(x, flip)), zero)), V::set(t.scales[c]));
    });
  }
  const auto scale = V::load(t.scales);
  for (ptrdiff_t i = begin; i < end; ++i) {
    store_real(t, i, V::mul(V::real(difference<V>(t.src + i * 16, flip, zero)), scale));
  }
}

/// One channel of plain bytes.
template <class V>
void dequantize_plain(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  const __m128i flip = _mm_set1_epi8(static_cast<char>(t.p->flip));
  const auto zero = V::set(t.p->src_zero);
  const auto scale = V::set(*t.scales);
  for (ptrdiff_t i = begin; i < end; i += 16) {
    const __m128i x = _mm_xor_si128(load_bytes(t.src + i, end - i), flip);
    store_real<V>(t.low + i, V::mul(V::real(V::sub(V::widen(x), zero)), scale), end - i);
  }
}

template <class V, bool other, bool sloped>
void requantize_chunk(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t count, uint8_t* to) {
  const RescaleParams& p = *t.p;
  const __m128i flip = _mm_set1_epi8(static_cast<char>(p.flip)), flip2 = _mm_set1_epi8(static_cast<char>(p.other_flip));
  const auto zero = V::set(p.src_zero), zero2 = V::set(p.other_zero), new_zero = V::set(p.zero);
  const auto scale = V::load(t.scales), scale2 = V::set(p.other_scale), least = V::set(p.least), most = V::set(p.most);
  const auto slope = V::set(p.slope);
  for (ptrdiff_t i = 0; i < count; ++i) {
    auto x = V::mul(V::real(difference<V>(t.src + (begin + i) * 16, flip, zero)), scale);
    if constexpr (other) {
      x = V::add(x, V::mul(V::real(difference<V>(t.other + (begin + i) * 16, flip2, zero2)), scale2));
    }
    if constexpr (sloped) x = V::max(V::mul(x, slope), x);
    store_bytes(to + i * 16, _mm_and_si128(V::bytes(V::add(V::round(x, least, most), new_zero)), t.byte_lanes));
  }
}

/// `count` pixels at `x`, which has room for kRescaleChunk, through the table to `to`.
template <class V>
void look_up_chunk(const RescalePlane<V>& t, uint8_t* x, ptrdiff_t count, uint8_t* to) {
  for (ptrdiff_t i = 0; i < count * 16; i += V::kTableBytes) V::look_up(t.table, x + i);
  for (ptrdiff_t i = 0; i < count; ++i) {
    store_bytes(to + i * 16, _mm_and_si128(load_bytes(x + i * 16), t.byte_lanes));
  }
}

template <class V>
void requantize_block(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  alignas(64) uint8_t room[kRescaleChunk * 16] = {};
  const bool sloped = t.p->slope != 1;
  const auto chunk = t.other != nullptr
                         ? (sloped ? requantize_chunk<V, true, true> : requantize_chunk<V, true, false>)
                         : (sloped ? requantize_chunk<V, false, true> : requantize_chunk<V, false, false>);
  for (ptrdiff_t i = begin; i < end; i += kRescaleChunk) {
    const ptrdiff_t count = end - i < kRescaleChunk ? end - i : kRescaleChunk;
    uint8_t* to = t.p->byte_table ? room : t.dst + i * 16;
    chunk(t, i, count, to);
    if (t.p->byte_table) look_up_chunk(t, room, count, t.dst + i * 16);
  }
}

template <class V>
void look_up_block(const RescalePlane<V>& t, ptrdiff_t begin, ptrdiff_t end) {
  const auto* reals = reinterpret_cast<const float*>(t.table);
  if (t.p->real_table && t.p->real_step == 1) {
    return store_plain(t, begin, end, [&](__m128i x, int) { return V::gather(reals, V::widen(x)); });
  }
  alignas(64) uint8_t room[kRescaleChunk * 16] = {};
  for (ptrdiff_t i = begin; i < end; i += kRescaleChunk) {
    const ptrdiff_t count = end - i < kRescaleChunk ? end - i : kRescaleChunk;
    if (t.p->byte_table) {
      std::memcpy(room, t.src + i * 16, static_cast<size_t>(count) * 16);
      look_up_chunk(t, room, count, t.dst + i * 16);
      continue;
    }
    for (ptrdiff_t k = i; k < i + count; ++k) store_real(t, k, V::gather(reals, V::widen(load_bytes(t.src + k * 16))));
  }
}

/// One block of channels of one picture of a single pixel; `src` is its first channel's sum.
template <class V>
void rescale_sums(const RescalePlane<V>& t) {
  const RescaleParams& p = *t.p;
  const Part<int32_t> sums(reinterpret_cast<const int32_t*>(t.src), t.lanes);
  auto x = V::mul(V::real(V::sub(V::load(sums.values), V::set(p.src_zero))), V::load(t.scales));
  if (!p.to_bytes) {
    if (p.real_step == 1) return store_real<V>(t.low, x, t.lanes);
    return store_real(t, 0, x);
  }
  if (p.slope != 1) x = V::max(V::mul(x, V::set(p.slope)), x);
  alignas(64) uint8_t room[64] = {};
  store_bytes(room, V::bytes(V::add(V::round(x, V::set(p.least), V::set(p.most)), V::set(p.zero))));
  if (p.byte_table) V::look_up(t.table, room);
  store_bytes(t.dst, _mm_and_si128(load_bytes(room), t.byte_lanes), p.plain_bytes ? t.lanes : 16);
}

/// Where the plane's real numbers lie in `base`.
template <class V>
void bind_reals(RescalePlane<V>& t, float* base, int n, int block) {
  const RescaleParams& p = *t.p;
  if (p.real_step == 1) {
    t.low = base + (static_cast<ptrdiff_t>(n) * p.channels + block * 16) * p.pixels;
    return;
  }
  const int first = p.real_step == 16 ? block : 2 * block;
  t.low = base + (static_cast<ptrdiff_t>(n) * p.real_blocks + first) * p.pixels * p.real_step;
  t.high = p.real_step == 16 ? t.low + 8 : first + 1 < p.real_blocks ? t.low + p.pixels * 8 : nullptr;
}

template <class V>
void bind_plane(RescalePlane<V>& t, const StepArgs& args, int plane) {
  const RescaleParams& p = *t.p;
  const int n = plane / p.channel_blocks, block = plane % p.channel_blocks;
  const ptrdiff_t at = static_cast<ptrdiff_t>(plane) * p.pixels * 16;
  t.lanes = p.channels - block * 16 < 16 ? p.channels - block * 16 : 16;
  t.byte_lanes = byte_mask(t.lanes);
  t.real_lanes = V::mask(t.lanes);
  t.scales = reinterpret_cast<const float*>(args.weights) + block * 16;
  t.table = reinterpret_cast<const uint8_t*>(args.weights) + p.table;
  t.src = static_cast<const uint8_t*>(args.src[p.src]) + at;
  t.dst = static_cast<uint8_t*>(args.dst) + at;
  if (p.other >= 0) t.other = static_cast<const uint8_t*>(args.src[p.other]) + at;
  if (p.work == RescaleParams::rescale_sums) {
    const ptrdiff_t channel = static_cast<ptrdiff_t>(n) * p.channels + block * 16;
    t.src = static_cast<const uint8_t*>(args.src[p.src]) + channel * 4;
    if (p.plain_bytes) t.dst = static_cast<uint8_t*>(args.dst) + channel;
  }
  if (p.real_step == 0) return;
  void* reals = p.work == RescaleParams::quantize ? const_cast<void*>(args.src[p.src]) : args.dst;
  bind_reals(t, static_cast<float*>(reals), n, block);
}

template <class V>
void bind_plain_plane(RescalePlane<V>& t, const StepArgs& args, int plane) {
  const RescaleParams& p = *t.p;
  t.src = static_cast<const uint8_t*>(args.src[p.src]) + plane * static_cast<ptrdiff_t>(p.pixels);
  t.low = static_cast<float*>(args.dst) + plane * static_cast<ptrdiff_t>(p.pixels);
  t.scales = reinterpret_cast<const float*>(args.weights) + (p.one_scale ? 0 : plane % p.channels);
}

template <class V>
void rescale_task(const StepArgs& args, TaskId id) {
  const RescaleParams& p = *static_cast<const RescaleParams*>(args.params);
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.pixels ? begin + p.part : p.pixels;
  const int first = id.index / p.parts * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  for (int plane = first; plane < last; ++plane) {
    RescalePlane<V> t;
    t.p = &p;
    if (p.work == RescaleParams::dequantize_plain) {
      bind_plain_plane(t, args, plane);
      dequantize_plain(t, begin, end);
      continue;
    }
    bind_plane(t, args, plane);
    if (p.work == RescaleParams::quantize && p.real_step == 1) quantize_plain(t, begin, end);
    if (p.work == RescaleParams::quantize && p.real_step != 1) quantize_blocked(t, begin, end);
    if (p.work == RescaleParams::dequantize) dequantize_block(t, begin, end);
    if (p.work == RescaleParams::requantize) requantize_block(t, begin, end);
    if (p.work == RescaleParams::look_up) look_up_block(t, begin, end);
    if (p.work == RescaleParams::rescale_sums) rescale_sums(t);
  }
}

}  // namespace
}  // namespace stretto::kernels
