// Recipe: what is decided of a model's quantisation, as a text file that people read and edit.
//
//   stretto recipe 1
//   model 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//   note "minmax: 31.20 dB"
//   value "conv1_out" scale 0.023529412 zero 0 method weighted_mse observed 0 9.75 sqnr 41.5
//   node "conv1" int8
//   node "softmax" fp32 "has no integer form"
//   weights "conv1" 2 0.01 0.02
//   correction "conv1" 2 0.001 -0.002
//   rounding "conv1" 6 5302
//   equalise "conv1_out" 2 1.5 0.75
//   end
//
// One statement a line, in any order between `model` and `end`; empty lines and lines that begin with # are skipped.
// Names are those of the optimised graph, in quotes, with \hh for quotes, backslashes and control characters. Numbers
// are written so that they read back to the same bits. A recipe belongs to one model, named by its SHA-256.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "quantize/calibrators.h"

namespace stretto::quantize {

/// Persisted by name.
enum class NodeType : uint8_t { int8, fp32, fp16 };
std::string_view name_of(NodeType type);

/// The scale of one value, and of all that share it; integers are u8.
struct ValueScale {
  float scale = kScaleOfNothing;
  int32_t zero = 0;  // 0 … 255
  Method method = Method::manual;
  Range observed;
  float sqnr_db = 0;  // of all observed against themselves rounded, in dB; 0: not known
  bool operator==(const ValueScale&) const = default;
};

/// The type of one node; where it is not int8, or was not wished for, why.
struct NodeChoice {
  NodeType type = NodeType::int8;
  std::string reason;
  bool operator==(const NodeChoice&) const = default;
};

/// By weight in row-major order, how many integers above floor(weight / scale) it goes: −1 … 2, in two bits, 3 standing
/// for −1: bits 2·(i % 4) and the next of byte i / 4.
struct Rounding {
  int64_t count = 0;
  std::vector<uint8_t> bits;  // (count + 3) / 4 bytes; the bits past count are 0
  explicit Rounding(int64_t n = 0, std::vector<uint8_t> b = {}) : count(n), bits(std::move(b)) {
    bits.resize(static_cast<size_t>((n + 3) / 4), 0);
  }
  int steps(int64_t i) const {
    const int two = bits[static_cast<size_t>(i / 4)] >> (i % 4 * 2) & 3;
    return two == 3 ? -1 : two;
  }
  /// Precondition: weight i goes no steps yet, and −1 ≤ steps ≤ 2.
  void set(int64_t i, int steps) {
    bits[static_cast<size_t>(i / 4)] |= static_cast<uint8_t>((steps & 3) << (i % 4 * 2));
  }
  bool operator==(const Rounding&) const = default;
};

struct Recipe {
  std::string model_sha256;                              // 64 hexadecimal digits, lower case
  std::vector<std::string> notes;                        // what was tried and measured; decides nothing
  std::map<std::string, ValueScale> values;              // by name of the value
  std::map<std::string, NodeChoice> nodes;               // by name of the node
  std::map<std::string, std::vector<float>> weights;     // by node: a scale an output channel
  std::map<std::string, std::vector<float>> correction;  // by node: added to the bias of each output channel
  std::map<std::string, Rounding> rounding;              // by node
  std::map<std::string, std::vector<float>> equalise;    // by value: each channel is divided by its factor, > 0
  bool operator==(const Recipe&) const = default;
};

/// The text form; parse_recipe() gives back an equal recipe. Precondition: what parse_recipe() would check holds.
std::string to_text(const Recipe& recipe);

/// Reads the text form. Nothing in it is trusted: memory stays in proportion to the text, and an error says
/// "file:line: what is wrong, and how to mend it". `file` is used in messages alone.
Result<Recipe> parse_recipe(std::string_view text, const std::string& file);

/// Refuses a recipe that was made for another model. `sha256` is the model's, `model` and `file` are for the message.
Status check_model(const Recipe& recipe, const std::string& sha256, const std::string& model, const std::string& file);

}  // namespace stretto::quantize
