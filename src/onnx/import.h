// ONNX in, ir::Graph out: as the file says, in our operators, with every shape known.
//
// Reading and importing are two steps: a Model is the checked file; import() makes a graph for one set of shapes. Shape
// arithmetic (Shape, Gather on shapes, ConstantOfShape, …) is evaluated here and leaves no trace in the graph.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ir/graph.h"

namespace stretto::onnx {

/// Computes one operator on constants (injected: ref::evaluate, or something faster).
using Evaluate = std::function<Result<Tensor>(const op::Attrs&, std::span<const Tensor>)>;

struct ImportOptions {
  std::vector<std::pair<std::string, Dims>> shapes;  // by input name; overrides symbolic and fixed dimensions
  int64_t batch = 0;                                 // first dimension of every input; 0: as in the model
  Evaluate evaluate;
};

struct ImportedGraph {
  ir::Graph graph;
  std::vector<std::string> notes;  // "batch of input 'x' is symbolic ('N'): taken as 1; --batch sets it"
};

/// An operator type that cannot be imported: how many nodes, and the first few names.
struct Unsupported {
  std::string op;  // "ai.onnx::NonZero"
  int count = 0;
  std::string where;
};

struct ModelInput {
  std::string name;
  DType dtype = DType::f32;
  std::vector<int64_t> dims;         // −1: symbolic
  std::vector<std::string> symbols;  // same length; empty where fixed
};

class Model {
 public:
  /// Reads and checks the file and its external data. bad_input when it is not an ONNX model or is damaged.
  static Result<Model> read(const std::string& path);
  static Result<Model> parse(std::span<const std::byte> bytes, const std::string& base_dir);

  /// Fails with all unsupported operators in one message, or with the node that is wrong.
  Result<ImportedGraph> import(const ImportOptions& options) const;

  const std::string& producer() const;
  int64_t ir_version() const;
  int64_t opset() const;                   // of the default domain
  std::vector<ModelInput> inputs() const;  // without initialisers
  std::vector<std::string> output_names() const;
  std::vector<std::pair<std::string, int>> operators() const;  // name, count; sorted by name
  std::vector<Unsupported> unsupported() const;
  int64_t parameters() const;  // elements of all weights

  struct Impl;

 private:
  explicit Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace stretto::onnx
