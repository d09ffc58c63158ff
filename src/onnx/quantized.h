// What quantised operators of a file say of their tensors: scales, zero points, and the way between integers and reals.
#pragma once

#include <string_view>
#include <vector>

#include "onnx/node_context.h"

namespace stretto::onnx {

/// As many scales as zero points: one, or one for each index of an axis. Scales are finite and above zero, zero points
/// lie in the type.
struct Scaling {
  std::vector<float> scales;
  std::vector<int64_t> zeros;
  DType type = DType::u8;  // of the zero points; where the file gives none, what the caller said
};

/// The scale of input `scale` and the zero point of input `zero` (absent or −1: 0 of type `absent`); both must be
/// known.
Result<Scaling> read_scaling(NodeContext& n, int scale, int zero, DType absent);
/// The zero points of input `zero` alone, for a tensor of `type`; absent or −1: one 0.
Result<std::vector<int64_t>> read_zeros(NodeContext& n, int zero, DType type);

/// The last operator of a conversion, which the caller emits or finishes with.
struct Step {
  op::Attrs attrs;
  std::vector<Operand> inputs;
};

/// Real numbers of the integers `src`; the scaling's type must be that of `src`. `axis` matters where there are several
/// scales.
Result<Step> dequantize_step(NodeContext& n, Operand src, const Scaling& scaling, int64_t axis);
/// Integers of the real numbers `src`.
Result<Step> quantize_step(NodeContext& n, Operand src, const Scaling& scaling, int64_t axis);

/// Input `src` as real numbers, by the scale and zero point in the two inputs after it.
Result<Operand> dequantized_input(NodeContext& n, int src, int64_t axis = 0);
/// Output 0 is `real` as integers, by the scale of input `scale` and the zero point after it.
Status finish_quantized(NodeContext& n, Operand real, int scale);

}  // namespace stretto::onnx
