// For tests: graphs written concisely, and compared by structure.
#pragma once

#include <cmath>
#include <map>
#include <random>

#include "ir/graph.h"

namespace stretto::ir::testing {

inline Tensor floats(Shape shape, const std::vector<float>& values) {
  STRETTO_CHECK(elements(shape) == static_cast<int64_t>(values.size()));
  return Tensor::of<float>(DType::f32, shape, values);
}

inline Tensor filled(Shape shape, float value) {
  return floats(shape, std::vector<float>(static_cast<size_t>(elements(shape)), value));
}

inline Tensor random_floats(Shape shape, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> draw(low, high);
  std::vector<float> values(static_cast<size_t>(elements(shape)));
  for (float& v : values) v = draw(engine);
  return floats(shape, values);
}

/// A graph under construction; a mistake ends the test.
class Build {
 public:
  ValueId input(Shape shape, const std::string& name = "x", DType dtype = DType::f32) {
    return graph_.add_input(name, {dtype, shape});
  }
  ValueId constant(Tensor tensor, const std::string& name = "c") {
    return graph_.add_constant(name, std::move(tensor));
  }
  ValueId random(Shape shape, unsigned seed, float low = -1, float high = 1) {
    return constant(random_floats(shape, seed, low, high), "w");
  }
  ValueId scalar(float value) { return constant(floats({}, {value}), "s"); }

  ValueId node(op::Attrs attrs, std::vector<ValueId> inputs, const std::string& output_name = {}) {
    auto made = graph_.add_node({}, std::move(attrs), std::move(inputs), output_name);
    if (!made.ok()) std::fprintf(stderr, "%s\n", made.status().message().c_str());
    STRETTO_CHECK(made.ok());
    return *made;
  }
  ValueId unary(op::UnaryKind kind, ValueId x, float a = 0, float b = 0) { return node(op::Unary{kind, a, b}, {x}); }
  ValueId binary(op::BinaryKind kind, ValueId x, ValueId y) { return node(op::Binary{kind}, {x, y}); }
  /// 3×3 or 1×1 with "same" padding, seeded weights and no bias unless `bias` is given.
  ValueId conv(ValueId x, int64_t channels, int64_t kernel, unsigned seed, ValueId bias = kNone, int64_t group = 1) {
    int64_t pad = kernel / 2;
    ValueId w = random({channels, graph_.value(x).type.shape[1] / group, kernel, kernel}, seed);
    std::vector<ValueId> inputs{x, w};
    if (bias != kNone) inputs.push_back(bias);
    return node(op::Conv{{1, 1}, {1, 1}, {pad, pad, pad, pad}, group}, inputs);
  }

  Graph output(ValueId id, const std::string& name = "y") {
    graph_.rename_value(id, name);
    graph_.add_output(id);
    return graph_;
  }
  Graph& graph() { return graph_; }

 private:
  Graph graph_;
};

/// How two graphs differ, walking up from the outputs; empty where they do not. Names count for outputs alone;
/// floating-point constants may differ by rounding.
class Comparison {
 public:
  Comparison(const Graph& a, const Graph& b) : a_(a), b_(b) {}

  std::string difference() {
    if (a_.outputs().size() != b_.outputs().size()) return "the numbers of outputs differ";
    for (size_t i = 0; i < a_.outputs().size(); ++i) {
      ValueId va = a_.outputs()[i], vb = b_.outputs()[i];
      if (a_.value(va).name != b_.value(vb).name) {
        return "output '" + a_.value(va).name + "' against '" + b_.value(vb).name + "'";
      }
      if (std::string d = compare(va, vb); !d.empty()) return d;
    }
    return {};
  }

 private:
  std::string compare(ValueId va, ValueId vb) {
    if (auto it = same_.find(va); it != same_.end() && it->second == vb) return {};
    const Value& a = a_.value(va);
    const Value& b = b_.value(vb);
    std::string where = "'" + a.name + "' against '" + b.name + "': ";
    if (!(a.type == b.type)) return where + to_string(a.type) + " against " + to_string(b.type);
    if (a.is_constant() != b.is_constant() || (a.producer == kNone) != (b.producer == kNone)) {
      return where + "one is a constant or an input, the other is not";
    }
    if (a.is_constant() && !close(a.constant, b.constant)) return where + "constants differ";
    if (a.producer == kNone && !a.is_constant() && a.name != b.name) return where + "other inputs";
    if (a.producer != kNone) {
      const Node& na = a_.node(a.producer);
      const Node& nb = b_.node(b.producer);
      if (!(na.attrs == nb.attrs)) return where + op::to_string(na.attrs) + " against " + op::to_string(nb.attrs);
      if (na.inputs.size() != nb.inputs.size()) return where + "the numbers of inputs differ";
      for (size_t i = 0; i < na.inputs.size(); ++i) {
        if (std::string d = compare(na.inputs[i], nb.inputs[i]); !d.empty()) return d;
      }
    }
    same_[va] = vb;
    return {};
  }

  static bool close(const Tensor& a, const Tensor& b) {
    if (a.dtype() != DType::f32) return std::memcmp(a.data(), b.data(), a.bytes()) == 0;
    for (int64_t i = 0; i < a.elements(); ++i) {
      float x = a.as<float>()[static_cast<size_t>(i)], y = b.as<float>()[static_cast<size_t>(i)];
      if (x != y && std::abs(x - y) > 1e-6f * (1 + std::abs(x))) return false;
    }
    return true;
  }

  const Graph& a_;
  const Graph& b_;
  std::map<ValueId, ValueId> same_;
};

inline std::string difference(const Graph& a, const Graph& b) {
  return Comparison(a, b).difference();
}

}  // namespace stretto::ir::testing
