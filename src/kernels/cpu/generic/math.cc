#include "kernels/cpu/generic/math.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace stretto::kernels::generic {
namespace {

/// e^x: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial of degree 6 in r (Cephes' coefficients), and 2^n in two
/// factors so that subnormal results are right. Written without branches; NaN passes through.
inline float exp_of(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.0f ? -104.0f : c;
  float t = c * 1.44269504088896341f + 12582912.0f;  // 1.5·2^23: the sum is rounded to an integer
  float n = t - 12582912.0f;
  float r = c - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t bits;
  std::memcpy(&bits, &t, sizeof bits);
  int32_t k = bits - 0x4B400000;
  int32_t half = k >> 1, first = (half + 127) << 23, second = (k - half + 127) << 23;
  float f, g;
  std::memcpy(&f, &first, sizeof f);
  std::memcpy(&g, &second, sizeof g);
  return p * f * g;
}

inline float sigmoid_of(float x) {
  return 1.0f / (1.0f + exp_of(-x));
}

/// Near 0 an odd polynomial (Cephes), elsewhere 1 − 2 / (e^2|x| + 1).
inline float tanh_of(float x) {
  float m = std::fabs(x), s = x * x;
  float p = -5.70498872745e-3f;
  p = p * s + 2.06390887954e-2f;
  p = p * s + -5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s + -3.33332819422e-1f;
  float small = p * s * x + x;
  float large = 1.0f - 2.0f / (exp_of(2 * m) + 1.0f);
  large = x < 0 ? -large : large;
  return m < 0.625f ? small : large;
}

template <class T, class F>
inline void map(const T* x, T* y, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}
template <class T, class F>
inline void zip(const T* x, const T* y, T* z, int64_t n, F f) {
  for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], y[i]);
}

int64_t to_integer(float v, int64_t least, int64_t most) {
  if (std::isnan(v)) return 0;
  if (static_cast<double>(v) >= static_cast<double>(most)) return most;
  if (static_cast<double>(v) <= static_cast<double>(least)) return least;
  return static_cast<int64_t>(v);
}

template <class T>
using Unsigned = std::make_unsigned_t<T>;
template <class T>
T wrapping_neg(T x) {
  return static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(x));
}

template <class T>
void integer_unary(const Function& f, const T* x, T* y, int64_t n) {
  auto least = static_cast<T>(to_integer(f.a, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  auto most = static_cast<T>(to_integer(f.b, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  switch (f.unary) {
    case op::UnaryKind::relu:
      return map(x, y, n, [](T v) { return v < 0 ? T{0} : v; });
    case op::UnaryKind::neg:
      return map(x, y, n, [](T v) { return wrapping_neg(v); });
    case op::UnaryKind::abs:
      return map(x, y, n, [](T v) { return v < 0 ? wrapping_neg(v) : v; });
    case op::UnaryKind::clip:
      return map(x, y, n, [least, most](T v) { return std::min(std::max(v, least), most); });
    default:
      return map(x, y, n, [](T v) { return v; });  // op::infer admits no other kind
  }
}

/// Modulo 2^bits; a negative power of anything but ±1 truncates to 0.
template <class T>
T integer_power(T x, T y) {
  if (y < 0) return x == 1 ? T{1} : x == -1 ? (y % 2 == 0 ? T{1} : T{-1}) : T{0};
  uint64_t result = 1, base = static_cast<uint64_t>(static_cast<int64_t>(x));
  for (; y > 0; y = static_cast<T>(y >> 1), base *= base) {
    if (y & 1) result *= base;
  }
  return static_cast<T>(result);
}

/// Arithmetic wraps; division truncates, and by zero gives 0.
template <class T>
void integer_binary(op::BinaryKind kind, const T* x, const T* y, T* z, int64_t n) {
  using U = Unsigned<T>;
  auto u = [](T v) { return static_cast<U>(v); };
  switch (kind) {
    case op::BinaryKind::add:
      return zip(x, y, z, n, [u](T a, T b) { return static_cast<T>(u(a) + u(b)); });
    case op::BinaryKind::sub:
      return zip(x, y, z, n, [u](T a, T b) { return static_cast<T>(u(a) - u(b)); });
    case op::BinaryKind::mul:
      return zip(x, y, z, n, [u](T a, T b) { return static_cast<T>(u(a) * u(b)); });
    case op::BinaryKind::div:
      return zip(x, y, z, n, [](T a, T b) {
        return b == 0 ? T{0} : b == -1 ? wrapping_neg(a) : static_cast<T>(a / b);
      });
    case op::BinaryKind::pow:
      return zip(x, y, z, n, [](T a, T b) { return integer_power(a, b); });
    case op::BinaryKind::min:
      return zip(x, y, z, n, [](T a, T b) { return b < a ? b : a; });
    case op::BinaryKind::max:
      return zip(x, y, z, n, [](T a, T b) { return b > a ? b : a; });
    case op::BinaryKind::prelu:
      return zip(x, y, z, n, [u](T a, T b) { return a < 0 ? static_cast<T>(u(a) * u(b)) : a; });
  }
}

}  // namespace

void exponential(const float* x, float* y, int64_t n) {
  map(x, y, n, exp_of);
}

void apply_unary(const Function& f, const float* x, float* y, int64_t n) {
  float a = f.a, b = f.b;
  switch (f.unary) {
    case op::UnaryKind::relu:
      return map(x, y, n, [](float v) { return v < 0 ? 0.0f : v; });
    case op::UnaryKind::leaky_relu:
      return map(x, y, n, [a](float v) { return v < 0 ? a * v : v; });
    case op::UnaryKind::clip:
      return map(x, y, n, [a, b](float v) {
        float low = v < a ? a : v;
        return low > b ? b : low;
      });
    case op::UnaryKind::sigmoid:
      return map(x, y, n, sigmoid_of);
    case op::UnaryKind::hard_sigmoid:
      return map(x, y, n, [a, b](float v) {
        float t = a * v + b;
        t = t < 0 ? 0.0f : t;
        return t > 1 ? 1.0f : t;
      });
    case op::UnaryKind::hard_swish:
      return map(x, y, n, [](float v) {
        float t = v * (1.0f / 6.0f) + 0.5f;
        t = t < 0 ? 0.0f : t;
        return v * (t > 1 ? 1.0f : t);
      });
    case op::UnaryKind::swish:
      return map(x, y, n, [](float v) { return v / (1.0f + exp_of(-v)); });
    case op::UnaryKind::tanh:
      return map(x, y, n, tanh_of);
    case op::UnaryKind::exp:
      return map(x, y, n, exp_of);
    case op::UnaryKind::sqrt:
      return map(x, y, n, [](float v) { return std::sqrt(v); });
    case op::UnaryKind::neg:
      return map(x, y, n, [](float v) { return -v; });
    case op::UnaryKind::abs:
      return map(x, y, n, [](float v) { return std::fabs(v); });
    case op::UnaryKind::reciprocal:
      return map(x, y, n, [](float v) { return 1.0f / v; });
    case op::UnaryKind::linear:
      return map(x, y, n, [a, b](float v) { return a * v + b; });
  }
}

void apply_unary(const Function& f, const int32_t* x, int32_t* y, int64_t n) {
  integer_unary(f, x, y, n);
}
void apply_unary(const Function& f, const int64_t* x, int64_t* y, int64_t n) {
  integer_unary(f, x, y, n);
}

void apply_binary(op::BinaryKind kind, const float* x, const float* y, float* z, int64_t n) {
  switch (kind) {
    case op::BinaryKind::add:
      return zip(x, y, z, n, [](float a, float b) { return a + b; });
    case op::BinaryKind::sub:
      return zip(x, y, z, n, [](float a, float b) { return a - b; });
    case op::BinaryKind::mul:
      return zip(x, y, z, n, [](float a, float b) { return a * b; });
    case op::BinaryKind::div:
      return zip(x, y, z, n, [](float a, float b) { return a / b; });
    case op::BinaryKind::pow:
      return zip(x, y, z, n, [](float a, float b) { return b == 2.0f ? a * a : std::pow(a, b); });
    case op::BinaryKind::min:
      return zip(x, y, z, n, [](float a, float b) { return b != b || b < a ? b : a; });
    case op::BinaryKind::max:
      return zip(x, y, z, n, [](float a, float b) { return b != b || b > a ? b : a; });
    case op::BinaryKind::prelu:
      return zip(x, y, z, n, [](float a, float b) { return a < 0 ? b * a : a; });
  }
}

void apply_binary(op::BinaryKind kind, const int32_t* x, const int32_t* y, int32_t* z, int64_t n) {
  integer_binary(kind, x, y, z, n);
}
void apply_binary(op::BinaryKind kind, const int64_t* x, const int64_t* y, int64_t* z, int64_t n) {
  integer_binary(kind, x, y, z, n);
}

}  // namespace stretto::kernels::generic
