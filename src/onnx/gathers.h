// Gathering and scattering single elements: indices become positions in the flattened data, by integer arithmetic that
// folds away where they are known.
#pragma once

#include "onnx/formula.h"

namespace stretto::onnx {

/// Element [i…] is data[i…] with `axis`'s index replaced by indices[i…].
Operand gather_elements(Formula& f, Operand data, Operand indices, int axis);

/// The flat positions that those indices name.
Operand element_positions(Formula& f, const Shape& data, Operand indices, int axis);

}  // namespace stretto::onnx
