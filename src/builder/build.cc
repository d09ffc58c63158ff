// build(): import → optimise → cover → compile → time whole plans → verify → plan.
#include <stretto/build.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "builder/choices.h"
#include "builder/plan_impl.h"
#include "builder/session.h"
#include "passes/pipeline.h"
#include "quantize/causes.h"
#include "quantize/steps.h"
#include "runtime/throw.h"

namespace stretto {

Plan build(const std::string& model, const BuildOptions& options) {
  BuildSession session(model, options);
  Status status = session.run();
  if (!status.ok()) throw_status(status);
  return Plan(session.finish());
}

void Plan::save(const std::string& path) const {
  Status status = plan::save(*impl_->plan, path);
  if (!status.ok()) throw_status(status);
}

const BuildReport& Plan::report() const {
  return impl_->report;
}

std::vector<std::pair<std::string, std::string>> optimiser_passes() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const passes::Pass& pass : passes::pipeline()) list.emplace_back(pass.name, pass.what);
  return list;
}

std::vector<std::pair<std::string, std::string>> quantisation_steps() {
  std::vector<std::pair<std::string, std::string>> list;
  for (const quantize::Step& step : quantize::steps()) list.emplace_back(step.name, step.what);
  return list;
}

std::vector<std::pair<std::string, std::string>> error_causes() {
  std::vector<std::pair<std::string, std::string>> all;
  for (quantize::CauseKind kind : quantize::all_causes()) {
    all.emplace_back(quantize::name_of(kind), quantize::meaning_of(kind));
  }
  return all;
}

}  // namespace stretto
