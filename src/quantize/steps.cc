#include "quantize/steps.h"

#include <algorithm>

namespace stretto::quantize {
namespace {

constexpr Step kSteps[] = {
    {"equalise", "brings channels to like ranges before they share a scale"},
    {"search_weight_scales", "scales weights for the least error, not to the largest of them"},
    {"round_weights", "rounds weights so that each makes up for the errors of others (GPTQ)"},
    {"correct_bias", "corrects biases by the mean error of what each layer computes"},
};

}  // namespace

std::span<const Step> steps() {
  return kSteps;
}

bool is_step(std::string_view name) {
  return std::any_of(std::begin(kSteps), std::end(kSteps), [&](const Step& s) { return name == s.name; });
}

}  // namespace stretto::quantize
