// The stage that quantises: samples become a recipe, or one is read, and by it a second graph of integer operators.
#include <fmt/format.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "builder/calibrate.h"
#include "builder/session.h"
#include "builder/session_stages.h"
#include "quantize/apply.h"
#include "samples/files.h"

namespace stretto {
namespace {

/// No recipe is larger: rounding decisions take half a byte a weight.
constexpr size_t kMaxRecipeBytes = size_t{256} << 20;

}  // namespace

Status BuildSession::apply_layer_types(quantize::Recipe& draft) const {
  for (const auto& [layer, type] : options_.layer_types) {
    const auto node = draft.nodes.find(layer);
    if (node == draft.nodes.end()) {
      return bad_usage("--layer " + layer + ": there is no such layer after optimisation; stretto inspect names them");
    }
    if (type == Precision::fp32) node->second = {quantize::NodeType::fp32, "as --layer asked"};
  }
  return {};
}

Result<quantize::Recipe> BuildSession::recipe() {
  const std::string& cache = options_.calibration_cache;
  if (options_.calibration.empty()) {
    STRETTO_ASSIGN(const std::vector<std::byte> bytes, samples::read_file(cache, kMaxRecipeBytes));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    STRETTO_ASSIGN(quantize::Recipe read, quantize::parse_recipe(text, cache));
    STRETTO_TRY(quantize::check_model(read, sha256_, model_, cache));
    return read;
  }
  CalibrationOptions how;
  how.samples = options_.calibration;
  how.preprocess = options_.preprocess;
  how.method = options_.calibration_method;
  how.model_sha256 = sha256_;
  how.threads = threads_;
  how.keep_every_fifth = options_.max_error > 0;
  how.skip = options_.skip_passes;
  how.edit = [&](quantize::Recipe& draft) { return apply_layer_types(draft); };
  how.progress = [&](int64_t done, int64_t total) {
    const double share = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, total));
    progress("calibrate", kOptimised + (kCalibrated - kOptimised) * share, fmt::format("{} of {}", done + 1, total));
  };
  STRETTO_ASSIGN(quantize::Recipe made, calibrate(variants_[0].graph, how));
  if (!cache.empty()) {
    const std::string text = quantize::to_text(made);
    STRETTO_TRY(write_file_whole(cache, text.data(), text.size()));
  }
  return made;
}

Status BuildSession::quantise() {
  if (options_.precision != Precision::int8) return {};
  STRETTO_ASSIGN(const quantize::Recipe made, recipe());
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(quantize::Quantised quantised, quantize::apply(variant.graph, made));
    variant.quantised = std::move(quantised.graph);
    for (const quantize::Outcome& outcome : quantised.nodes) {
      if (!outcome.integer && &variant == &variants_[0]) {
        report_.reverted.push_back({outcome.node, "int8", "fp32", outcome.reason});
      }
    }
  }
  for (const auto& [name, scale] : made.values) {
    report_.quantization.push_back({name, std::string(quantize::name_of(scale.method)), scale.scale, scale.zero, 0});
  }
  return {};
}

}  // namespace stretto
