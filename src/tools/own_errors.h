// What each integer step of a plan adds to the error by itself: the step run on the model's exact values.
//
// A plan has packed weights and no recipe, so the step runs as it is: its inputs are the model's values rounded to the
// plan's integers, which counts as the step's own. quantize/explain.h, with the recipe, leaves that out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "builder/run_step.h"
#include "runtime/resolve.h"
#include "tools/mappings.h"

namespace stretto::tools {

/// Signal to noise in dB: of what the step makes of exact values, and of what its inputs' errors do to it.
struct OwnError {
  double own_db = 0, inherited_db = 0;
};

class OwnErrors {
 public:
  /// Of the first program of `plan`: none of its steps can be judged where it is for a GPU. `reference` is the model's:
  /// values are known by the names that they have there.
  OwnErrors(std::shared_ptr<const ResolvedPlan> plan, const plan::Program& reference, const Mappings& mappings,
            int threads);

  /// The values of the model that the step which writes `name` reads; empty where it cannot be judged.
  std::vector<std::string> sources_of(const std::string& name) const;
  /// `exact` has the model's value `name` and its sources; `made` are the reals that the plan computed.
  Result<std::optional<OwnError>> of(const std::string& name, const std::map<std::string, Tensor>& exact,
                                     const Tensor& made);

 private:
  struct Known {
    size_t step = 0;
    std::vector<std::string> sources;  // by input: the model's names
  };

  std::shared_ptr<const ResolvedPlan> plan_;
  const Mappings& mappings_;
  std::map<std::string, Known> known_;  // by the name of the step's result
  StepBench bench_;
};

}  // namespace stretto::tools
