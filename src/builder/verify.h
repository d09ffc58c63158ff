// Verified on save: a plan's outputs against the reference's, on the same inputs, before anything is written.
#pragma once

#include <stretto/build.h>

#include <memory>
#include <string>
#include <vector>

#include "builder/harness.h"

namespace stretto {

struct Verification {
  std::vector<OutputError> errors;  // by output, the worst over the samples
  std::string wrong_step;           // the first step whose result is off, when an output is; else empty
  double seconds = 0;
};

/// Runs program `number` of `plan` and the reference's only program on every sample. `tolerance`: the relative error
/// above which steps are searched for the first wrong one.
Result<Verification> verify_plan(std::shared_ptr<const ResolvedPlan> plan, int number,
                                 std::shared_ptr<const ResolvedPlan> reference,
                                 const std::vector<SampleInputs>& samples, int threads, double tolerance);

}  // namespace stretto
