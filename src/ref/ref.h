// The oracle: what every operator means, one element at a time.
//
// `at` computes one element of an operator's output from the elements of its inputs that it needs, in double (floating
// point) or int64 (integers), in the obvious order. Everything else is judged against it. It pulls its inputs, so a
// small graph of operators can be evaluated at a few thousand points without computing the whole.
#pragma once

#include <functional>
#include <span>

#include "base/status.h"
#include "op/op.h"

namespace stretto::ref {

/// One element: `real` for floating-point types, `integer` for integers and booleans.
struct Scalar {
  double real = 0;
  int64_t integer = 0;
};

/// Element `linear` (row-major) of input number `input`.
using Reader = std::function<Scalar(int input, int64_t linear)>;

/// Element `linear` of the output. `inputs` are the types of the inputs, `output` what op::infer said. An index of
/// Gather out of range is brought to the nearer end; integers wrap, and divided by zero give 0.
Scalar at(const op::Attrs& attrs, std::span<const TensorType> inputs, const TensorType& output, const Reader& read,
          int64_t linear);

/// The whole output, by `at` for each element (faster ways where the result is the same to the bit: moving data copies;
/// a reshape shares the input's memory). Refuses an index of Gather out of range, and outputs above 4 GiB.
Result<Tensor> evaluate(const op::Attrs& attrs, std::span<const Tensor> inputs);

/// Reads or writes one element of any type, converting to or from Scalar; writing rounds to nearest even.
Scalar load(const Tensor& tensor, int64_t linear);
void store(void* data, DType dtype, int64_t linear, Scalar value);

}  // namespace stretto::ref
