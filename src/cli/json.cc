#include "cli/json.h"

#include <cstdio>

#include "cli/text.h"

namespace stretto::cli {
namespace {
using nlohmann::json;

json list_of(const std::vector<TensorInfo>& tensors) {
  json list = json::array();
  for (const TensorInfo& t : tensors) {
    list.push_back({{"name", t.name}, {"type", type_text(t.type)}, {"shape", t.shape}, {"bytes", t.bytes}});
  }
  return list;
}

json memory_of(const MemoryUse& use) {
  return {{"weights", use.weights}, {"activations", use.activations}, {"workspace", use.workspace}};
}

json error_of(const OutputError& e) {
  return {{"name", e.name},         {"max_abs", e.max_abs}, {"mean_abs", e.mean_abs},
          {"relative", e.relative}, {"cosine", e.cosine},   {"sqnr_db", e.sqnr_db}};
}

json or_null(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

json explanation_of(const Explanation& e) {
  json layers = json::array();
  for (const ExplainedLayer& l : e.layers) {
    json causes = json::array();
    for (const ErrorCause& c : l.causes) {
      causes.push_back({{"cause", c.cause},
                        {"text", c.text},
                        {"figure", c.figure},
                        {"channel", c.channel < 0 ? json(nullptr) : json(c.channel)}});
    }
    layers.push_back({{"layer", l.layer},
                      {"op", l.op},
                      {"value", l.value},
                      {"weights_sqnr_db", or_null(l.weights_db)},
                      {"sqnr_db", l.total_db},
                      {"own_sqnr_db", l.own_db},
                      {"inherited_sqnr_db", l.inherited_db},
                      {"channel_sqnr_db", l.channel_db},
                      {"output_sqnr_db", or_null(l.output_db)},
                      {"share", l.share},
                      {"causes", std::move(causes)}});
  }
  return {{"samples", e.samples},
          {"ranked_samples", e.ranked_samples},
          {"output_sqnr_db", e.output_db},
          {"layers", std::move(layers)}};
}

json layers_of(const std::vector<PlanLayer>& layers) {
  json list = json::array();
  for (const PlanLayer& l : layers) {
    list.push_back({{"name", l.name},
                    {"op", l.op},
                    {"tactic", l.tactic},
                    {"config", l.config},
                    {"precision", l.precision},
                    {"input_layout", l.input_layout},
                    {"output_layout", l.output_layout},
                    {"output_shape", l.output_shape},
                    {"problem", l.problem},
                    {"gflop", l.gflop},
                    {"weights_bytes", l.weights_bytes},
                    {"time_ms", l.time_ms}});
  }
  return list;
}

}  // namespace

json to_json(const BuildReport& r, const std::string& plan) {
  json layers = json::array(), errors = json::array(), tactics = json::array();
  for (const LayerReport& l : r.layers) {
    layers.push_back({{"name", l.name},
                      {"op", l.op},
                      {"tactic", l.tactic},
                      {"precision", l.precision},
                      {"layout", l.layout},
                      {"time_ms", l.time_ms},
                      {"gflop", l.gflop},
                      {"weights_bytes", l.weights_bytes}});
  }
  for (const OutputError& e : r.errors) errors.push_back(error_of(e));
  for (const TacticReport& t : r.tactics) {
    tactics.push_back({{"layer", t.layer},
                       {"problem", t.problem},
                       {"tactic", t.tactic},
                       {"verdict", t.verdict},
                       {"time_ms", t.time_ms}});
  }
  json quantization = json::array(), reverted = json::array();
  for (const QuantizedTensor& q : r.quantization) {
    quantization.push_back({{"tensor", q.tensor},
                            {"scale", q.scale},
                            {"zero_point", q.zero_point},
                            {"method", q.method},
                            {"sqnr_db", q.sqnr_db > 0 ? json(q.sqnr_db) : json(nullptr)}});
  }
  for (const RevertedLayer& l : r.reverted) {
    reverted.push_back({{"layer", l.layer},
                        {"from", l.from},
                        {"to", l.to},
                        {"why", l.why},
                        {"gain_db", l.gain_db},
                        {"cost_ms", l.cost_ms}});
  }
  json out = {{"model", r.model},
              {"plan", plan},
              {"device", r.device},
              {"precision", r.precision},
              {"build_s", r.build_s},
              {"verify_s", r.verify_s},
              {"timed_tactics", r.timed_tactics},
              {"plan_bytes", r.plan_bytes},
              {"weights_bytes", r.weights_bytes},
              {"activation_bytes", r.activation_bytes},
              {"layers", std::move(layers)},
              {"errors", std::move(errors)},
              {"notes", r.notes},
              {"quantization", std::move(quantization)},
              {"reverted", std::move(reverted)}};
  if (!r.tactics.empty()) out["tactics"] = std::move(tactics);
  if (r.explanation.samples > 0) out["explain"] = explanation_of(r.explanation);
  return out;
}

json to_json(const BenchReport& r, bool with_layers) {
  json memory = memory_of(r.memory);
  memory["peak_rss"] = r.peak_rss_bytes;
  const LatencyStats& l = r.latency_ms;
  json out = {
      {"plan", r.plan},
      {"device", r.device},
      {"precision", r.precision},
      {"threads", r.threads},
      {"contexts", r.contexts},
      {"batch", r.batch},
      {"iterations", r.iterations},
      {"latency_ms",
       {{"mean", l.mean},
        {"std", l.std},
        {"min", l.min},
        {"p50", l.p50},
        {"p90", l.p90},
        {"p99", l.p99},
        {"p999", l.p999},
        {"max", l.max}}},
      {"throughput_per_s", r.throughput_per_s},
      {"memory_bytes", std::move(memory)},
      {"load_ms", r.load_ms},
      {"first_ms", r.first_ms},
      {"cpu_s", r.cpu_s},
      {"wall_s", r.wall_s},
      {"deadline",
       {{"rate_hz", r.deadline.rate_hz}, {"deadline_ms", r.deadline.deadline_ms}, {"missed", r.deadline.missed}}}};
  if (!r.gpu.name.empty()) {
    const LatencyStats& n = r.gpu.network_ms;
    out["gpu"] = {{"name", r.gpu.name},
                  {"driver", r.gpu.driver},
                  {"open_ms", r.gpu.open_ms},
                  {"network_ms",
                   {{"mean", n.mean},
                    {"std", n.std},
                    {"min", n.min},
                    {"p50", n.p50},
                    {"p90", n.p90},
                    {"p99", n.p99},
                    {"p999", n.p999},
                    {"max", n.max}}},
                  {"in_a_row_ms", r.gpu.in_a_row_ms},
                  {"inputs_ms", r.gpu.inputs_ms},
                  {"outputs_ms", r.gpu.outputs_ms}};
  }
  if (!with_layers) return out;
  out["peak_gflops"] = r.peak_gflops;
  out["clock_ghz"] = r.clock_ghz;
  out["layers"] = json::array();
  for (const BenchLayer& layer : r.layers) {
    out["layers"].push_back({{"name", layer.name},
                             {"op", layer.op},
                             {"tactic", layer.tactic},
                             {"precision", layer.precision},
                             {"time_ms", layer.time_ms},
                             {"gflops", layer.gflops},
                             {"percent_of_peak", layer.percent_of_peak}});
  }
  return out;
}

json to_json(const CompareReport& r) {
  json out = {{"outputs", json::array()}, {"layers", json::array()}, {"samples", r.samples}};
  for (const OutputError& e : r.outputs) out["outputs"].push_back(error_of(e));
  for (const LayerError& e : r.layers) {
    out["layers"].push_back({{"name", e.name},
                             {"cosine", e.cosine},
                             {"sqnr_db", e.sqnr_db},
                             {"relative", e.relative},
                             {"own_sqnr_db", or_null(e.own_sqnr_db)},
                             {"inherited_sqnr_db", or_null(e.inherited_sqnr_db)}});
  }
  return out;
}

json to_json(const PlanInfo& p) {
  json out = {{"plan", p.path},
              {"model", p.model},
              {"model_sha256", p.model_sha256},
              {"precision", p.precision},
              {"device", p.device},
              {"required_isa", p.required_isa},
              {"machine", p.machine},
              {"preprocess", p.preprocess},
              {"file_bytes", p.file_bytes},
              {"weights_bytes", p.weights_bytes},
              {"threads", p.threads},
              {"programs", json::array()}};
  const json details = json::parse(p.details, nullptr, false);
  out["details"] = details.is_discarded() ? json(p.details) : details;
  for (const ProgramInfo& program : p.programs) {
    out["programs"].push_back({{"inputs", list_of(program.inputs)},
                               {"outputs", list_of(program.outputs)},
                               {"memory_bytes", memory_of(program.memory)},
                               {"time_ms", program.time_ms},
                               {"layers", layers_of(program.layers)}});
  }
  return out;
}

json to_json(const ModelInfo& m) {
  json out = {{"model", m.path},
              {"producer", m.producer},
              {"ir_version", m.ir_version},
              {"opset", m.opset},
              {"inputs", list_of(m.inputs)},
              {"outputs", list_of(m.outputs)},
              {"operators", json::object()},
              {"unsupported", m.unsupported},
              {"notes", m.notes},
              {"parameters", m.parameters},
              {"weights_bytes", m.weights_bytes},
              {"gflop", m.gflop},
              {"layers", json::array()}};
  for (const auto& [name, count] : m.operators) out["operators"][name] = count;
  for (const ModelInfo::Layer& l : m.layers) {
    out["layers"].push_back({{"name", l.name},
                             {"op", l.op},
                             {"output_shape", l.output_shape},
                             {"gflop", l.gflop},
                             {"parameters", l.parameters}});
  }
  return out;
}

json to_json(const DeviceInfo& d) {
  if (d.gpu) {
    return {{"name", d.name},
            {"model", d.model},
            {"compute_capability", d.compute_capability},
            {"multiprocessors", d.multiprocessors},
            {"clock_ghz", d.clock_ghz},
            {"memory_bytes", d.memory_bytes},
            {"memory_gb_per_s", d.memory_gb_per_s},
            {"l2_bytes", d.gpu_l2_bytes},
            {"driver", d.driver}};
  }
  json out = {{"name", d.name},          {"model", d.model},
              {"best_isa", d.best_isa},  {"isas", d.isas},
              {"cpus", d.cpus},          {"cache_bytes", {{"l1", d.l1_bytes}, {"l2", d.l2_bytes}, {"l3", d.l3_bytes}}},
              {"peaks", json::array()},  {"memory_gb_per_s", d.memory_gb_per_s},
              {"clock_ghz", d.clock_ghz}};
  for (const DeviceInfo::Peak& p : d.peaks) {
    out["peaks"].push_back({{"isa", p.isa}, {"threads", p.threads}, {"fp32_gflops", p.fp32_gflops}});
  }
  return out;
}

void print_json(const json& object) {
  const std::string text = object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace stretto::cli
