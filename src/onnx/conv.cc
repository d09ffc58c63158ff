// Conv and ConvTranspose: pads made explicit, one spatial axis becomes two.
#include "onnx/formula.h"
#include "onnx/operators.h"
#include "onnx/spatial.h"

namespace stretto::onnx {
namespace {

/// Sizes of the kernel out of the weights; kernel_shape, where given, must agree.
Result<Dims> kernel_of(NodeContext& n, Operand src, Operand weights) {
  STRETTO_TRY(n.mistakes());
  const int rank = n.shape(weights).size();
  if (rank < 3 || n.shape(src).size() != rank) {
    return bad_input("src " + to_string(n.type(src)) + " and weights " + to_string(n.type(weights)) + " do not fit");
  }
  Dims kernel;
  for (int i = 2; i < rank; ++i) kernel.push_back(n.shape(weights)[i]);
  std::optional<Dims> given = n.integers("kernel_shape");
  if (given && !given->empty() && !(*given == kernel)) {
    return bad_input("kernel_shape " + to_string(*given) + " contradicts weights " + to_string(n.type(weights)));
  }
  return kernel;
}

Status finish_with_bias(NodeContext& n, const op::Attrs& attrs, Operand src, Operand weights) {
  if (n.has_input(2)) return n.finish(attrs, {src, weights, n.input(2)});
  return n.finish(attrs, {src, weights});
}

/// A convolution along one axis as one of pictures of one row: those have the fast kernels.
Status finish_as_rows(NodeContext& n, const op::Conv& a, Operand src, Operand weights) {
  Formula f(n);
  const Shape x = n.shape(src), w = n.shape(weights);
  const op::Conv rows{{1, a.strides[0]}, {1, a.dilations[0]}, {0, a.pads[0], 0, a.pads[1]}, a.group};
  std::vector<Operand> inputs{f.reshape(src, {x[0], x[1], 1, x[2]}), f.reshape(weights, {w[0], w[1], 1, w[2]})};
  if (n.has_input(2)) inputs.push_back(n.input(2));
  Operand y = f.emit(rows, inputs);
  if (!f.ok()) return f.status();
  const Shape out = f.shape(y);
  return f.bind(f.reshape(y, {out[0], out[1], out[3]}));
}

/// Turns a wanted output size into pads: what is too much is cut, what is missing is added at the end.
void fit_to_size(int64_t surplus, bool more_at_end, int64_t& begin, int64_t& end, int64_t& output_padding) {
  if (surplus < 0) {
    begin = end = 0;
    output_padding -= surplus;
    return;
  }
  begin = more_at_end ? surplus / 2 : surplus - surplus / 2;
  end = surplus - begin;
}

}  // namespace

Result<op::Conv> read_conv(NodeContext& n, Operand src, Operand weights) {
  STRETTO_ASSIGN(Dims kernel, kernel_of(n, src, weights));
  STRETTO_ASSIGN(Window window, read_window(n, n.shape(src), kernel));
  return op::Conv{window.strides, window.dilations, window.pads, n.integer("group", 1)};
}

Status import_conv(NodeContext& n) {
  Operand src = n.input(0), weights = n.input(1);
  STRETTO_ASSIGN(op::Conv attrs, read_conv(n, src, weights));
  if (attrs.strides.size() == 1 && n.type(src).dtype == DType::f32) return finish_as_rows(n, attrs, src, weights);
  return finish_with_bias(n, attrs, src, weights);
}

Status import_conv_transpose(NodeContext& n) {
  Operand src = n.input(0), weights = n.input(1);
  STRETTO_ASSIGN(Dims kernel, kernel_of(n, src, weights));
  const int count = kernel.size();
  op::ConvTranspose attrs{n.spatial("strides", count, 1, 1), n.spatial("dilations", count, 1, 1),
                          n.spatial("pads", 2 * count, 0, 0), n.spatial("output_padding", count, 0, 0),
                          n.integer("group", 1)};
  const std::string auto_pad = n.text("auto_pad", "NOTSET");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID") return bad_input("auto_pad '" + auto_pad + "' is unknown");
  if (auto_pad == "VALID") attrs.pads = Dims::filled(2 * count, 0);
  const bool sized = n.integers("output_shape").value_or(Dims{}).size() > 0;
  if (sized && n.integers("output_shape")->size() == count + 2) {
    return failed("output_shape with batch and channels is not supported; give the spatial sizes alone");
  }
  Dims wanted = n.spatial("output_shape", count, 0, 1);
  STRETTO_TRY(n.mistakes());
  for (int i = 0; (sized || same) && i < count; ++i) {
    const int64_t in = n.shape(src)[i + 2];
    if (in < 1 || in > (int64_t{1} << 31) || kernel[i] > (int64_t{1} << 31)) return bad_input("a size is out of range");
    const int64_t full =
        attrs.strides[i] * (in - 1) + attrs.output_padding[i] + (kernel[i] - 1) * attrs.dilations[i] + 1;
    const int64_t size = sized ? wanted[i] : in * attrs.strides[i];
    // The standard's equations put the odd pixel at the beginning unless auto_pad is SAME_UPPER.
    fit_to_size(full - size, auto_pad == "SAME_UPPER", attrs.pads[i], attrs.pads[i + count], attrs.output_padding[i]);
  }
  return finish_with_bias(n, attrs, src, weights);
}

}  // namespace stretto::onnx
