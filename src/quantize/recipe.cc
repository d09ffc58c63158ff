#include "quantize/recipe.h"

#include <fmt/format.h>

#include <charconv>

namespace stretto::quantize {
namespace {

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// The shortest text that reads back to the same float.
std::string number(float value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end};
}

std::string numbers_line(std::string_view statement, const std::string& name, const std::vector<float>& numbers) {
  std::string line = fmt::format("{} {} {}", statement, quoted(name), numbers.size());
  for (float v : numbers) line += ' ' + number(v);
  return line + '\n';
}

}  // namespace

std::string_view name_of(NodeType type) {
  switch (type) {
    case NodeType::int8:
      return "int8";
    case NodeType::fp32:
      return "fp32";
    case NodeType::fp16:
      return "fp16";
  }
  return "?";
}

std::string to_text(const Recipe& recipe) {
  std::string text = "stretto recipe 1\nmodel " + recipe.model_sha256 + '\n';
  for (const std::string& note : recipe.notes) text += "note " + quoted(note) + '\n';
  for (const auto& [name, v] : recipe.values) {
    text += fmt::format("value {} scale {} zero {} method {} observed {} {}", quoted(name), number(v.scale), v.zero,
                        name_of(v.method), number(v.observed.low), number(v.observed.high));
    text += v.sqnr_db == 0 ? "\n" : " sqnr " + number(v.sqnr_db) + '\n';
  }
  for (const auto& [name, node] : recipe.nodes) {
    text += fmt::format("node {} {}", quoted(name), name_of(node.type));
    text += node.reason.empty() ? "\n" : ' ' + quoted(node.reason) + '\n';
  }
  for (const auto& [name, scales] : recipe.weights) text += numbers_line("weights", name, scales);
  for (const auto& [name, terms] : recipe.correction) text += numbers_line("correction", name, terms);
  for (const auto& [name, rounding] : recipe.rounding) {
    text += fmt::format("rounding {} {} ", quoted(name), rounding.count);
    for (uint8_t byte : rounding.bits) text += fmt::format("{:02x}", byte);
    text += '\n';
  }
  for (const auto& [name, factors] : recipe.equalise) text += numbers_line("equalise", name, factors);
  return text + "end\n";
}

Status check_model(const Recipe& recipe, const std::string& sha256, const std::string& model, const std::string& file) {
  if (recipe.model_sha256 == sha256) return {};
  return bad_input(
      fmt::format("{}: the recipe is for a model with SHA-256 {}, but {} has {}; calibrate this model, or "
                  "give the recipe that was made from it",
                  file, recipe.model_sha256, model, sha256));
}

}  // namespace stretto::quantize
