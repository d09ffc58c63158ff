// Channel classes: channels of values that can only be scaled together, since scaling passes through what is between.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace stretto::quantize {

/// The constant weights of a conv, conv_transpose or gemm, element by element.
struct WeightPlaces {
  int64_t outputs = 0, inputs = 0;                        // channels
  std::vector<std::pair<int32_t, int32_t>> output_input;  // of each weight
};
/// Empty (outputs 0) for every other node, and where weights or bias are not f32 constants by channel.
WeightPlaces weight_places(const ir::Graph& graph, ir::NodeId id);

class ChannelClasses {
 public:
  /// relu, leaky_relu, a clip from 0, pooling, resizing, padding with zeros, reduction over H and W, and flattening
  /// hand on the class; a concat hands on one after the other; an addition makes one of two. A class is fixed where
  /// anything else makes or reads it, and where an output of the graph has it.
  explicit ChannelClasses(const ir::Graph& graph);

  /// The classes of a value's channels, one after the other; empty where they have none.
  std::vector<int> of(ir::ValueId id) const;
  int64_t channels(int cls) const { return sizes_[static_cast<size_t>(cls)]; }
  bool fixed(int cls) const { return fixed_[static_cast<size_t>(root(cls))]; }
  /// All that are not fixed, in topological order of their first value.
  std::vector<int> scalable() const;
  /// The first value that has this class alone.
  ir::ValueId first_value(int cls) const { return first_[static_cast<size_t>(root(cls))]; }
  /// By value: each channel's factor, given that of each class; 1 for classes without. Empty where all are 1.
  std::vector<std::vector<float>> by_value(const std::map<int, std::vector<float>>& by_class) const;

 private:
  int root(int cls) const;
  int add(ir::ValueId value, int64_t channels);
  void fix(ir::ValueId id);
  void join(const ir::Node& node);
  void visit(ir::NodeId id);
  bool passes(const ir::Node& node) const;

  const ir::Graph& graph_;
  std::vector<std::vector<int>> pieces_;  // by value
  std::vector<int> parent_;
  std::vector<int64_t> sizes_;
  std::vector<ir::ValueId> first_;
  std::vector<bool> fixed_;
};

}  // namespace stretto::quantize
