#include "onnx/export_operator.h"

#include <cmath>

#include "onnx/types.h"

namespace stretto::onnx {
namespace {

const char* name_of_unary(op::UnaryKind kind) {
  switch (kind) {
    case op::UnaryKind::relu:
      return "Relu";
    case op::UnaryKind::sigmoid:
      return "Sigmoid";
    case op::UnaryKind::tanh:
      return "Tanh";
    case op::UnaryKind::exp:
      return "Exp";
    case op::UnaryKind::sqrt:
      return "Sqrt";
    case op::UnaryKind::neg:
      return "Neg";
    case op::UnaryKind::abs:
      return "Abs";
    case op::UnaryKind::reciprocal:
      return "Reciprocal";
    default:
      return nullptr;
  }
}

const char* name_of_binary(op::BinaryKind kind) {
  constexpr const char* kNames[] = {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu"};
  return kNames[static_cast<size_t>(kind)];
}

class Exporter {
 public:
  Exporter(ModelWriter& model, const ir::Graph& graph, ir::NodeId id, const std::vector<std::string>& inputs,
           const std::string& output)
      : model_(model), graph_(graph), node_(graph.node(id)), in_(inputs), out_(output) {}

  Status operator()(const op::Conv& a) {
    window(node("Conv"), a.strides, a.dilations, a.pads).integer("group", a.group);
    return {};
  }
  Status operator()(const op::ConvTranspose& a) {
    window(node("ConvTranspose"), a.strides, a.dilations, a.pads)
        .integers("output_padding", a.output_padding)
        .integer("group", a.group);
    return {};
  }
  Status operator()(const op::Gemm& a) {
    node("Gemm").integer("transA", a.trans_a).integer("transB", a.trans_b).real("alpha", a.alpha).real("beta", a.beta);
    return {};
  }
  Status operator()(const op::MatMul&) { return done(node("MatMul")); }
  Status operator()(const op::BatchNorm& a) { return done(node("BatchNormalization").real("epsilon", a.epsilon)); }
  Status operator()(const op::Binary& a) { return done(node(name_of_binary(a.kind))); }
  Status operator()(const op::Softmax& a) { return done(node("Softmax").integer("axis", a.axis)); }
  Status operator()(const op::Lrn& a) {
    node("LRN").integer("size", a.size).real("alpha", a.alpha).real("beta", a.beta).real("bias", a.bias);
    return {};
  }
  Status operator()(const op::Concat& a) { return done(node("Concat").integer("axis", a.axis)); }
  Status operator()(const op::Transpose& a) { return done(node("Transpose").integers("perm", a.perm)); }
  Status operator()(const op::Gather& a) { return done(node("Gather").integer("axis", a.axis)); }
  Status operator()(const op::Cast& a) { return done(node("Cast").integer("to", onnx_from_dtype(a.to))); }
  Status operator()(const op::Reformat&) { return done(node("Identity")); }
  Status operator()(const op::Reshape& a) { return with_list("Reshape", a.shape); }
  Status operator()(const op::Expand& a) { return with_list("Expand", a.shape); }

  Status operator()(const op::Unary& a) {
    if (const char* name = name_of_unary(a.kind)) return done(node(name));
    switch (a.kind) {
      case op::UnaryKind::leaky_relu:
        return done(node("LeakyRelu").real("alpha", a.a));
      case op::UnaryKind::hard_sigmoid:
        return done(node("HardSigmoid").real("alpha", a.a).real("beta", a.b));
      case op::UnaryKind::clip:
        return done(model_.node("Clip", {in_[0], number("min", a.a), number("max", a.b)}, out_));
      case op::UnaryKind::linear: {
        const std::string scaled = model_.fresh(out_ + "/scaled");
        model_.node("Mul", {in_[0], number("a", a.a)}, scaled);
        return done(model_.node("Add", {scaled, number("b", a.b)}, out_));
      }
      default: {
        const std::string gate = model_.fresh(out_ + "/gate");
        if (a.kind == op::UnaryKind::swish) {
          model_.node("Sigmoid", {in_[0]}, gate);
        } else {
          model_.node("HardSigmoid", {in_[0]}, gate).real("alpha", 1.0f / 6).real("beta", 0.5f);
        }
        return done(model_.node("Mul", {in_[0], gate}, out_));
      }
    }
  }

  Status operator()(const op::Pool& a) {
    const bool average = a.kind == op::PoolKind::average;
    if (average && a.dilations != Dims::filled(a.dilations.size(), 1)) {
      return failed("an average pool with dilations has no form in opset 13");
    }
    NodeWriter pool = node(average ? "AveragePool" : "MaxPool");
    pool.integers("kernel_shape", a.kernel).integers("strides", a.strides).integers("pads", a.pads);
    pool.integer("ceil_mode", a.ceil_mode);
    if (average) {
      pool.integer("count_include_pad", a.count_include_pad);
    } else {
      pool.integers("dilations", a.dilations);
    }
    return {};
  }

  Status operator()(const op::Reduce& a) {
    if (a.kind == op::ReduceKind::sum) {
      model_.node("ReduceSum", {in_[0], model_.list(out_ + "/axes", a.axes)}, out_).integer("keepdims", a.keepdims);
      return {};
    }
    const char* name = a.kind == op::ReduceKind::mean  ? "ReduceMean"
                       : a.kind == op::ReduceKind::max ? "ReduceMax"
                                                       : "ReduceMin";
    return done(node(name).integers("axes", a.axes).integer("keepdims", a.keepdims));
  }

  Status operator()(const op::Slice& a) {
    Dims ends, axes;
    for (int i = 0; i < a.starts.size(); ++i) {
      const int64_t end = a.starts[i] + a.sizes[i] * a.steps[i];
      // Before the first element is −size − 1: −1 would be the last.
      ends.push_back(end >= 0 ? end : -graph_.value(node_.inputs[0]).type.shape[i] - 1);
      axes.push_back(i);
    }
    model_.node("Slice",
                {in_[0], model_.list(out_ + "/starts", a.starts), model_.list(out_ + "/ends", ends),
                 model_.list(out_ + "/axes", axes), model_.list(out_ + "/steps", a.steps)},
                out_);
    return {};
  }

  Status operator()(const op::Pad& a) {
    constexpr const char* kModes[] = {"constant", "reflect", "edge"};
    std::vector<std::string> inputs{in_[0], model_.list(out_ + "/pads", a.pads)};
    const DType type = graph_.value(node_.inputs[0]).type.dtype;
    if (a.mode == op::PadMode::constant && a.value != 0) {
      inputs.push_back(type == DType::f32 ? number("value", a.value)
                                          : model_.zeros(out_ + "/value", std::lround(a.value), type));
    }
    return done(model_.node("Pad", inputs, out_).text("mode", kModes[static_cast<size_t>(a.mode)]));
  }

  Status operator()(const op::Resize& a) {
    constexpr const char* kModes[] = {"nearest", "linear", "cubic"};
    constexpr const char* kCoordinates[] = {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"};
    constexpr const char* kRoundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    const Shape& src = graph_.value(node_.inputs[0]).type.shape;
    const bool by_scale =
        std::floor(static_cast<double>(src[2]) * double{a.scale_h}) == static_cast<double>(a.sizes[2]) &&
        std::floor(static_cast<double>(src[3]) * double{a.scale_w}) == static_cast<double>(a.sizes[3]);
    std::vector<std::string> inputs{in_[0], ""};
    if (by_scale) {
      inputs.push_back(model_.numbers(out_ + "/scales", {1, 1, a.scale_h, a.scale_w}));
    } else {
      inputs.push_back("");
      inputs.push_back(model_.list(out_ + "/sizes", a.sizes));
    }
    model_.node("Resize", inputs, out_)
        .text("mode", kModes[static_cast<size_t>(a.mode)])
        .text("coordinate_transformation_mode", kCoordinates[static_cast<size_t>(a.coordinate)])
        .text("nearest_mode", kRoundings[static_cast<size_t>(a.rounding)])
        .real("cubic_coeff_a", a.cubic_a);
    return {};
  }

  template <class T>
  Status operator()(const T&) {
    return failed("cannot be written as an operator of real numbers");
  }

 private:
  static Status done(const NodeWriter&) { return {}; }
  NodeWriter node(const std::string& op) { return model_.node(op, in_, out_); }
  std::string number(const char* what, float value) { return model_.numbers(out_ + "/" + what, {value}, true); }
  static NodeWriter window(NodeWriter node, const Dims& strides, const Dims& dilations, const Dims& pads) {
    return node.integers("strides", strides).integers("dilations", dilations).integers("pads", pads);
  }
  Status with_list(const char* op, const Dims& list) {
    return done(model_.node(op, {in_[0], model_.list(out_ + "/shape", list)}, out_));
  }

  ModelWriter& model_;
  const ir::Graph& graph_;
  const ir::Node& node_;
  const std::vector<std::string>& in_;
  const std::string& out_;
};

}  // namespace

Status export_operator(ModelWriter& model, const ir::Graph& graph, ir::NodeId id,
                       const std::vector<std::string>& inputs, const std::string& output) {
  return std::visit(Exporter(model, graph, id, inputs, output), graph.node(id).attrs);
}

}  // namespace stretto::onnx
