// From two timed covers of one network, as integers and as reals, to the parts that take one type together and what
// each costs: the problem that type_mix.h solves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/cover.h"
#include "builder/type_mix.h"
#include "ir/graph.h"

namespace stretto {

/// The same network three times; nodes of the others stand for those of `optimised` by their names, or by the names of
/// what they compute.
struct TypedCovers {
  const ir::Graph& optimised;  // reals, by whose names a recipe goes
  const ir::Graph& quantised;  // by the recipe
  const Cover& narrow;         // of `quantised`
  const ir::Graph& reals;      // as `optimised`, its moves perhaps split
  const Cover& wide;           // of `reals`
  std::vector<bool> integer;   // by node of `optimised`: whether `quantised` computes it in integers
};

struct TypeUnits {
  MixProblem problem;
  std::vector<std::vector<std::string>> nodes;  // by unit: its integer nodes' names, in topological order
};

/// Seconds to make reals of a value's integers, or the other way.
using ConversionCost = std::function<Result<double>(const TensorType& reals, bool to_integer)>;

/// A unit is what one step of either cover computes, and whatever overlaps with it, as far as any of it is integer.
Result<TypeUnits> find_units(const TypedCovers& covers, const ConversionCost& conversion);

/// As the selector times the operators Quantize and Dequantize, in the layouts among `blocked` that suit best.
ConversionCost timed_conversions(Selector& selector, std::vector<Layout> blocked);

}  // namespace stretto
