// The choices of a build as text: written by --log-tactics, read by --tactics to rebuild the same plan without timing.
//
// Lines of tab-separated fields; names are percent-encoded:
//   stretto choices 1
//   model <sha256>
//   types <program> int8              (the steps are those of the quantised graph)
//   wide <program> <node>             (of the quantised graph: this layer stays real, whatever the recipe says)
//   step <program> <node,node,…> <tactic> <version> <config> <problem>
//   view <program> <node> <input layout> <output layout>
//   reformat <program> <tactic> <version> <config> <problem>
#pragma once

#include <string>
#include <vector>

#include "builder/cover.h"
#include "plan/plan.h"

namespace stretto {

class Choices {
 public:
  static Result<Choices> read(const std::string& path);
  Status write(const std::string& path) const;

  explicit Choices(std::string model_sha256 = {}) : model_(std::move(model_sha256)) {}
  const std::string& model() const { return model_; }

  /// Records what one program uses. `wide`: of the quantised graph, layers that could be integer and are not.
  void add(int number, const ir::Graph& graph, const Cover& cover, const plan::Program& program, bool narrow,
           const std::vector<std::string>& wide);
  /// Whether the recorded steps are those of the quantised graph.
  bool is_narrow(int number) const;
  /// The layers that stay real there.
  Result<std::vector<std::string>> wide_layers(int number) const;
  /// The recorded cover of program `number`; the selector is told the tactics, reformats included.
  Result<Cover> cover_of(int number, const ir::Graph& graph, Selector& selector, std::span<const Layout> blocked) const;

 private:
  std::string model_;
  std::vector<std::vector<std::string>> lines_;  // fields
};

}  // namespace stretto
