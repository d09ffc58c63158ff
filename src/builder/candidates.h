// Candidates: the small groups of nodes that one step could compute, and the Problem each becomes.
//
// A candidate is one node or a chain that ends in its root; values between its members are read by nobody else. Which
// candidates are used is the cover's decision (cover.h), by time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ir/graph.h"
#include "tactics/problem.h"

namespace stretto {

struct Candidate {
  std::vector<ir::NodeId> nodes;  // in order of execution; the last is the root
  bool group = false;  // of several products, with a pool or a quantisation: its parts say nothing of its cost
  ir::NodeId root() const { return nodes.back(); }
};

/// A layout for what a step reads and one for what it writes. Operands that cannot take it stay plain.
struct Signature {
  Layout input = Layout::plain;
  Layout output = Layout::plain;
  bool operator==(const Signature&) const = default;
};

/// The signatures worth considering where `blocked` layouts are: those that keep one layout first.
std::vector<Signature> signatures_of(std::span<const Layout> blocked);

/// Whether kernels read and write values of type `dtype` in that blocked layout: bytes lie in sixteens on every
/// instruction set and GPU.
constexpr bool lies_in_blocks(DType dtype, Layout layout) {
  const bool byte = dtype == DType::u8 || dtype == DType::i8;
  if (layout == Layout::nhwc16) return byte;
  return dtype == DType::f32 || (byte && layout == Layout::c16);
}

/// Every candidate of the graph: single nodes, products with epilogues, depthwise-separable groups, convolutions with
/// the pool after them, integer products with the quantisation before them, elementwise chains, moves of channels.
/// `fuse` false: single nodes alone.
std::vector<Candidate> find_candidates(const ir::Graph& graph, bool fuse = true);

/// The layout in which a step with signature `s` reads a value of type `type` when its result has type `result`.
/// `first`: the value is the first input of the first node (the feature map that a product reads).
Layout input_layout(const Signature& s, const TensorType& type, const TensorType& result, bool first);
Layout output_layout(const Signature& s, const TensorType& type);

/// A candidate's problem, and which values of the graph its operands are.
struct BoundProblem {
  Problem problem;
  std::vector<ir::ValueId> inputs;     // in the problem's order of inputs
  std::vector<ir::ValueId> constants;  // in its order of constants
};
BoundProblem bind(const ir::Graph& graph, const Candidate& candidate, const Signature& signature);

/// Whether all products are of integers, so that results are promised to be the same on every instruction set.
bool multiplies_integers_alone(const ir::Graph& graph);

}  // namespace stretto
