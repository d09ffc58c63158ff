// SHA-256 of a file: the identity of a model.
#pragma once

#include <string>

#include "base/status.h"

namespace stretto {

/// 64 hex digits.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace stretto
