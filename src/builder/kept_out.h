// Samples to measure a plan's own output error on, with what the FP32 model makes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "builder/harness.h"
#include "builder/input_set.h"
#include "ir/graph.h"

namespace stretto {

class KeptOut {
 public:
  struct Options {
    std::string samples;     // file or folder
    std::string preprocess;  // for pictures
    bool fifth = false;      // every fifth of them alone, if there are so many
    int threads = 1;
    std::function<void(int64_t done, int64_t total)> progress;  // in batches
  };

  /// Inputs and outputs are held in memory, as many batches as kMostBytes take, at least one.
  static constexpr size_t kMostBytes = size_t{512} << 20;

  /// Reads the samples and runs `graph` on them by the portable kernels. Fails where there are none, and where one is
  /// not what the network takes or not finite.
  static Result<KeptOut> open(const ir::Graph& graph, const Options& options);

  /// By output of the program, the mean over the samples of its error: 1 − cosine where it is f32, else the share of
  /// its elements that differ. Batches are run until they hold `most` samples.
  std::vector<double> errors_of(Harness& harness, int64_t most = INT64_MAX) const;

  int64_t samples() const { return samples_; }
  /// Whether a fifth was asked for, and there were fewer than five.
  bool too_few() const { return too_few_; }
  /// Samples that found no room.
  int64_t left_out() const { return left_out_; }

 private:
  struct Batch {
    SampleInputs inputs;
    std::vector<Tensor> expected;  // by output
    int64_t samples = 0;
  };

  Division division_;
  std::vector<Batch> batches_;
  int64_t samples_ = 0, left_out_ = 0;
  bool too_few_ = false;
};

}  // namespace stretto
