// Reports as JSON, with the contract's keys.
#pragma once

#include <stretto/tools.h>

#include <nlohmann/json.hpp>

namespace stretto::cli {

nlohmann::json to_json(const BuildReport& report, const std::string& plan);
nlohmann::json to_json(const BenchReport& report, bool with_layers);
nlohmann::json to_json(const CompareReport& report);
nlohmann::json to_json(const PlanInfo& info);
nlohmann::json to_json(const ModelInfo& info);
nlohmann::json to_json(const DeviceInfo& info);

/// One object on one line to stdout. Text that is not UTF-8 is made so.
void print_json(const nlohmann::json& object);

}  // namespace stretto::cli
