// Moving bytes: one vector is a pixel's block of sixteen channels.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/bytes_loops.h"
#include "kernels/cpu/x86/channels_loops.h"
#include "kernels/cpu/x86/resample_loops.h"

namespace stretto::kernels {
namespace {

/// As the loops over channels and images see a block of bytes.
struct ByteVec {
  static constexpr int width = 16;
  using Element = uint8_t;
  using T = __m128i;
  [[gnu::always_inline]] static inline T zero() { return _mm_setzero_si128(); }
  [[gnu::always_inline]] static inline T load(const uint8_t* x) { return load_bytes(x); }
  [[gnu::always_inline]] static inline void store(uint8_t* to, T x) { store_bytes(to, x); }
  /// `into` with lanes of src where `from` says so; there `into` is zero.
  [[gnu::always_inline]] static inline T pick(T into, uint32_t, const int32_t* from, T src) {
    return _mm_or_si128(into, _mm_shuffle_epi8(src, load_bytes(reinterpret_cast<const uint8_t*>(from))));
  }
};

/// Sixteen pixels of a block at a time. `lanes` channels exist.
inline void reformat_byte_plane(const ReformatParams& p, const uint8_t* src, uint8_t* dst, int lanes, ptrdiff_t begin,
                                ptrdiff_t end) {
  for (ptrdiff_t i = begin; i < end; i += 16) {
    const ptrdiff_t count = end - i < 16 ? end - i : 16;
    __m128i r[16] = {};
    if (p.to_blocked) {
      for (int c = 0; c < lanes; ++c) r[c] = load_bytes(src + c * p.pixels + i, count);
      store_pixels(r, lanes, count, dst + i * 16);
    } else {
      for (int k = 0; k < count; ++k) r[k] = load_bytes(src + (i + k) * 16);
      transpose_bytes(r);
      for (int c = 0; c < lanes; ++c) store_bytes(dst + c * p.pixels + i, r[c], count);
    }
  }
}

inline void reformat_bytes_task(const StepArgs& args, TaskId id) {
  const ReformatParams& p = *static_cast<const ReformatParams*>(args.params);
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.pixels ? begin + p.part : p.pixels;
  const int first = id.index / p.parts * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  const auto* src = static_cast<const uint8_t*>(args.src[0]);
  auto* dst = static_cast<uint8_t*>(args.dst);
  for (int plane = first; plane < last; ++plane) {
    const int block = plane % p.channel_blocks;
    const int lanes = p.channels - block * 16 < 16 ? p.channels - block * 16 : 16;
    const ptrdiff_t channel = static_cast<ptrdiff_t>(plane / p.channel_blocks) * p.channels + block * 16;
    const ptrdiff_t plain = channel * p.pixels, blocked = static_cast<ptrdiff_t>(plane) * p.pixels * 16;
    reformat_byte_plane(p, src + (p.to_blocked ? plain : blocked), dst + (p.to_blocked ? blocked : plain), lanes, begin,
                        end);
  }
}

}  // namespace
}  // namespace stretto::kernels
