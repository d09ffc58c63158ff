// Which parts of a network take least time as integers and which as reals, counting the conversions between them.
//
// Two types a part, a cost for each, and a cost wherever neighbours differ: a minimal cut, found exactly by maximal
// flow (Greig, Porteous and Seheult, "Exact Maximum A Posteriori Estimation for Binary Images", 1989, section 2).
#pragma once

#include <vector>

namespace stretto {

/// Nodes that take one type together: seconds as integers and as reals, conversions apart.
struct MixUnit {
  double integer_s = 0, real_s = 0;
};

/// A value that passes between units. What is outside of all units is real.
struct MixValue {
  static constexpr int kOutside = -1;
  int maker = kOutside;
  std::vector<int> readers;  // units, or kOutside
  double to_real_s = 0;      // paid once where the maker is integer and a reader is real
  double to_integer_s = 0;   // paid once where the maker is real and a reader is integer
};

struct MixProblem {
  std::vector<MixUnit> units;
  std::vector<MixValue> values;
};

/// Of all units and the conversions between them. `integer`: by unit.
double seconds_of(const MixProblem& problem, const std::vector<bool>& integer);

/// How much longer it takes with that unit's type changed.
double change_of(const MixProblem& problem, std::vector<bool> integer, int unit);

/// By unit, whether it is integer, so that seconds_of() is least; where it makes no difference, integer. Costs are
/// finite and ≥ 0. `fixed_real`: by unit, those that must be real; empty: none.
std::vector<bool> fastest_types(const MixProblem& problem, const std::vector<bool>& fixed_real = {});

}  // namespace stretto
