// What the x86 tactics ask of problems on bytes.
#pragma once

#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {

constexpr int kByteBlock = 16;  // channels of a block of bytes, on every instruction set

constexpr bool is_byte(DType dtype) {
  return dtype == DType::u8 || dtype == DType::i8;
}
/// Of the type and layout of blocked bytes.
inline bool is_blocked_bytes(const Operand& o) {
  return is_byte(o.type.dtype) && o.layout == Layout::c16;
}
/// Every operand is of one type of bytes.
inline bool is_bytes(const Problem& problem) {
  for (const Operand& o : problem.operands) {
    if (!is_byte(o.type.dtype) || o.type.dtype != problem.operands[0].type.dtype) return false;
  }
  return true;
}
/// 128 for signed bytes: what makes unsigned ones of them, by exclusive or, 128 more.
constexpr int32_t flip_of(DType dtype) {
  return dtype == DType::i8 ? 128 : 0;
}

}  // namespace stretto::kernels
