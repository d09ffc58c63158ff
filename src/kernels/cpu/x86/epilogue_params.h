// What a kernel does to its sums before they are stored, as plain numbers for the loops.
#pragma once

#include <cstdint>

namespace stretto::kernels {

/// The numbers are those of op::UnaryKind.
enum class UnaryCode : int32_t {
  relu = 0,
  leaky_relu,
  clip,
  sigmoid,
  hard_sigmoid,
  hard_swish,
  swish,
  tanh,
  exp,
  sqrt,
  neg,
  abs,
  reciprocal,
  linear,
};

struct UnaryParams {
  UnaryCode code = UnaryCode::relu;
  float a = 0, b = 0;
};

enum class BinaryCode : int32_t { none = 0, add = 1, mul = 2 };

/// Simple form: (x + other) kept in lo…hi, done in registers. Otherwise the raw sums are stored and a second pass over
/// the tile, still in level 1, applies act1, ∘ other, act2.
struct EpilogueParams {
  int32_t simple = 1;
  int32_t other = -1;  // position among the inputs of the tensor that is added or multiplied
  float lo = 0, hi = 0;
  int32_t has_act1 = 0, has_act2 = 0;
  UnaryParams act1, act2;
  BinaryCode binary = BinaryCode::none;
  int32_t tail = 0;  // channels in the last block; 0: all. The second pass keeps the other lanes zero
};

}  // namespace stretto::kernels
