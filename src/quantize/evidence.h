// Evidence: what samples tell of the network of floats, gathered once.
#pragma once

#include "quantize/correct_bias.h"
#include "quantize/observe.h"

namespace stretto::quantize {

struct Evidence {
  Observations observations;       // of all samples but those held out
  Observations held_observations;  // of those; empty where they are among the others too
  SampleTensors fit;               // that refinement works on
  std::vector<Means> means;        // of those, by sample: of every product's and addition's result
  SampleTensors held;              // that decisions are judged by: not among the former, where samples are enough
  SampleTensors judged;            // of those, by sample: judged_values()
};

}  // namespace stretto::quantize
