// Elementwise functions over short arrays, as loops that compilers vectorise. Portable, in a fixed order: the same
// bits on every machine.
#pragma once

#include <cstdint>

#include "op/attrs.h"
#include "tactics/match.h"

namespace stretto::kernels::generic {

/// One unary or binary operator, by number, inside a step's params.
struct Function {
  op::UnaryKind unary = op::UnaryKind::relu;
  op::BinaryKind binary = op::BinaryKind::add;
  float a = 0, b = 0;
};
inline Function function_of(const op::Unary& u) {
  return {u.kind, op::BinaryKind::add, u.a, u.b};
}

/// y[i] = f(x[i]); y may be x.
void apply_unary(const Function& f, const float* x, float* y, int64_t n);
void apply_unary(const Function& f, const int32_t* x, int32_t* y, int64_t n);
void apply_unary(const Function& f, const int64_t* x, int64_t* y, int64_t n);
/// z[i] = x[i] ∘ y[i]; z may be x or y.
void apply_binary(op::BinaryKind kind, const float* x, const float* y, float* z, int64_t n);
void apply_binary(op::BinaryKind kind, const int32_t* x, const int32_t* y, int32_t* z, int64_t n);
void apply_binary(op::BinaryKind kind, const int64_t* x, const int64_t* y, int64_t* z, int64_t n);

/// e^x to about 2 ulp.
void exponential(const float* x, float* y, int64_t n);

}  // namespace stretto::kernels::generic
