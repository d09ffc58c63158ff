// One node of every operator of the table with inputs and attributes at random, mostly nonsense: it imports to a graph
// that verifies, or is refused; it neither crashes nor takes long.
#include <chrono>
#include <limits>
#include <random>

#include "onnx/opsets.h"
#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

class Nonsense {
 public:
  explicit Nonsense(unsigned seed) : random_(seed) {}

  Result<ImportedGraph> import(const OperatorRow& row) {
    ModelText m(number(row.first, std::min<int64_t>(row.last, kNewestOpset)), 9);
    std::vector<std::string> inputs, outputs{"y"};
    for (int64_t i = number(1, 4); i > 0; --i) inputs.push_back(input(m, "x" + std::to_string(i)));
    if (number(0, 3) == 0) inputs[inputs.size() - 1] = "";
    for (int64_t i = number(0, 5); i > 3; --i) outputs.push_back("y" + std::to_string(i));
    pb::NodeProto& node = m.node(std::string(row.op), inputs, outputs, "node");
    for (const char* name : kAttributes) {
      if (number(0, 3) == 0) adorn(node, name);
    }
    for (const std::string& output : outputs) m.output(output);
    return m.import();
  }

 private:
  static constexpr const char* kAttributes[] = {
      "axis",         "axes",           "perm",          "pads",       "kernel_shape",
      "strides",      "dilations",      "group",         "k",          "largest",
      "to",           "mode",           "equation",      "blocksize",  "p",
      "num_groups",   "alpha",          "epsilon",       "batch_dims", "reduction",
      "auto_pad",     "ceil_mode",      "storage_order", "keepdims",   "upper",
      "size",         "split",          "num_outputs",   "fmod",       "align_corners",
      "direction",    "batch_axis",     "time_axis",     "scales",     "coordinate_transformation_mode",
      "dtype",        "sampling_ratio", "antialias",     "starts",     "ends",
      "output_height"};

  int64_t number(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
  }
  /// Small, or at the end of a type.
  int64_t integer() {
    constexpr int64_t kEnds[] = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                                 int64_t{1} << 31, -(int64_t{1} << 31), int64_t{1} << 40};
    return number(0, 15) == 0 ? kEnds[number(0, 4)] : number(-2, 4);
  }
  float real() {
    return number(0, 15) == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(number(-8, 8)) / 4;
  }

  std::string input(ModelText& m, const std::string& name) {
    std::vector<int64_t> shape;
    for (int64_t i = number(0, 5); i > 0; --i) shape.push_back(number(0, 30) == 0 ? int64_t{1} << 30 : number(1, 4));
    constexpr int kTypes[] = {pb::TensorProto::FLOAT, pb::TensorProto::FLOAT, pb::TensorProto::INT64,
                              pb::TensorProto::BOOL,  pb::TensorProto::UINT8, pb::TensorProto::INT32};
    switch (number(0, 3)) {
      case 0: {
        std::vector<int64_t> values;
        for (int64_t i = number(0, 6); i > 0; --i) values.push_back(integer());
        m.ints(name, values);
        return name;
      }
      case 1: {
        std::vector<float> values;
        for (int64_t i = number(0, 6); i > 0; --i) values.push_back(real());
        m.floats(name, {static_cast<int64_t>(values.size())}, values);
        return name;
      }
      default:
        m.input(name, shape, kTypes[number(0, 5)]);
        return name;
    }
  }

  void adorn(pb::NodeProto& node, const char* name) {
    constexpr const char* kTexts[] = {
        "add",           "mul",     "max",    "linear",    "cubic",     "nearest",
        "SAME_UPPER",    "VALID",   "ij->ji", "ij,jk->ik", "...i->...", "ii->i",
        "wrap",          "reflect", "LEFT",   "CRD",       "tanh",      "tf_crop_and_resize",
        "align_corners", ""};
    std::vector<int64_t> integers;
    std::vector<float> reals;
    for (int64_t i = number(0, 5); i > 0; --i) {
      integers.push_back(integer());
      reals.push_back(real());
    }
    switch (number(0, 5)) {
      case 0:
        return attribute(node, name, kTexts[number(0, 19)]);
      case 1:
        return attribute(node, name, real());
      case 2:
        return attribute(node, name, reals);
      case 3:
        return attribute(node, name, integers);
      default:
        return attribute(node, name, integer());
    }
  }

  std::mt19937 random_;
};

TEST(RandomNodes, import_or_are_refused) {
  int imported = 0;
  const auto rows = operator_rows();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  for (unsigned seed = 0; seed < 6000 || (seed < 60000 && std::chrono::steady_clock::now() < deadline); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const OperatorRow& row = rows[seed % rows.size()];
    Result<ImportedGraph> g = Nonsense(seed).import(row);
    if (!g.ok()) continue;
    ++imported;
    EXPECT_TRUE(ir::verify(g->graph).ok()) << row.op << ": " << ir::verify(g->graph).message();
  }
  EXPECT_GT(imported, 100);
}

}  // namespace
}  // namespace stretto::onnx
