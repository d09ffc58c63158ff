// Calibration: samples run through the FP32 graph by the portable kernels, observed, and drafted into a recipe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/harness.h"
#include "builder/input_set.h"
#include "ir/graph.h"
#include "quantize/recipe.h"

namespace stretto {

struct CalibrationOptions {
  std::string samples;      // file or folder
  bool keep_fifth = false;  // every fifth of them is not looked at, if there are so many
  std::string preprocess;   // for pictures
  std::string method;       // of quantize::Method; empty: the default
  std::string model_sha256;
  int threads = 1;
  std::vector<std::string> skip;                  // names of quantize::steps() to leave out
  int64_t refine_samples = 32;                    // that the draft is refined by: the first of those that are used
  std::function<Status(quantize::Recipe&)> edit;  // of the draft, before it is refined: what the user decides
  std::function<void(int64_t done, int64_t total)> progress;
};

/// Observes all samples, drafts, and refines the draft by the first of them. The recipe does not depend on the machine
/// or on the number of threads. Memory does not grow with the number of samples.
Result<quantize::Recipe> calibrate(const ir::Graph& graph, const CalibrationOptions& options);

}  // namespace stretto
