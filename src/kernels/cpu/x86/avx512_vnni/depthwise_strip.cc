#include "kernels/cpu/x86/avx512_vnni/product_vec.h"
//
#include "kernels/cpu/x86/depthwise_strip_loops.h"

namespace stretto::kernels::avx512_vnni {
namespace {

struct StripVec : ProductVec {
  using Mask = __mmask64;
  /// All bytes of pixels begin … end of four.
  STRETTO_INLINE Mask pixel_mask(int begin, int end) {
    if (begin >= 4 || end <= begin) return 0;
    return (~uint64_t{0} >> (64 - 16 * (end - begin))) << (16 * begin);
  }
  using ProductVec::load_pixels;
  /// `otherwise` where the mask has no bits; nothing is read there.
  STRETTO_INLINE T load_pixels(const uint8_t* p, Mask mask, T otherwise) {
    return _mm512_mask_loadu_epi8(otherwise, mask, p);
  }
  STRETTO_INLINE T load_weights(const std::byte* p) { return _mm512_loadu_si512(p); }
  /// Four pixels of 16 channels to 16 channels of four pixels.
  STRETTO_INLINE T fours(T pixels) {
    const T lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const T bytes = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, pixels), bytes);
  }
};

}  // namespace

void depthwise_strip(const StepArgs& args, TaskId id) {
  depthwise_strip_task<StripVec>(args, id);
}

}  // namespace stretto::kernels::avx512_vnni
