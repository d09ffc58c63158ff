// NumPy's .npy files: read versions 1 to 3 (C order; numbers and booleans of NumPy's sizes), write version 1.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace stretto::samples {

bool is_npy(std::span<const std::byte> bytes);
/// `where` is the file's name, for messages. The tensor is a copy.
Result<Tensor> parse_npy(std::span<const std::byte> bytes, const std::string& where);
std::vector<std::byte> to_npy(const TensorType& type, const void* data);

}  // namespace stretto::samples
