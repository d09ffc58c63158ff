// Reading a Problem's common shapes: what kernels' `supports` and `book` ask of it.
#pragma once

#include <optional>

#include "tactics/problem.h"

namespace stretto {

/// The attributes of the first node if it is a T, else null.
template <class T>
const T* first_as(const Problem& problem) {
  return problem.nodes.empty() ? nullptr : std::get_if<T>(&problem.nodes[0].attrs);
}

/// What may follow a convolution or a product on the accumulator before it is stored:
/// x → act1(x) → x ∘ other (∘ = add or mul, `other` an input of the output's shape) → act2(x).
struct Epilogue {
  bool has_act1 = false;
  op::Unary act1;
  bool has_binary = false;
  op::BinaryKind binary = op::BinaryKind::add;  // add or mul
  int other = -1;                               // operand number of the other input
  bool has_act2 = false;
  op::Unary act2;
};

/// Reads nodes 1… of `problem` as an epilogue of node 0; nothing if they are anything else.
std::optional<Epilogue> match_epilogue(const Problem& problem);

/// Position of operand `operand` among the problem's inputs (index into StepArgs::src), or −1.
int input_position(const Problem& problem, int operand);
/// Position of operand `operand` among its constants (index into pack()'s constants), or −1.
int constant_position(const Problem& problem, int operand);

}  // namespace stretto
