// Elementwise functions.
#pragma once

#include <math.h>

#include "kernels/cuda/view.h"
#include "op/attrs.h"

namespace stretto::kernels::cuda {

struct Function {
  op::UnaryKind kind;
  float a, b;
};

STRETTO_BOTH inline float apply_unary(const Function &f, float x) {
  switch (f.kind) {
    case op::UnaryKind::relu:
      return x < 0 ? 0.0f : x;
    case op::UnaryKind::leaky_relu:
      return x < 0 ? f.a * x : x;
    case op::UnaryKind::clip: {
      const float low = x < f.a ? f.a : x;
      return low > f.b ? f.b : low;
    }
    case op::UnaryKind::sigmoid:
      return 1.0f / (1.0f + expf(-x));
    case op::UnaryKind::hard_sigmoid: {
      const float y = f.a * x + f.b;
      return y < 0 ? 0.0f : y > 1 ? 1.0f : y;
    }
    case op::UnaryKind::hard_swish: {
      const float y = x / 6.0f + 0.5f;
      return x * (y < 0 ? 0.0f : y > 1 ? 1.0f : y);
    }
    case op::UnaryKind::swish:
      return x / (1.0f + expf(-x));
    case op::UnaryKind::tanh:
      return tanhf(x);
    case op::UnaryKind::exp:
      return expf(x);
    case op::UnaryKind::sqrt:
      return sqrtf(x);
    case op::UnaryKind::neg:
      return -x;
    case op::UnaryKind::abs:
      return fabsf(x);
    case op::UnaryKind::reciprocal:
      return 1.0f / x;
    case op::UnaryKind::linear:
      return f.a * x + f.b;
  }
  return x;
}

STRETTO_BOTH inline float apply_binary(op::BinaryKind kind, float x, float y) {
  switch (kind) {
    case op::BinaryKind::add:
      return x + y;
    case op::BinaryKind::sub:
      return x - y;
    case op::BinaryKind::mul:
      return x * y;
    case op::BinaryKind::div:
      return x / y;
    case op::BinaryKind::pow:
      return y == 2.0f ? x * x : powf(x, y);
    case op::BinaryKind::min:
      return y != y || y < x ? y : x;
    case op::BinaryKind::max:
      return y != y || y > x ? y : x;
    case op::BinaryKind::prelu:
      return x < 0 ? y * x : x;
  }
  return x;
}

}  // namespace stretto::kernels::cuda
