// The operators as data: one plain struct of attributes each.
//
// The set is small on purpose: importers canonicalise into it (GlobalAveragePool is a reduce, Flatten a reshape, Split
// several slices). Every shape is known; nothing is symbolic; axes are never negative. Inputs are named in comments;
// a trailing input in brackets may be absent. `fields()` lists the attributes once, for equality, text and hashing.
#pragma once

#include <tuple>
#include <variant>

#include "base/tensor.h"

namespace stretto::op {

/// src[N,C,*S], weights[O,C/group,*K], [bias[O]] → dst[N,O,*]. `pads`: all begins, then all ends (ONNX's order).
struct Conv {
  Dims strides, dilations, pads;
  int64_t group = 1;
  static auto fields() {
    return std::tuple{std::pair{"strides", &Conv::strides}, std::pair{"dilations", &Conv::dilations},
                      std::pair{"pads", &Conv::pads}, std::pair{"group", &Conv::group}};
  }
  bool operator==(const Conv&) const = default;
};

/// src[N,C,*S], weights[C,O/group,*K], [bias[O]]; pads are cut from the full result, output_padding added at its end.
struct ConvTranspose {
  Dims strides, dilations, pads, output_padding;
  int64_t group = 1;
  static auto fields() {
    return std::tuple{std::pair{"strides", &ConvTranspose::strides}, std::pair{"dilations", &ConvTranspose::dilations},
                      std::pair{"pads", &ConvTranspose::pads},
                      std::pair{"output_padding", &ConvTranspose::output_padding},
                      std::pair{"group", &ConvTranspose::group}};
  }
  bool operator==(const ConvTranspose&) const = default;
};

/// alpha · A' · B' + beta · C, with A[M,K] (or its transpose), B[K,N] (or its transpose), [C broadcast to M×N].
struct Gemm {
  bool trans_a = false, trans_b = false;
  float alpha = 1, beta = 1;
  static auto fields() {
    return std::tuple{std::pair{"trans_a", &Gemm::trans_a}, std::pair{"trans_b", &Gemm::trans_b},
                      std::pair{"alpha", &Gemm::alpha}, std::pair{"beta", &Gemm::beta}};
  }
  bool operator==(const Gemm&) const = default;
};

/// NumPy's matmul: batch axes broadcast, rank-1 operands as there.
struct MatMul {
  static auto fields() { return std::tuple{}; }
  bool operator==(const MatMul&) const = default;
};

/// x, scale[C], bias[C], mean[C], variance[C]: (x − mean) / sqrt(variance + epsilon) · scale + bias along axis 1.
struct BatchNorm {
  float epsilon = 1e-5f;
  static auto fields() { return std::make_tuple(std::pair{"epsilon", &BatchNorm::epsilon}); }
  bool operator==(const BatchNorm&) const = default;
};

/// Persisted by name. `a` and `b` are used where the comment says.
enum class UnaryKind : uint8_t {
  relu,          // max(x, 0)
  leaky_relu,    // x < 0 ? a·x : x
  clip,          // min(max(x, a), b)
  sigmoid,       // 1 / (1 + e^−x)
  hard_sigmoid,  // min(max(a·x + b, 0), 1)
  hard_swish,    // x · min(max(x/6 + 1/2, 0), 1)
  swish,         // x · sigmoid(x)
  tanh,
  exp,
  sqrt,
  neg,
  abs,
  reciprocal,
  linear,  // a·x + b
};

struct Unary {
  UnaryKind kind = UnaryKind::relu;
  float a = 0, b = 0;
  static auto fields() {
    return std::tuple{std::pair{"kind", &Unary::kind}, std::pair{"a", &Unary::a}, std::pair{"b", &Unary::b}};
  }
  bool operator==(const Unary&) const = default;
};

enum class BinaryKind : uint8_t {
  add,
  sub,
  mul,
  div,
  pow,
  min,
  max,
  prelu,  // x < 0 ? y·x : x
};

/// x, y with NumPy's broadcasting.
struct Binary {
  BinaryKind kind = BinaryKind::add;
  static auto fields() { return std::make_tuple(std::pair{"kind", &Binary::kind}); }
  bool operator==(const Binary&) const = default;
};

/// Along one axis (the coerced 2-D form of opsets before 13 is written with reshapes by the importer).
struct Softmax {
  int64_t axis = 1;
  static auto fields() { return std::make_tuple(std::pair{"axis", &Softmax::axis}); }
  bool operator==(const Softmax&) const = default;
};

/// x / (bias + alpha/size · Σ x²)^beta over `size` channels around each.
struct Lrn {
  int64_t size = 5;
  float alpha = 1e-4f, beta = 0.75f, bias = 1;
  static auto fields() {
    return std::tuple{std::pair{"size", &Lrn::size}, std::pair{"alpha", &Lrn::alpha}, std::pair{"beta", &Lrn::beta},
                      std::pair{"bias", &Lrn::bias}};
  }
  bool operator==(const Lrn&) const = default;
};

enum class PoolKind : uint8_t { max, average };

/// Over the axes after N and C. Positions past the pads that ceil_mode reaches count for neither maximum nor divisor.
/// Averages of u8 and i8 are rounded, ties to even.
struct Pool {
  PoolKind kind = PoolKind::max;
  Dims kernel, strides, dilations, pads;
  bool count_include_pad = false, ceil_mode = false;
  static auto fields() {
    return std::tuple{std::pair{"kind", &Pool::kind},          std::pair{"kernel", &Pool::kernel},
                      std::pair{"strides", &Pool::strides},    std::pair{"dilations", &Pool::dilations},
                      std::pair{"pads", &Pool::pads},          std::pair{"count_include_pad", &Pool::count_include_pad},
                      std::pair{"ceil_mode", &Pool::ceil_mode}};
  }
  bool operator==(const Pool&) const = default;
};

enum class ReduceKind : uint8_t { mean, max, min, sum };

/// `axes` sorted and explicit. Global pooling is a reduce over the axes after C with keepdims. Sums of u8 and i8 are
/// i32, their means are rounded, ties to even.
struct Reduce {
  ReduceKind kind = ReduceKind::mean;
  Dims axes;
  bool keepdims = true;
  static auto fields() {
    return std::tuple{std::pair{"kind", &Reduce::kind}, std::pair{"axes", &Reduce::axes},
                      std::pair{"keepdims", &Reduce::keepdims}};
  }
  bool operator==(const Reduce&) const = default;
};

/// Any number of inputs.
struct Concat {
  int64_t axis = 1;
  static auto fields() { return std::make_tuple(std::pair{"axis", &Concat::axis}); }
  bool operator==(const Concat&) const = default;
};

/// One entry an axis: dst[i] = src[starts + i·steps], `sizes` is the shape of dst; steps may be negative.
struct Slice {
  Dims starts, steps, sizes;
  static auto fields() {
    return std::tuple{std::pair{"starts", &Slice::starts}, std::pair{"steps", &Slice::steps},
                      std::pair{"sizes", &Slice::sizes}};
  }
  bool operator==(const Slice&) const = default;
};

struct Reshape {
  Dims shape;  // every entry ≥ 0, the product that of the input
  static auto fields() { return std::make_tuple(std::pair{"shape", &Reshape::shape}); }
  bool operator==(const Reshape&) const = default;
};

/// dst.shape[i] = src.shape[perm[i]]
struct Transpose {
  Dims perm;
  static auto fields() { return std::make_tuple(std::pair{"perm", &Transpose::perm}); }
  bool operator==(const Transpose&) const = default;
};

/// Broadcast to `shape`, which is the shape of dst.
struct Expand {
  Dims shape;
  static auto fields() { return std::make_tuple(std::pair{"shape", &Expand::shape}); }
  bool operator==(const Expand&) const = default;
};

/// data, indices (i32 or i64; negative ones count from the end).
struct Gather {
  int64_t axis = 0;
  static auto fields() { return std::make_tuple(std::pair{"axis", &Gather::axis}); }
  bool operator==(const Gather&) const = default;
};

enum class PadMode : uint8_t { constant, reflect, edge };

/// `pads`: all begins, then all ends, one entry an axis; negative ones cut.
struct Pad {
  PadMode mode = PadMode::constant;
  Dims pads;
  float value = 0;
  static auto fields() {
    return std::tuple{std::pair{"mode", &Pad::mode}, std::pair{"pads", &Pad::pads}, std::pair{"value", &Pad::value}};
  }
  bool operator==(const Pad&) const = default;
};

enum class ResizeMode : uint8_t { nearest, linear, cubic };
enum class ResizeCoordinate : uint8_t { half_pixel, pytorch_half_pixel, align_corners, asymmetric };
enum class ResizeRounding : uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };

/// ONNX's Resize over the last two axes of N,C,H,W; `sizes` is the shape of dst, scales are per resized axis
/// (output/input as the model gives them, not recomputed from sizes).
struct Resize {
  ResizeMode mode = ResizeMode::nearest;
  ResizeCoordinate coordinate = ResizeCoordinate::half_pixel;
  ResizeRounding rounding = ResizeRounding::round_prefer_floor;
  Dims sizes;
  float scale_h = 1, scale_w = 1;
  float cubic_a = -0.75f;
  static auto fields() {
    return std::tuple{std::pair{"mode", &Resize::mode},         std::pair{"coordinate", &Resize::coordinate},
                      std::pair{"rounding", &Resize::rounding}, std::pair{"sizes", &Resize::sizes},
                      std::pair{"scale_h", &Resize::scale_h},   std::pair{"scale_w", &Resize::scale_w},
                      std::pair{"cubic_a", &Resize::cubic_a}};
  }
  bool operator==(const Resize&) const = default;
};

struct Cast {
  DType to = DType::f32;
  static auto fields() { return std::make_tuple(std::pair{"to", &Cast::to}); }
  bool operator==(const Cast&) const = default;
};

/// The identity on values: only layout (and later type) of the memory changes.
struct Reformat {
  static auto fields() { return std::tuple{}; }
  bool operator==(const Reformat&) const = default;
};

/// x f32 → `to` (u8 or i8): zero + rint(x / scale), saturated; ties to even, not-a-number gives `zero`. ONNX's
/// QuantizeLinear with one scale a tensor.
struct Quantize {
  float scale = 1;
  int64_t zero = 0;
  DType to = DType::u8;
  static auto fields() {
    return std::tuple{std::pair{"scale", &Quantize::scale}, std::pair{"zero", &Quantize::zero},
                      std::pair{"to", &Quantize::to}};
  }
  bool operator==(const Quantize&) const = default;
};

/// src u8, i8 or i32; scales f32[1] or f32[size of `axis`] → f32: float(src − zero) · scale, one multiplication.
struct Dequantize {
  int64_t zero = 0, axis = 1;
  static auto fields() {
    return std::tuple{std::pair{"zero", &Dequantize::zero}, std::pair{"axis", &Dequantize::axis}};
  }
  bool operator==(const Dequantize&) const = default;
};

/// src i32, u8 or i8; scales f32[1] or f32[C] along axis 1; [other u8 or i8 of src's shape] → `to` (u8 or i8):
///   t = float(src − src_zero) · scale, with `other`: t = t + float(other − other_zero) · other_scale
///   t = t < 0 ? t · slope : t
///   y = zero + rint(clamp(t, low − zero, high − zero))
/// Every step is one f32 operation, never contracted, ties to even; not-a-number gives `low`. An integer product's
/// epilogue (a ReLU is low = zero, a LeakyReLU its slope), an addition of integers, and a change of scale.
struct Requantize {
  int64_t src_zero = 0, other_zero = 0;
  float other_scale = 0;
  int64_t zero = 0, low = 0, high = 255;
  DType to = DType::u8;
  float slope = 1;  // 0 to 1; 1 changes nothing
  static auto fields() {
    return std::tuple{std::pair{"src_zero", &Requantize::src_zero},
                      std::pair{"other_zero", &Requantize::other_zero},
                      std::pair{"other_scale", &Requantize::other_scale},
                      std::pair{"zero", &Requantize::zero},
                      std::pair{"low", &Requantize::low},
                      std::pair{"high", &Requantize::high},
                      std::pair{"to", &Requantize::to},
                      std::pair{"slope", &Requantize::slope}};
  }
  bool operator==(const Requantize&) const = default;
};

/// src u8, table u8[256], i8[256] or f32[256] → table[src].
struct Lookup {
  static auto fields() { return std::tuple{}; }
  bool operator==(const Lookup&) const = default;
};

/// src u8, weights i8, [bias i32[O]] → i32: Σ (src − zero) · weights + bias, exact modulo 2^32. Padding adds nothing.
struct ConvInteger : Conv {
  int64_t zero = 0;
  static auto fields() {
    return std::tuple_cat(Conv::fields(), std::make_tuple(std::pair{"zero", &ConvInteger::zero}));
  }
  bool operator==(const ConvInteger&) const = default;
};

/// As ConvTranspose, with the types and the sum of ConvInteger.
struct ConvTransposeInteger : ConvTranspose {
  int64_t zero = 0;
  static auto fields() {
    return std::tuple_cat(ConvTranspose::fields(), std::make_tuple(std::pair{"zero", &ConvTransposeInteger::zero}));
  }
  bool operator==(const ConvTransposeInteger&) const = default;
};

/// A u8[M,K], B i8[N,K], [bias i32[N]] → i32[M,N]: Σ (A − zero) · B + bias, exact modulo 2^32.
struct GemmInteger {
  int64_t zero = 0;
  static auto fields() { return std::make_tuple(std::pair{"zero", &GemmInteger::zero}); }
  bool operator==(const GemmInteger&) const = default;
};

/// Functions of elements that vector kernels have not. Persisted by name. `a` and `b` are used where the comment says.
enum class MapKind : uint8_t {
  // Of a real number.
  log,
  erf,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  floor,
  ceil,
  round,      // ties to even
  sign,       // −1, 0, 1; not-a-number stays
  elu,        // x < 0 ? a·(e^x − 1) : x
  softplus,   // ln(1 + e^x)
  mish,       // x · tanh(ln(1 + e^x))
  gelu,       // x/2 · (1 + erf(x/√2))
  gelu_tanh,  // the same with tanh(√(2/π)·(x + 0.044715·x³)) for erf (Hendrycks, Gimpel 2016)
  // Of a real number, boolean results.
  is_nan,
  is_inf,  // +∞ if a ≠ 0, −∞ if b ≠ 0
  // Of integers or booleans.
  bit_not,
  // Of two of one type, boolean results.
  equal,
  less,
  less_or_equal,
  // Of two numbers of one type. Integers modulo 0 are 0.
  mod,        // the sign of the divisor
  remainder,  // the sign of the dividend
  // Of two of one integer type, or booleans; shifts by the type's width or more give 0.
  bit_and,
  bit_or,
  bit_xor,
  shift_left,
  shift_right,
  // Of a boolean and two of one type: x ? y : z.
  select,
};

/// One, two or three inputs with NumPy's broadcasting.
struct Map {
  MapKind kind = MapKind::log;
  float a = 0, b = 0;
  static auto fields() {
    return std::tuple{std::pair{"kind", &Map::kind}, std::pair{"a", &Map::a}, std::pair{"b", &Map::b}};
  }
  bool operator==(const Map&) const = default;
};

enum class CumulateKind : uint8_t { sum, product };

/// Each element joined with all before it along `axis` (`reverse`: after it). `exclusive` leaves itself out, so that
/// the first is 0 or 1. f32, i32 or i64.
struct Cumulate {
  CumulateKind kind = CumulateKind::sum;
  int64_t axis = 0;
  bool exclusive = false, reverse = false;
  static auto fields() {
    return std::tuple{std::pair{"kind", &Cumulate::kind}, std::pair{"axis", &Cumulate::axis},
                      std::pair{"exclusive", &Cumulate::exclusive}, std::pair{"reverse", &Cumulate::reverse}};
  }
  bool operator==(const Cumulate&) const = default;
};

/// i64 positions along `axis` of the `k` largest (or smallest) elements, the best first and of equal ones the lower
/// position first; not-a-number comes last. f32 or any integers.
struct TopK {
  int64_t axis = 0, k = 1;
  bool largest = true;
  static auto fields() {
    return std::tuple{std::pair{"axis", &TopK::axis}, std::pair{"k", &TopK::k}, std::pair{"largest", &TopK::largest}};
  }
  bool operator==(const TopK&) const = default;
};

/// i64: where a max pool of f32, u8 or i8 finds its maxima, as row-major positions in the whole source; the first of
/// equal ones.
struct PoolIndices : Pool {
  static auto fields() { return Pool::fields(); }
  bool operator==(const PoolIndices&) const = default;
};

enum class ScatterKind : uint8_t { replace, add, mul, min, max };

/// data[N,*], indices i32 or i64 [M], updates[M,*] → data, its row indices[m] joined with row m of updates, one m after
/// the other. Negative indices count from the end; those outside do nothing. Arithmetic is of f32, i32 and i64.
struct Scatter {
  ScatterKind kind = ScatterKind::replace;
  static auto fields() { return std::make_tuple(std::pair{"kind", &Scatter::kind}); }
  bool operator==(const Scatter&) const = default;
};

enum class GridMode : uint8_t { nearest, linear, cubic };
enum class GridPadding : uint8_t { zeros, border, reflection };

/// ONNX's GridSample: src f32[N,C,*S], grid f32[N,*O,axes of S] (the innermost axis first, −1 to 1) → [N,C,*O]; two or
/// three axes, cubic only two.
struct GridSample {
  GridMode mode = GridMode::linear;
  GridPadding padding = GridPadding::zeros;
  bool align_corners = false;
  static auto fields() {
    return std::tuple{std::pair{"mode", &GridSample::mode}, std::pair{"padding", &GridSample::padding},
                      std::pair{"align_corners", &GridSample::align_corners}};
  }
  bool operator==(const GridSample&) const = default;
};

/// ONNX's RoiAlign (He et al. 2017): src f32[N,C,H,W], rois f32[R,4], image of each i32 or i64 [R] →
/// [R,C,height,width]. `sampling` 0: as many points as the bin has pixels. An image outside is brought to the nearer
/// end.
struct RoiAlign {
  PoolKind kind = PoolKind::average;
  int64_t height = 1, width = 1, sampling = 0;
  float scale = 1;
  bool half_pixel = true;
  static auto fields() {
    return std::tuple{std::pair{"kind", &RoiAlign::kind},   std::pair{"height", &RoiAlign::height},
                      std::pair{"width", &RoiAlign::width}, std::pair{"sampling", &RoiAlign::sampling},
                      std::pair{"scale", &RoiAlign::scale}, std::pair{"half_pixel", &RoiAlign::half_pixel}};
  }
  bool operator==(const RoiAlign&) const = default;
};

/// boxes f32[B,n,4], scores f32[B,C,n] → i64[B·C·min(most,n), 3]: image, class and box of what greedy suppression
/// keeps, class by class, the best score first; rows that are not needed follow, all −1. A box is kept if its score is
/// above `score` (−∞: whatever it is) and overlaps no better one of its class by more than `overlap`. Boxes are two
/// corners, y first, or with `centered` x, y of the centre, width and height.
struct NonMaxSuppression {
  int64_t most = 1;
  float overlap = 0, score = 0;
  bool centered = false;
  static auto fields() {
    return std::tuple{std::pair{"most", &NonMaxSuppression::most}, std::pair{"overlap", &NonMaxSuppression::overlap},
                      std::pair{"score", &NonMaxSuppression::score},
                      std::pair{"centered", &NonMaxSuppression::centered}};
  }
  bool operator==(const NonMaxSuppression&) const = default;
};

/// The attributes of any operator; which alternative is held says which operator it is.
using Attrs = std::variant<Conv, ConvTranspose, Gemm, MatMul, BatchNorm, Unary, Binary, Softmax, Lrn, Pool, Reduce,
                           Concat, Slice, Reshape, Transpose, Expand, Gather, Pad, Resize, Cast, Reformat, Quantize,
                           Dequantize, Requantize, Lookup, ConvInteger, ConvTransposeInteger, GemmInteger, Map,
                           Cumulate, TopK, PoolIndices, Scatter, GridSample, RoiAlign, NonMaxSuppression>;

}  // namespace stretto::op
