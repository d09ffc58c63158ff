#include "builder/choices.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "base/atomic_file.h"

namespace stretto {
namespace {

constexpr const char* kHeader = "stretto choices 1";

std::string encode(const std::string& name) {
  std::string text;
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (byte > 32 && c != '%' && c != ',') {
      text += c;
    } else {
      text += '%';
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
  }
  return text;
}

/// The other way; nothing where a % is not followed by two hexadecimal digits.
std::optional<std::string> decode(const std::string& text) {
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (text.size() - i < 3) return std::nullopt;
    if (auto [end, error] = std::from_chars(digits, digits + 2, byte, 16); error != std::errc() || end != digits + 2) {
      return std::nullopt;
    }
    name += static_cast<char>(byte);
    i += 2;
  }
  return name;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (true) {
    size_t end = text.find(at, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

struct Chosen {
  std::string tactic;
  uint32_t version = 0;
  Config config;
};

/// Fields `at`, `at` + 1 and `at` + 2 as tactic, version and config.
Result<Chosen> chosen_from(const std::vector<std::string>& fields, size_t at) {
  Chosen chosen;
  chosen.tactic = fields[at];
  const std::string& version = fields[at + 1];
  auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), chosen.version);
  if (error != std::errc() || end != version.data() + version.size())
    return bad_input("'" + version + "' is no version");
  STRETTO_ASSIGN(chosen.config, config_from_string(fields[at + 2]));
  return chosen;
}

/// Whether the file's line has the fields its first word asks for.
bool well_formed(const std::vector<std::string>& f) {
  return (f[0] == "step" && f.size() == 7) || (f[0] == "view" && f.size() == 5) ||
         (f[0] == "reformat" && f.size() == 6) || ((f[0] == "types" || f[0] == "wide") && f.size() == 3);
}

}  // namespace

Result<Choices> Choices::read(const std::string& path) {
  std::ifstream in(path);
  if (!in) return bad_input("choices '" + path + "' cannot be read");
  std::string line;
  if (!std::getline(in, line) || line != kHeader) {
    return bad_input("'" + path + "' is not a file of choices of this version: write one with --log-tactics");
  }
  Choices choices;
  for (int number = 2; std::getline(in, line); ++number) {
    std::vector<std::string> fields = split(line, '\t');
    if (fields[0] == "model" && fields.size() == 2) {
      choices.model_ = fields[1];
    } else if (well_formed(fields)) {
      choices.lines_.push_back(std::move(fields));
    } else {
      return bad_input("choices '" + path + "', line " + std::to_string(number) + ": not understood");
    }
  }
  return choices;
}

Status Choices::write(const std::string& path) const {
  std::string text = std::string(kHeader) + "\nmodel\t" + model_ + "\n";
  for (const auto& fields : lines_) {
    for (size_t i = 0; i < fields.size(); ++i) text += (i > 0 ? "\t" : "") + fields[i];
    text += '\n';
  }
  return write_file_whole(path, text.data(), text.size());
}

void Choices::add(int number, const ir::Graph& graph, const Cover& cover, const plan::Program& program, bool narrow,
                  const std::vector<std::string>& wide) {
  std::string n = std::to_string(number);
  if (narrow) {
    lines_.push_back({"types", n, "int8"});
    for (const std::string& name : wide) lines_.push_back({"wide", n, encode(name)});
  }
  for (const CoverStep& step : cover.steps) {
    std::string names;
    for (ir::NodeId id : step.candidate.nodes) names += (names.empty() ? "" : ",") + encode(graph.node(id).name);
    if (step.is_view) {
      lines_.push_back(
          {"view", n, names, std::string(name_of(step.view.input)), std::string(name_of(step.view.output))});
    } else {
      lines_.push_back({"step", n, names, step.choice.tactic->name, std::to_string(step.choice.tactic->version),
                        to_string(step.choice.config), to_string(step.bound.problem)});
    }
  }
  std::set<std::string> seen;
  for (const plan::Step& step : program.steps) {
    std::string problem = to_string(step.problem);
    if (!step.nodes.empty() || !seen.insert(problem).second) continue;
    lines_.push_back(
        {"reformat", n, step.tactic, std::to_string(step.tactic_version), to_string(step.config), problem});
  }
}

bool Choices::is_narrow(int number) const {
  const std::vector<std::string> line = {"types", std::to_string(number), "int8"};
  return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
}

Result<std::vector<std::string>> Choices::wide_layers(int number) const {
  std::vector<std::string> names;
  for (const auto& fields : lines_) {
    if (fields[0] != "wide" || fields[1] != std::to_string(number)) continue;
    const auto name = decode(fields[2]);
    if (!name) return bad_input("choices: '" + fields[2] + "' is no name of a layer");
    names.push_back(*name);
  }
  return names;
}

Result<Cover> Choices::cover_of(int number, const ir::Graph& graph, Selector& selector,
                                std::span<const Layout> blocked) const {
  std::string n = std::to_string(number);
  std::map<std::string, std::vector<Candidate>> candidates;  // by encoded names
  for (Candidate& candidate : find_candidates(graph)) {
    std::string names;
    for (ir::NodeId id : candidate.nodes) names += (names.empty() ? "" : ",") + encode(graph.node(id).name);
    candidates[names].push_back(std::move(candidate));
  }
  std::map<ir::NodeId, CoverStep> by_root;
  std::set<ir::NodeId> covered;
  auto wrong = [](const std::string& what) { return bad_input("choices do not fit the model: " + what); };
  for (const auto& fields : lines_) {
    if (fields[1] != n || fields[0] == "types" || fields[0] == "wide") continue;
    if (fields[0] == "reformat") {
      STRETTO_ASSIGN(Chosen chosen, chosen_from(fields, 2));
      STRETTO_ASSIGN(Problem problem, problem_from_string(fields[5]));
      STRETTO_TRY(selector.force(problem, chosen.tactic, chosen.version, chosen.config));
      continue;
    }
    auto found = candidates.find(fields[2]);
    if (found == candidates.end()) return wrong("there are no such nodes as '" + fields[2] + "'");
    CoverStep step;
    step.candidate = found->second.front();
    if (fields[0] == "view") {
      auto input = layout_from_name(fields[3]), output = layout_from_name(fields[4]);
      auto view = input ? view_of(graph, step.candidate.root(), *input) : std::nullopt;
      if (!view || !output || view->output != *output) return wrong("'" + fields[2] + "' cannot be such a view");
      step.is_view = true;
      step.view = *view;
    } else {
      bool fits = false;
      for (const Signature& s : signatures_of(blocked)) {
        step.bound = bind(graph, step.candidate, s);
        step.signature = s;
        fits = to_string(step.bound.problem) == fields[6];
        if (fits) break;
      }
      if (!fits) return wrong("'" + fields[2] + "' has other shapes or attributes");
      STRETTO_ASSIGN(Chosen chosen, chosen_from(fields, 3));
      STRETTO_TRY(selector.force(step.bound.problem, chosen.tactic, chosen.version, chosen.config));
      STRETTO_ASSIGN(step.choice, selector.choose(step.bound.problem));
    }
    for (ir::NodeId id : step.candidate.nodes) {
      if (!covered.insert(id).second) return wrong("'" + graph.node(id).name + "' is computed twice");
    }
    by_root[step.candidate.root()] = std::move(step);
  }
  Cover cover;
  for (ir::NodeId id : graph.topological_order()) {
    if (covered.count(id) == 0) return wrong("'" + graph.node(id).name + "' is computed by no step");
    if (auto step = by_root.find(id); step != by_root.end()) cover.steps.push_back(std::move(step->second));
  }
  return cover;
}

}  // namespace stretto
