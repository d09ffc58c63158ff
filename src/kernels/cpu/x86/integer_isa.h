// What integer products are on each instruction set, as far as packing and splitting need it.
#pragma once

#include <cstddef>

#include "tactics/layout.h"

namespace stretto::kernels {

enum class IntegerIsa { avx2, avx_vnni, avx512, avx512_vnni };

constexpr bool has_vnni(IntegerIsa isa) {
  return isa == IntegerIsa::avx_vnni || isa == IntegerIsa::avx512_vnni;
}
constexpr int integer_lanes(IntegerIsa isa) {
  return isa == IntegerIsa::avx512 || isa == IntegerIsa::avx512_vnni ? 16 : 8;
}
/// Bytes of the weights of 16 outputs and 4 channels: as they are, or widened to 16 bits.
constexpr int64_t integer_weight_bytes(IntegerIsa isa) {
  return has_vnni(isa) ? 64 : 128;
}
/// How floats lie beside bytes in Layout::c16.
constexpr Layout float_layout(IntegerIsa isa) {
  return integer_lanes(isa) == 16 ? Layout::c16 : Layout::c8;
}
/// The most pixels of a register tile with so many blocks of 16 outputs, every smaller number included; 0: none.
constexpr int integer_tile_pixels(IntegerIsa isa, int blocks) {
  switch (isa) {
    case IntegerIsa::avx512_vnni:
      return blocks <= 2 ? 14 : blocks == 3 ? 9 : blocks == 4 ? 6 : 0;
    case IntegerIsa::avx512:
      return blocks == 1 ? 14 : blocks == 2 ? 11 : blocks == 3 ? 7 : 0;
    case IntegerIsa::avx_vnni:
      return blocks == 1 ? 6 : 0;
    case IntegerIsa::avx2:
      return blocks == 1 ? 5 : 0;
  }
  return 0;
}

}  // namespace stretto::kernels
