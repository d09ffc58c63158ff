// The stage that quantises: samples become a recipe, or one is read, and by it a second graph of integer operators.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "builder/calibrate.h"
#include "builder/session.h"
#include "builder/session_stages.h"
#include "onnx/export_qdq.h"
#include "quantize/apply.h"
#include "quantize/equalise.h"
#include "samples/files.h"

namespace stretto {
namespace {

/// No recipe is larger: rounding decisions take half a byte a weight.
constexpr size_t kMaxRecipeBytes = size_t{256} << 20;

/// The types that --layer asks for, over those that the recipe says.
Status force_types(const std::vector<std::pair<std::string, Precision>>& layers, const ir::Graph& graph,
                   quantize::Recipe& recipe) {
  std::set<std::string> names;
  for (ir::NodeId id : graph.topological_order()) names.insert(graph.node(id).name);
  for (const auto& [layer, type] : layers) {
    if (!names.contains(layer)) {
      return bad_usage("--layer " + layer + ": there is no such layer after optimisation; stretto inspect names them");
    }
    const bool wide = type == Precision::fp32;
    recipe.nodes[layer] = wide ? quantize::NodeChoice{quantize::NodeType::fp32, "as --layer asked"}
                               : quantize::NodeChoice{quantize::NodeType::int8, ""};
  }
  return {};
}

/// What the integers of the plan's values stand for, as members of its details: `"scales":{"name":[scale, zero], …}`,
/// and where channels are equalised `"factors":{"name":number, …},"factor_lists":[[…], …]`: channel c of the value, in
/// integers or not, stands for list[c] times what it holds.
std::string scales_text(const ir::Graph& graph, const quantize::Recipe& recipe) {
  nlohmann::ordered_json scales = nlohmann::ordered_json::object(), factors = scales,
                         lists = nlohmann::ordered_json::array();
  for (const quantize::ScaleGroup& group : quantize::plan_types(graph).groups) {
    const auto scale = recipe.values.find(graph.value(group.values[0]).name);
    if (scale == recipe.values.end()) continue;
    for (ir::ValueId id : group.values) scales[graph.value(id).name] = {scale->second.scale, scale->second.zero};
  }
  const std::vector<std::vector<float>> divisors = quantize::divisors_of(graph, recipe.equalise);
  std::map<std::vector<float>, size_t> known;
  for (ir::ValueId id = 0; id < graph.value_count(); ++id) {
    const std::vector<float>& list = divisors[static_cast<size_t>(id)];
    if (list.empty()) continue;
    const auto [found, fresh] = known.emplace(list, known.size());
    if (fresh) {
      lists.emplace_back();
      for (float f : list) lists.back().push_back(std::stod(fmt::format("{:.6g}", f)));
    }
    factors[graph.value(id).name] = found->second;
  }
  const auto text = [](const auto& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  std::string all = "\"scales\":" + text(scales);
  if (!factors.empty()) all += ",\"factors\":" + text(factors) + ",\"factor_lists\":" + text(lists);
  return all;
}

}  // namespace

Result<quantize::Recipe> BuildSession::make_recipe() {
  const std::string& cache = options_.calibration_cache;
  if (options_.calibration.empty()) {
    STRETTO_ASSIGN(const std::vector<std::byte> bytes, samples::read_file(cache, kMaxRecipeBytes));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    STRETTO_ASSIGN(quantize::Recipe read, quantize::parse_recipe(text, cache));
    STRETTO_TRY(quantize::check_model(read, sha256_, model_, cache));
    STRETTO_TRY(force_types(options_.layer_types, variants_[0].optimised, read));
    return read;
  }
  CalibrationOptions how;
  how.samples = options_.calibration;
  how.keep_fifth = options_.max_error > 0;
  how.preprocess = options_.preprocess;
  how.method = options_.calibration_method;
  how.model_sha256 = sha256_;
  how.threads = threads_;
  how.skip = options_.skip_passes;
  how.edit = [&](quantize::Recipe& draft) { return force_types(options_.layer_types, variants_[0].optimised, draft); };
  how.progress = [&](int64_t done, int64_t total) {
    const double share = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(1, total));
    progress("calibrate", kOptimised + (kCalibrated - kOptimised) * share, fmt::format("{} of {}", done + 1, total));
  };
  return calibrate(variants_[0].optimised, how);
}

quantize::Recipe BuildSession::recipe_with(const Reverts& reverts) const {
  quantize::Recipe recipe = recipe_;
  for (const auto& [name, layer] : reverts) recipe.nodes[name] = {quantize::NodeType::fp32, layer.why};
  return recipe;
}

Result<std::shared_ptr<const ir::Graph>> BuildSession::quantised_with(const Variant& variant,
                                                                      const Reverts& more) const {
  Reverts all = guard_;
  all.insert(more.begin(), more.end());
  STRETTO_ASSIGN(quantize::Quantised made, quantize::apply(variant.optimised, recipe_with(all)));
  const bool any = std::any_of(made.nodes.begin(), made.nodes.end(), [](const auto& node) { return node.integer; });
  if (!any) return std::shared_ptr<const ir::Graph>();
  STRETTO_TRY(split(made.graph));
  return std::make_shared<const ir::Graph>(std::move(made.graph));
}

Status BuildSession::quantise_again() {
  for (Variant& variant : variants_) {
    STRETTO_ASSIGN(variant.quantised, quantised_with(variant, {}));
  }
  return {};
}

Status BuildSession::quantise() {
  if (options_.precision != Precision::int8) return {};
  STRETTO_ASSIGN(recipe_, make_recipe());
  return quantise_again();
}

Status BuildSession::finish_types() {
  if (options_.precision != Precision::int8) return {};
  // The recipe is one for all programs: it has the types that all of them share.
  Reverts shared = variants_[0].chosen.by_time;
  bool differ = false;
  for (const Variant& variant : variants_) {
    const size_t before = shared.size();
    std::erase_if(shared, [&](const auto& entry) { return !variant.chosen.by_time.contains(entry.first); });
    differ = differ || shared.size() != before || shared.size() != variant.chosen.by_time.size();
  }
  if (differ) report_.notes.push_back("the programs differ in their types: the recipe has what they share");
  Reverts first = guard_;
  first.insert(variants_[0].chosen.by_time.begin(), variants_[0].chosen.by_time.end());
  shared.insert(guard_.begin(), guard_.end());

  STRETTO_ASSIGN(const quantize::Quantised quantised, quantize::apply(variants_[0].optimised, recipe_with(first)));
  for (const quantize::Outcome& outcome : quantised.nodes) {
    if (outcome.integer) continue;
    const auto reverted = first.find(outcome.node);
    report_.reverted.push_back(reverted != first.end() ? reverted->second
                                                       : RevertedLayer{outcome.node, "int8", "fp32", outcome.reason});
  }
  for (const auto& [name, scale] : recipe_.values) {
    report_.quantization.push_back(
        {name, std::string(quantize::name_of(scale.method)), scale.scale, scale.zero, scale.sqnr_db});
  }
  scales_ = scales_text(variants_[0].optimised, recipe_);
  // Of a plan that is FP32 as a whole, its integers are explained as if it had them.
  if (options_.explain) {
    explained_ = Explained{variants_[0].optimised, recipe_with(variants_[0].narrow() ? first : guard_)};
  }
  if (!options_.export_onnx.empty()) {
    STRETTO_ASSIGN(const quantize::Quantised held, quantize::apply(variants_[0].optimised, recipe_with(guard_)));
    STRETTO_TRY(onnx::export_qdq(held.graph, options_.export_onnx));
  }
  if (!options_.calibration.empty() && !options_.calibration_cache.empty()) {
    const std::string text = quantize::to_text(recipe_with(shared));
    STRETTO_TRY(write_file_whole(options_.calibration_cache, text.data(), text.size()));
  }
  return {};
}

}  // namespace stretto
