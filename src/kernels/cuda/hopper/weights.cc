#include "kernels/cuda/hopper/weights.h"

#include <cstring>

#include "base/half.h"
#include "kernels/cuda/common.h"

namespace stretto::kernels::cuda::hopper {

void pack_convolution(const Problem &problem, std::span<const Tensor> constants, uint32_t tap_depth, uint32_t slices,
                      uint32_t packed_columns, std::byte *packed) {
  std::memset(packed, 0, packed_bytes(slices, packed_columns));
  const Shape &shape = source_of(problem, 1).type.shape;
  const auto columns = static_cast<uint32_t>(shape[0]), channels = static_cast<uint32_t>(shape[1]);
  const auto taps = static_cast<uint32_t>(shape[2] * shape[3]);
  const float *from = constant_of(problem, constants, 1).as<float>().data();
  auto *to = reinterpret_cast<uint16_t *>(packed);
  for (uint32_t column = 0; column < columns; ++column) {
    for (uint32_t c = 0; c < channels; ++c) {
      for (uint32_t tap = 0; tap < taps; ++tap) {
        to[weight_at(tap * tap_depth + c, column, packed_columns)] = f16_from_float(*from++);
      }
    }
  }
  if (source_count(problem) > 2) {
    std::memcpy(packed + bias_offset(slices, packed_columns), constant_of(problem, constants, 2).as<float>().data(),
                columns * sizeof(float));
  }
}

}  // namespace stretto::kernels::cuda::hopper
