// A small graph of unary and binary operators over tensors of one shape, as numbers for the loops.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/x86/epilogue_params.h"

namespace stretto {
struct StepArgs;
struct TaskId;
}  // namespace stretto

namespace stretto::kernels {

inline constexpr int kElementwiseNodes = 6;
inline constexpr int kElementwiseInputs = 8;

/// The numbers are those of op::BinaryKind.
enum class ElementCode : int32_t { add = 0, sub, mul, div, pow, min, max, prelu, unary };

/// Where an operand's values for one plane are found.
struct ElementOperand {
  enum Source : int32_t { input, constant, node };
  enum Spread : int32_t {
    full,     // as the output
    row,      // one plane for all planes
    channel,  // blocked: one vector a plane; plain: one float a plane
    scalar,
  };
  Source source = input;
  Spread spread = full;
  int32_t index = 0;  // number of the input or node
  int32_t plain = 0;  // an input of floats; channel: one after the other, channels to a row of them
  int32_t channels = 0;
  int32_t period = 1;  // channel: planes after which the values repeat
  int64_t offset = 0;  // constant: floats into the weights
};

struct ElementNode {
  ElementCode code = ElementCode::unary;
  UnaryParams unary;
  ElementOperand a, b;
};

/// `planes` of `length` floats each (blocked: a channel block's plane). A task makes plane_block whole planes, or
/// `part` floats of one.
struct ElementwiseParams {
  int32_t nodes = 0;
  int32_t planes = 1, channel_blocks = 1, plane_block = 1, parts = 1;
  int64_t length = 0, part = 0;
  int32_t tail = 0;  // blocked: channels in the last block, 0: all
  ElementNode node[kElementwiseNodes];
};

/// Spatial reduction of blocked planes to one vector each. A task makes plane_block planes.
struct ReduceParams {
  enum Kind : int32_t { mean, max, min, sum };
  Kind kind = mean;
  int32_t planes = 1, channel_blocks = 1, plane_block = 1;
  int32_t pixels = 1;
  int32_t plain = 0;  // dst is N × channels floats
  int32_t channels = 0;
};

namespace avx512 {
void elementwise(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
}  // namespace avx512
namespace avx2 {
void elementwise(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
}  // namespace avx2
namespace avx512_fp16 {
void elementwise(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
}  // namespace avx512_fp16

}  // namespace stretto::kernels
