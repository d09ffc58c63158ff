// Calibration: samples run through the FP32 graph by the portable kernels, observed, and drafted into a recipe.
#pragma once

#include <functional>
#include <string>

#include "builder/harness.h"
#include "builder/input_set.h"
#include "ir/graph.h"
#include "quantize/recipe.h"

namespace stretto {

struct CalibrationOptions {
  std::string samples;     // file or folder
  std::string preprocess;  // for pictures
  std::string method;      // of quantize::Method; empty: the default
  std::string model_sha256;
  int threads = 1;
  std::function<void(int64_t done, int64_t total)> progress;
};

/// The recipe does not depend on the machine or on the number of threads. Memory does not grow with the number of
/// samples.
Result<quantize::Recipe> calibrate(const ir::Graph& graph, const CalibrationOptions& options);

}  // namespace stretto
