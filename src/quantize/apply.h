// Apply: an optimised graph and a recipe become a graph with integer operators.
//
// Integers are u8 with the recipe's scales. Where a float value meets an integer node it is quantised once, and where
// integers meet a float node they are dequantised once, however many read them; inputs and outputs of the graph stay
// f32. A product is its integer sums and their requantisation, which takes in the relu or clip behind it, and the
// addition that alone reads it (the other summand is its `other`). A product that only float nodes read is dequantised
// from its sums.
#pragma once

#include "quantize/types.h"

namespace stretto::quantize {

/// What became of a node of the given graph.
struct Outcome {
  std::string node;
  bool integer = false;
  std::string reason;  // where it is not: why
};

struct Quantised {
  ir::Graph graph;
  std::vector<Outcome> nodes;  // in topological order
  // What stands for the given graph in the new one; kNone: nothing, or nothing that is read.
  std::vector<ir::ValueId> bytes;  // by value: its integers
  std::vector<ir::ValueId> reals;  // by value: its floats
  std::vector<ir::NodeId> sums;    // by node: the integer operator of a product
};

/// Integer nodes and values carry on the names of those that they stand for. Fails, with the name and what to change,
/// where the recipe names what the graph has not, lacks a scale, or has a count that does not fit.
Result<Quantised> apply(const ir::Graph& graph, const Recipe& recipe);

}  // namespace stretto::quantize
