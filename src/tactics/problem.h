// Problem: a plain value that says completely what one step must compute.
//
// A small graph of one to kMaxNodes operators with types, shapes and layouts. It is the key of the timing cache, a line
// in a benchmark file, the case in a test, and what a plan stores for each step. The text form is canonical: equal
// problems have equal text.
//
//   %0 f32[1x64x56x56] c16 in; %1 f32[64x64x3x3] plain const; %2 f32[64] plain const; %3 f32[1x64x56x56] c16 mid;
//   %4 f32[1x64x56x56] c16 out; %3 = conv(strides=1x1,…) %0 %1 %2; %4 = unary(kind=relu,a=0,b=0) %3
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "op/op.h"
#include "tactics/layout.h"

namespace stretto {

enum class Role : uint8_t { input, constant, internal, output };

struct Operand {
  TensorType type;
  Layout layout = Layout::plain;  // constants are always plain; internal operands too (their layout means nothing)
  Role role = Role::input;
  bool operator==(const Operand&) const = default;
};

struct Problem {
  static constexpr int kMaxNodes = 6;
  static constexpr int kMaxOperands = 64;

  struct Node {
    op::Attrs attrs;
    std::vector<int> inputs;  // operand numbers
    int output = -1;
    bool operator==(const Node&) const = default;
  };

  std::vector<Operand> operands;
  std::vector<Node> nodes;  // in order of execution; the last one makes the one output operand

  bool operator==(const Problem&) const = default;

  /// Operand numbers with that role, in operand order. Steps see inputs and constants in this order.
  std::vector<int> with_role(Role role) const;
  const Operand& output() const;
  /// Types of the inputs of node `i`.
  std::vector<TensorType> input_types(int i) const;
  double flops() const;
  /// Bytes read and written once: inputs, constants, output.
  double bytes() const;
};

/// Whether an operand lies rounded to f16.
bool has_half_operand(const Problem& problem);

std::string to_string(const Problem& problem);
/// Parses and validates.
Result<Problem> problem_from_string(std::string_view text);
/// Sizes, roles, layouts, order, and every type against op::infer: a valid problem is safe for any tactic's `supports`.
Status validate(const Problem& problem);

}  // namespace stretto
