// What the x86 tactics ask of problems on blocked layouts, and the weights' one order.
#pragma once

#include "kernels/cpu/x86/epilogue_params.h"
#include "tactics/match.h"
#include "tactics/tactic.h"

namespace stretto::kernels {

constexpr Layout blocked_layout(int width) {
  return width == 32 ? Layout::c32h : width == 16 ? Layout::c16 : Layout::c8;
}
constexpr int div_up(int64_t a, int64_t b) {
  return static_cast<int>((a + b - 1) / b);
}
constexpr size_t kFloat = sizeof(float);
/// Bytes of an element in blocks of `width` channels.
constexpr size_t element_bytes(int width) {
  return width == 32 ? sizeof(uint16_t) : kFloat;
}

inline const Operand& operand(const Problem& problem, int number) {
  return problem.operands[static_cast<size_t>(number)];
}
/// How planes of `pixels` vectors are shared out to tasks: several whole planes each, or `part` pixels of one.
struct PlaneSplit {
  int32_t plane_block = 1, parts = 1;
  int64_t part = 1;
};
/// For steps that little more than move `floats`: tasks of about 8 microseconds, at most 64, an even number of them.
PlaneSplit split_planes(int64_t planes, int64_t pixels, int width);

/// Operand of input `input` of node 0.
inline const Operand& first_input(const Problem& problem, int input) {
  return operand(problem, problem.nodes[0].inputs[static_cast<size_t>(input)]);
}
/// Every operand f32.
bool is_f32(const Problem& problem);

/// Nodes 1… are an epilogue whose other input lies as the output does.
Refusal check_epilogue(const Problem& problem);
/// For a problem that check_epilogue takes. `block`: channels in a block of dst.
EpilogueParams epilogue_params(const Problem& problem, int block);
UnaryParams unary_params(const op::Unary& unary);

/// Input 1 of node 0, and 2 where there is one, are constants.
bool has_constant_weights(const Problem& problem);
/// The constant that input `input` of node 0 is; empty if there is none.
Tensor constant_of(const Problem& problem, std::span<const Tensor> constants, size_t input);

/// Where one weight of a convolution is found: weight(o, c, kh, kw) = data[o·oc + c·ic + kh·row + kw·column + offset].
struct WeightView {
  const float* data = nullptr;
  int64_t oc = 0, ic = 0, row = 0, column = 0;
  float at(int64_t o, int64_t c, int64_t y, int64_t x) const { return data[o * oc + c * ic + y * row + x * column]; }
};

/// Packs oc × ic × kh × kw weights for the register tile: [blocks of oc][ic block][kh][kw][channel][block][width],
/// zeros where channels are missing. Returns past the last float written.
float* pack_tiles(const WeightView& view, int oc, int ic, int kh, int kw, int width, int blocks, float* out);
/// How a tactic keeps its packed weights: as they are, or rounded to f16 (half the bytes; needs `fp16` allowed).
enum class WeightKind { full, half };
constexpr size_t size_of(WeightKind kind) {
  return kind == WeightKind::half ? sizeof(uint16_t) : sizeof(float);
}
/// Stores n packed weights at `out` as `kind`.
void store_weights(WeightKind kind, const float* packed, int64_t n, std::byte* out);

/// Params that are a struct and arrays after it.
void append_bytes(std::vector<std::byte>& params, const void* data, size_t bytes);
/// Copies `n` floats, or zeros if `src` is null, and fills up with zeros to `padded`.
void copy_padded(const float* src, int64_t n, int64_t padded, float* out);

}  // namespace stretto::kernels
