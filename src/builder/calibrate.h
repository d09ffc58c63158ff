// Calibration: samples run through the FP32 graph by the portable kernels, observed, and drafted into a recipe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "builder/harness.h"
#include "builder/input_set.h"
#include "ir/graph.h"
#include "quantize/evidence.h"
#include "quantize/recipe.h"
#include "quantize/types.h"

namespace stretto {

struct CalibrationOptions {
  std::string samples;      // file or folder
  bool keep_fifth = false;  // every fifth of them is not looked at, if there are so many
  std::string preprocess;   // for pictures
  std::string method;       // of quantize::Method; empty: the default
  std::string model_sha256;
  int threads = 1;
  std::vector<std::string> skip;                  // names of quantize::steps() to leave out
  int64_t fit_samples = 32;                       // that recipes are refined by
  int64_t held_samples = 16;                      // that they are judged by, kept out of all else
  std::function<Status(quantize::Recipe&)> edit;  // of the draft, before it is refined: what the user decides
  std::function<void(int64_t done, int64_t total)> progress;
};

/// Samples whose inputs and outputs take more bytes than this are not kept, but at least one to refine by and one to
/// judge by.
inline constexpr int64_t kMostKeptBytes = int64_t{256} << 20;

/// Runs all samples through the graph. Those kept are spread evenly over them. Where there are fewer than eight, the
/// same are observed, refined by and judged by.
Result<quantize::Evidence> gather(const ir::Graph& graph, const quantize::TypePlan& types,
                                  const CalibrationOptions& options);

/// The recipe that is best by measurement (quantize/choose.h). It does not depend on the machine
/// or on the number of threads. Memory does not grow with the number of samples.
Result<quantize::Recipe> calibrate(const ir::Graph& graph, const CalibrationOptions& options);

}  // namespace stretto
