// The steps of quantisation that may be left out, by name.
#pragma once

#include <span>
#include <string_view>

namespace stretto::quantize {

struct Step {
  const char* name;  // "round_weights", for --skip-pass
  const char* what;  // one line
};

/// In order of execution.
std::span<const Step> steps();
bool is_step(std::string_view name);

}  // namespace stretto::quantize
