#include "tools/trace.h"

#include <nlohmann/json.hpp>

namespace stretto::tools {

std::string trace_json(const std::string& title, const std::vector<std::vector<StepTime>>& runs) {
  using nlohmann::json;
  json events = json::array();
  events.push_back({{"ph", "M"}, {"pid", 1}, {"tid", 1}, {"name", "process_name"}, {"args", {{"name", title}}}});
  events.push_back({{"ph", "M"}, {"pid", 1}, {"tid", 1}, {"name", "thread_name"}, {"args", {{"name", "steps"}}}});
  double at = 0;
  for (size_t i = 0; i < runs.size(); ++i) {
    const double begin = at;
    json steps = json::array();
    for (const StepTime& step : runs[i]) {
      const double us = step.ms * 1e3;
      steps.push_back({{"ph", "X"},
                       {"pid", 1},
                       {"tid", 1},
                       {"ts", at},
                       {"dur", us},
                       {"name", step.name},
                       {"cat", step.op},
                       {"args",
                        {{"op", step.op},
                         {"tactic", step.tactic},
                         {"precision", step.precision},
                         {"gflops", step.ms > 0 ? step.gflop / step.ms * 1e3 : 0}}}});
      at += us;
    }
    events.push_back({{"ph", "X"},
                      {"pid", 1},
                      {"tid", 1},
                      {"ts", begin},
                      {"dur", at - begin},
                      {"name", "run " + std::to_string(i + 1)}});
    for (json& step : steps) events.push_back(std::move(step));
  }
  const json trace = {{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
  return trace.dump(1, ' ', false, json::error_handler_t::replace);
}

}  // namespace stretto::tools
