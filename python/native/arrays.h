// Python's arrays as the library's memory, without copies.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <stretto/types.h>

#include <string>
#include <vector>

namespace stretto::python {

namespace nb = nanobind;

using InputArray = nb::ndarray<nb::ro>;
using OutputArray = nb::ndarray<>;

/// "1x3x224x224 float32"
std::string text_of(const TensorInfo& info);

/// The caller's array for an input or output; anything with the buffer protocol or __dlpack__. Throws Error(bad_usage)
/// unless it lies densely in this machine's memory with exactly that shape and type; `given` is kept alive by it.
InputArray as_input(const TensorInfo& info, nb::handle given);
OutputArray as_output(const TensorInfo& info, nb::handle given);

/// True when the shape is the input's; false as well for what is no array.
bool has_shape_of(const TensorInfo& info, nb::handle given);

/// A NumPy array of that shape and type, not initialised, aligned to a cache line. `data` becomes its memory.
nb::object new_array(const TensorInfo& info, void*& data);

}  // namespace stretto::python
