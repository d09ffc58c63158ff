// The reference's answer to a whole problem, one element of its output at a time, and the points worth asking for.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "ref/ref.h"
#include "tactics/problem.h"

namespace stretto {

/// Evaluates a problem's small graph by pulling: an element of the output asks ref::at for the elements it needs.
/// Values between operators stay in double (or int64) and are remembered. The problem must be valid and must outlive
/// this object; tensors are dense, in operand order. Not for several threads at once.
class ProblemReference {
 public:
  ProblemReference(const Problem& problem, std::span<const Tensor> inputs, std::span<const Tensor> constants);

  /// Element `linear` (row-major) of the output, as a number whatever its type.
  double at(int64_t linear);
  /// The same with integers exact.
  ref::Scalar scalar_at(int64_t linear);

 private:
  /// What makes an operand: a tensor, or a node with the types and operands it reads.
  struct Source {
    Tensor tensor;
    int node = -1;
    std::vector<TensorType> types;
    std::unordered_map<int64_t, ref::Scalar> known;
    Tensor whole;  // of an operator whose elements are found together
  };
  ref::Scalar value(int operand, int64_t linear);
  ref::Scalar compute(Source& source, int64_t linear);

  const Problem& problem_;
  std::vector<Source> sources_;  // by operand
};

/// About `count` distinct elements of a tensor, in rising order: all of a small one, else corners, both sides of the
/// seams where tiles meet (multiples of 4, 8, 16, … along each axis), and random ones. The same for the same seed.
std::vector<int64_t> sample_points(const Shape& shape, uint64_t seed, int count);

/// Whether random operands must be positive for the result to mean anything: roots, powers, quotients, variances.
bool wants_positive(const Problem& problem);

}  // namespace stretto
