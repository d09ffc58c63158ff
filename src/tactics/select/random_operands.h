// Random data for a problem: what trials and tests compute on.
#pragma once

#include <cstdint>
#include <vector>

#include "tactics/problem.h"

namespace stretto {

/// Dense tensors, in operand order; the same for the same problem and seed on every machine.
struct RandomOperands {
  std::vector<Tensor> inputs, constants;
};

/// float32: uniform in [−1, 1), or in [0.5, 1.5) where results need that, rounded as the layout stores it. Quantised
/// values take all of their range; biases and scales of integer products fit the sums, so that results lie inside a
/// byte. Other types hold zeros, which every operator accepts (indices among them).
RandomOperands random_operands(const Problem& problem, uint64_t seed = 1);

}  // namespace stretto
