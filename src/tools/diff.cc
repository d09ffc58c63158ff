#include <fmt/format.h>
#include <stretto/tools.h>

#include <cmath>
#include <map>

#include "base/dims.h"

namespace stretto {
namespace {

/// Collects what is not equal.
struct Differences {
  std::vector<PlanDifference> found;
  void text(const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) found.push_back({what, a.empty() ? "-" : a, b.empty() ? "-" : b});
  }
  void number(const std::string& what, size_t a, size_t b) { text(what, fmt::format("{}", a), fmt::format("{}", b)); }
};

std::string bindings_text(const std::vector<TensorInfo>& bindings) {
  std::string text;
  for (const TensorInfo& b : bindings) {
    text += fmt::format("{}{}[{}]", text.empty() ? "" : ", ", b.name, fmt::join(b.shape, "x"));
  }
  return text;
}

void compare_layer(const std::string& where, const PlanLayer& a, const PlanLayer& b, Differences& out) {
  const std::string layer = where + "layer " + a.name + ": ";
  out.text(layer + "operators", a.op, b.op);
  out.text(layer + "tactic", a.tactic, b.tactic);
  if (a.tactic == b.tactic) out.text(layer + "configuration", a.config, b.config);
  out.text(layer + "precision", a.precision, b.precision);
  out.text(layer + "input layout", a.input_layout, b.input_layout);
  out.text(layer + "output layout", a.output_layout, b.output_layout);
  out.text(layer + "output shape", a.output_shape, b.output_shape);
  out.number(layer + "weights, bytes", a.weights_bytes, b.weights_bytes);
}

void compare_program(const std::string& where, const ProgramInfo& a, const ProgramInfo& b, Differences& out) {
  out.text(where + "inputs", bindings_text(a.inputs), bindings_text(b.inputs));
  out.text(where + "outputs", bindings_text(a.outputs), bindings_text(b.outputs));
  out.number(where + "activations, bytes", a.memory.activations, b.memory.activations);
  out.number(where + "workspace a thread, bytes", a.memory.workspace, b.memory.workspace);
  if (std::fabs(a.time_ms - b.time_ms) > 0.05 * std::max(a.time_ms, b.time_ms)) {
    out.text(where + "time when built, ms", fmt::format("{:.3f}", a.time_ms), fmt::format("{:.3f}", b.time_ms));
  }
  std::map<std::string, const PlanLayer*> others;
  for (const PlanLayer& layer : b.layers) others[layer.name] = &layer;
  for (const PlanLayer& layer : a.layers) {
    const auto other = others.find(layer.name);
    if (other == others.end()) {
      out.text(where + "layer " + layer.name, layer.tactic, "");
    } else {
      compare_layer(where, layer, *other->second, out);
      others.erase(other);
    }
  }
  for (const PlanLayer& layer : b.layers) {
    if (others.contains(layer.name)) out.text(where + "layer " + layer.name, "", layer.tactic);
  }
}

}  // namespace

std::vector<PlanDifference> diff(const PlanInfo& a, const PlanInfo& b) {
  Differences out;
  out.text("model", a.model, b.model);
  out.text("model's SHA-256", a.model_sha256, b.model_sha256);
  out.text("precision", a.precision, b.precision);
  out.text("device", a.device, b.device);
  out.text("required ISA", a.required_isa, b.required_isa);
  out.text("built on", a.machine, b.machine);
  out.text("preprocessing", a.preprocess, b.preprocess);
  out.number("threads", static_cast<size_t>(a.threads), static_cast<size_t>(b.threads));
  out.number("file, bytes", a.file_bytes, b.file_bytes);
  out.number("weights, bytes", a.weights_bytes, b.weights_bytes);
  out.number("programs", a.programs.size(), b.programs.size());
  for (size_t i = 0; i < std::min(a.programs.size(), b.programs.size()); ++i) {
    const std::string where = a.programs.size() > 1 ? fmt::format("program {}: ", i) : "";
    compare_program(where, a.programs[i], b.programs[i], out);
  }
  return out.found;
}

}  // namespace stretto
