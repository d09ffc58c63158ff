// Texts of options to values. Everything here throws Error(bad_usage) that quotes what was given.
#pragma once

#include <stretto/build.h>

#include <string>
#include <vector>

namespace stretto::cli {

/// "a:1x3,b:1x4": the last colon divides name and sizes; names may hold commas and colons.
ShapeSet parse_shapes(const std::string& text);
/// "fp32", "tf32", "bf16", "fp16", "int8".
Precision parse_precision(const std::string& text);
std::string precision_text(Precision precision);

}  // namespace stretto::cli
