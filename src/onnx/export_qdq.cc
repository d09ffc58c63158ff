#include "onnx/export_qdq.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_set>

#include "onnx/export_operator.h"
#include "onnx/export_steps.h"
#include "op/integer.h"

namespace stretto::onnx {
namespace {

class QdqWriter {
 public:
  explicit QdqWriter(const ir::Graph& graph) : graph_(graph) {}

  Status write(const std::string& path) {
    for (ir::ValueId id = 0; id < graph_.value_count(); ++id) model_.reserve(graph_.value(id).name);
    for (ir::ValueId id : graph_.inputs()) model_.input(graph_.value(id).name, graph_.value(id).type);
    for (ir::NodeId id : graph_.topological_order()) {
      STRETTO_TRY(write_node(id).in("node '" + graph_.node(id).name + "'"));
    }
    for (ir::ValueId id : graph_.outputs()) {
      const ir::Value& v = graph_.value(id);
      if (sums_.contains(id))
        return failed("output '" + v.name + "' is a sum of products, which Q/DQ form cannot give");
      model_.output(operand(id), v.type);
    }
    return model_.write(path);
  }

 private:
  /// A sum of i32, written as real numbers.
  struct Sum {
    std::string name;
    Reading reading;
  };

  const ir::Node& node(ir::NodeId id) const { return graph_.node(id); }
  const std::string& name_of(ir::ValueId id) const { return graph_.value(id).name; }
  std::string fresh(ir::ValueId id, const char* what) { return model_.fresh(name_of(id) + "/" + what); }

  /// The name of a value, whose initialiser is written when first read.
  const std::string& operand(ir::ValueId id) {
    const ir::Value& v = graph_.value(id);
    if (v.is_constant() && written_.insert(id).second) model_.constant(v.name, v.constant);
    return v.name;
  }

  Result<Scales> scales_of(ir::ValueId id) const { return constant_scales(graph_, id); }
  float step_of(ir::ValueId id) const { return onnx::step_of(graph_, id); }

  /// Writes integers as real numbers under `output`.
  Status dequantize(const std::string& integers, DType type, const Scales& scales, int64_t zero, int64_t axis,
                    const std::string& output) {
    for (float s : scales) {
      if (!std::isfinite(s) || !(s > 0)) return failed("a scale of " + std::to_string(s) + " cannot be written");
    }
    if (type == DType::i32 && zero != 0) return failed("a sum with a zero point cannot be written");
    const bool one = scales.size() == 1;
    const auto count = one ? 0 : static_cast<int64_t>(scales.size());
    std::vector<std::string> inputs{integers, model_.numbers(output + "/scale", scales, one)};
    if (type != DType::i32) inputs.push_back(model_.zeros(output + "/zero", zero, type, count));
    NodeWriter made = model_.node("DequantizeLinear", inputs, output);
    if (!one) made.integer("axis", axis);
    return {};
  }

  void quantize(const std::string& real, float scale, int64_t zero, DType type, const std::string& output) {
    model_.node("QuantizeLinear",
                {real, model_.numbers(output + "/scale", {scale}, true), model_.zeros(output + "/zero", zero, type)},
                output);
  }

  /// (id − zero) · scales as real numbers.
  Result<std::string> real(ir::ValueId id, const Scales& scales, int64_t zero) {
    auto sum = sums_.find(id);
    if (sum == sums_.end()) {
      const std::string name = fresh(id, "real");
      STRETTO_TRY(dequantize(operand(id), graph_.value(id).type.dtype, scales, zero, 1, name));
      return name;
    }
    if (sum->second.reading.zero != zero)
      return failed("its source is read with two zero points, which cannot be written");
    if (sum->second.reading.scales == scales) return sum->second.name;
    return failed("its source is a sum read with two scales, which cannot be written");
  }

  /// The product on real numbers: src at its step, weights at the rest of the sum's scale.
  template <class Write>
  Status write_product(ir::NodeId id, int64_t zero, int64_t axis, int64_t repeat, Write&& write) {
    const ir::Node& n = node(id);
    STRETTO_ASSIGN(Reading sum, first_reading(graph_, n.output));
    if (sum.zero != 0) return failed("its sum has a zero point, which cannot be written");
    if (!graph_.value(n.inputs[1]).is_constant()) return failed("its weights are computed; Q/DQ form needs constants");
    const float step = step_of(n.inputs[0]);
    Scales weights = sum.scales;
    for (float& s : weights) s /= step;
    STRETTO_TRY(fold_repeats(weights, repeat));
    std::vector<std::string> inputs{fresh(n.inputs[0], "real"), fresh(n.inputs[1], "real")};
    STRETTO_TRY(dequantize(operand(n.inputs[0]), DType::u8, {step}, zero, 1, inputs[0]));
    STRETTO_TRY(dequantize(operand(n.inputs[1]), DType::i8, weights, 0, axis, inputs[1]));
    if (n.inputs.size() > 2) {
      inputs.push_back(fresh(n.inputs[2], "real"));
      STRETTO_TRY(dequantize(operand(n.inputs[2]), DType::i32, sum.scales, 0, 0, inputs[2]));
    }
    const std::string name = fresh(n.output, "real");
    write(inputs, name);
    sums_[n.output] = {name, sum};
    return {};
  }

  /// The weights of a grouped transpose have one axis entry for the channels of all groups.
  static Status fold_repeats(Scales& scales, int64_t count) {
    if (count == 0 || scales.size() == 1 || static_cast<int64_t>(scales.size()) == count) return {};
    for (size_t i = static_cast<size_t>(count); i < scales.size(); ++i) {
      if (scales[i] != scales[i % static_cast<size_t>(count)]) {
        return failed("its groups have other scales, which cannot be written; quantise its weights by tensor");
      }
    }
    scales.resize(static_cast<size_t>(count));
    return {};
  }

  Status write_node(ir::NodeId id) {
    return std::visit([&](const auto& attrs) { return write_as(id, attrs); }, node(id).attrs);
  }

  Status write_as(ir::NodeId id, const op::Quantize& a) {
    quantize(operand(node(id).inputs[0]), a.scale, a.zero, a.to, name_of(node(id).output));
    return {};
  }

  Status write_as(ir::NodeId id, const op::Dequantize& a) {
    const ir::Node& n = node(id);
    STRETTO_ASSIGN(Scales scales, scales_of(n.inputs[1]));
    if (!sums_.contains(n.inputs[0])) {
      return dequantize(operand(n.inputs[0]), graph_.value(n.inputs[0]).type.dtype, scales, a.zero, a.axis,
                        name_of(n.output));
    }
    STRETTO_ASSIGN(std::string sum, real(n.inputs[0], scales, a.zero));
    model_.node("Identity", {sum}, name_of(n.output));
    return {};
  }

  Status write_as(ir::NodeId id, const op::Requantize& a) {
    const ir::Node& n = node(id);
    const float step = step_of(n.output);
    STRETTO_ASSIGN(Scales scales, scales_of(n.inputs[1]));
    for (float& s : scales) s *= step;
    STRETTO_ASSIGN(std::string result, real(n.inputs[0], scales, a.src_zero));
    if (n.inputs.size() > 2) {
      const std::string other = fresh(n.inputs[2], "real"), sum = fresh(n.output, "sum");
      STRETTO_TRY(dequantize(operand(n.inputs[2]), graph_.value(n.inputs[2]).type.dtype, {a.other_scale * step},
                             a.other_zero, 1, other));
      model_.node("Add", {result, other}, sum);
      result = sum;
    }
    result = bounded(n, a, step, sloped(n, a, result));
    quantize(result, step, a.zero, a.to, name_of(n.output));
    return {};
  }

  std::string sloped(const ir::Node& n, const op::Requantize& a, const std::string& real) {
    if (a.slope == 1) return real;
    const std::string name = fresh(n.output, "sloped");
    model_.node("LeakyRelu", {real}, name).real("alpha", a.slope);
    return name;
  }

  /// Bounds tighter than the type's are an activation.
  std::string bounded(const ir::Node& n, const op::Requantize& a, float step, const std::string& real) {
    const bool least = a.low == op::lowest_of(a.to), most = a.high == op::highest_of(a.to);
    if (least && most) return real;
    const std::string name = fresh(n.output, "bounded");
    if (a.low == a.zero && most) {
      model_.node("Relu", {real}, name);
    } else {
      model_.node("Clip",
                  {real, model_.numbers(name + "/min", {static_cast<float>(a.low - a.zero) * step}, true),
                   model_.numbers(name + "/max", {static_cast<float>(a.high - a.zero) * step}, true)},
                  name);
    }
    return name;
  }

  Status write_as(ir::NodeId id, const op::Lookup&) {
    const ir::Node& n = node(id);
    const std::string index = fresh(n.inputs[0], "index");
    model_.node("Cast", {operand(n.inputs[0])}, index).integer("to", ::onnx::TensorProto::INT32);
    model_.node("Gather", {operand(n.inputs[1]), index}, name_of(n.output)).integer("axis", 0);
    return {};
  }

  Status write_as(ir::NodeId id, const op::ConvInteger& a) {
    return write_product(id, a.zero, 0, 0, [&](const std::vector<std::string>& inputs, const std::string& output) {
      model_.node("Conv", inputs, output)
          .integers("strides", a.strides)
          .integers("dilations", a.dilations)
          .integers("pads", a.pads)
          .integer("group", a.group);
    });
  }

  Status write_as(ir::NodeId id, const op::ConvTransposeInteger& a) {
    const int64_t repeat = graph_.value(node(id).inputs[1]).type.shape[1];
    return write_product(id, a.zero, 1, repeat, [&](const std::vector<std::string>& inputs, const std::string& output) {
      model_.node("ConvTranspose", inputs, output)
          .integers("strides", a.strides)
          .integers("dilations", a.dilations)
          .integers("pads", a.pads)
          .integers("output_padding", a.output_padding)
          .integer("group", a.group);
    });
  }

  Status write_as(ir::NodeId id, const op::GemmInteger& a) {
    return write_product(id, a.zero, 0, 0, [&](const std::vector<std::string>& inputs, const std::string& output) {
      model_.node("Gemm", inputs, output).integer("transB", 1);
    });
  }

  /// A sum of bytes is their mean on real numbers, at a scale times their count.
  Status write_as(ir::NodeId id, const op::Reduce& a) {
    const ir::Node& n = node(id);
    const TensorType& src = graph_.value(n.inputs[0]).type;
    if (!is_byte(src.dtype) || a.kind != op::ReduceKind::sum) return write_rounded(id, a.kind == op::ReduceKind::mean);
    STRETTO_ASSIGN(Reading sum, first_reading(graph_, n.output));
    const int64_t count = src.elements() / std::max<int64_t>(1, graph_.value(n.output).type.elements());
    if (count < 1 || sum.scales.size() != 1 || sum.zero % count != 0 || sum.zero / count < op::lowest_of(src.dtype) ||
        sum.zero / count > op::highest_of(src.dtype)) {
      return failed("its sum is read by other than one scale and a zero point for each element");
    }
    const std::string input = fresh(n.inputs[0], "real");
    STRETTO_TRY(dequantize(operand(n.inputs[0]), src.dtype, {sum.scales[0] * static_cast<float>(count)},
                           sum.zero / count, 1, input));
    const std::string name = fresh(n.output, "real");
    Dims spatial;
    for (int i = 2; i < src.shape.size(); ++i) spatial.push_back(i);
    if (a.axes == spatial && a.keepdims && !spatial.empty()) {
      model_.node("GlobalAveragePool", {input}, name);
    } else {
      model_.node("ReduceMean", {input}, name).integers("axes", a.axes).integer("keepdims", a.keepdims);
    }
    sums_[n.output] = {name, sum};
    return {};
  }

  Status write_as(ir::NodeId id, const op::Reshape&) {
    const ir::Node& n = node(id);
    const auto sum = sums_.find(n.inputs[0]);
    if (sum == sums_.end()) return write_plain(id);
    const std::string name = fresh(n.output, "real");
    STRETTO_TRY(export_operator(model_, graph_, id, {sum->second.name}, name));
    sums_[n.output] = {name, sum->second.reading};
    return {};
  }

  Status write_as(ir::NodeId id, const op::Pool& a) { return write_rounded(id, a.kind == op::PoolKind::average); }

  /// ONNX has no averages of integers: real numbers of the same value are averaged and rounded.
  Status write_rounded(ir::NodeId id, bool average) {
    const ir::Node& n = node(id);
    const DType type = graph_.value(n.inputs[0]).type.dtype;
    if (!average || !is_byte(type)) return write_plain(id);
    const std::string input = fresh(n.inputs[0], "real"), output = fresh(n.output, "real");
    STRETTO_TRY(dequantize(operand(n.inputs[0]), type, {1}, 0, 1, input));
    STRETTO_TRY(export_operator(model_, graph_, id, {input}, output));
    quantize(output, 1, 0, type, name_of(n.output));
    return {};
  }

  template <class T>
  Status write_as(ir::NodeId id, const T&) {
    return write_plain(id);
  }

  Status write_plain(ir::NodeId id) {
    std::vector<std::string> inputs;
    for (ir::ValueId v : node(id).inputs) {
      if (sums_.contains(v)) return failed("it reads a sum of products, which Q/DQ form cannot give");
      inputs.push_back(operand(v));
    }
    return export_operator(model_, graph_, id, inputs, name_of(node(id).output));
  }

  const ir::Graph& graph_;
  ModelWriter model_;
  std::unordered_set<ir::ValueId> written_;
  std::map<ir::ValueId, Sum> sums_;
};

}  // namespace

Status export_qdq(const ir::Graph& graph, const std::string& path) {
  return QdqWriter(graph).write(path);
}

}  // namespace stretto::onnx
