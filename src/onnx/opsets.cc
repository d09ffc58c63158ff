#include "onnx/opsets.h"

#include <algorithm>

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

constexpr int64_t kNewest = kNewestOpset;
constexpr Feeds kConstants = Feeds::constants;

// Sorted by name, then by opset (a test holds it to that).
constexpr OperatorRow kRows[] = {
    {"Abs", 7, kNewest, import_abs},
    {"Add", 7, kNewest, import_add},
    {"And", 7, kNewest, import_known_binary, kConstants},
    {"AveragePool", 7, kNewest, import_average_pool},
    {"BatchNormalization", 7, kNewest, import_batch_norm},
    {"Cast", 7, kNewest, import_cast},
    {"Ceil", 7, kNewest, import_known_unary, kConstants},
    {"Clip", 7, 10, import_clip_attributes},
    {"Clip", 11, kNewest, import_clip},
    {"Concat", 7, kNewest, import_concat},
    {"Constant", 7, kNewest, import_constant},
    {"ConstantOfShape", 9, kNewest, import_constant_of_shape},
    {"Conv", 7, kNewest, import_conv},
    {"ConvInteger", 10, kNewest, import_conv_integer},
    {"ConvTranspose", 7, kNewest, import_conv_transpose},
    {"DequantizeLinear", 10, kNewest, import_dequantize_linear},
    {"Div", 7, kNewest, import_div},
    {"Dropout", 7, kNewest, import_dropout},
    {"Equal", 7, kNewest, import_known_binary, kConstants},
    {"Exp", 7, kNewest, import_exp},
    {"Expand", 8, kNewest, import_expand},
    {"Flatten", 7, kNewest, import_flatten},
    {"Floor", 7, kNewest, import_known_unary, kConstants},
    {"Gather", 7, kNewest, import_gather},
    {"Gemm", 7, kNewest, import_gemm},
    {"GlobalAveragePool", 7, kNewest, import_global_average_pool},
    {"GlobalMaxPool", 7, kNewest, import_global_max_pool},
    {"Greater", 7, kNewest, import_known_binary, kConstants},
    {"GreaterOrEqual", 12, kNewest, import_known_binary, kConstants},
    {"HardSigmoid", 7, kNewest, import_hard_sigmoid},
    {"HardSwish", 14, kNewest, import_hard_swish},
    {"Identity", 7, kNewest, import_identity},
    {"LRN", 7, kNewest, import_lrn},
    {"LeakyRelu", 7, kNewest, import_leaky_relu},
    {"Less", 7, kNewest, import_known_binary, kConstants},
    {"LessOrEqual", 12, kNewest, import_known_binary, kConstants},
    {"MatMul", 7, kNewest, import_matmul},
    {"MatMulInteger", 10, kNewest, import_matmul_integer},
    {"Max", 7, kNewest, import_max},
    {"MaxPool", 7, kNewest, import_max_pool},
    {"Min", 7, kNewest, import_min},
    {"Mod", 10, kNewest, import_known_binary, kConstants},
    {"Mul", 7, kNewest, import_mul},
    {"Neg", 7, kNewest, import_neg},
    {"NonZero", 9, kNewest, import_known_non_zero, kConstants},
    {"Not", 7, kNewest, import_known_unary, kConstants},
    {"Or", 7, kNewest, import_known_binary, kConstants},
    {"PRelu", 7, kNewest, import_prelu},
    {"Pad", 7, 10, import_pad_attributes},
    {"Pad", 11, kNewest, import_pad},
    {"Pow", 7, kNewest, import_pow},
    {"QLinearConv", 10, kNewest, import_qlinear_conv},
    {"QLinearMatMul", 10, kNewest, import_qlinear_matmul},
    {"QuantizeLinear", 10, kNewest, import_quantize_linear},
    {"Range", 11, kNewest, import_known_range, kConstants},
    {"Reciprocal", 7, kNewest, import_reciprocal},
    {"ReduceMax", 7, kNewest, import_reduce_max},
    {"ReduceMean", 7, kNewest, import_reduce_mean},
    {"ReduceMin", 7, kNewest, import_reduce_min},
    {"ReduceProd", 7, kNewest, import_known_product, kConstants},
    {"ReduceSum", 7, kNewest, import_reduce_sum},
    {"Relu", 7, kNewest, import_relu},
    {"Reshape", 7, kNewest, import_reshape},
    {"Resize", 10, kNewest, import_resize},
    {"Round", 11, kNewest, import_known_unary, kConstants},
    {"Shape", 7, kNewest, import_shape},
    {"Sigmoid", 7, kNewest, import_sigmoid},
    {"Size", 7, kNewest, import_size},
    {"Slice", 7, 9, import_slice_attributes},
    {"Slice", 10, kNewest, import_slice},
    {"Softmax", 7, 12, import_softmax_2d},
    {"Softmax", 13, kNewest, import_softmax},
    {"Split", 7, kNewest, import_split},
    {"Sqrt", 7, kNewest, import_sqrt},
    {"Squeeze", 7, kNewest, import_squeeze},
    {"Sub", 7, kNewest, import_sub},
    {"Sum", 7, kNewest, import_sum},
    {"Swish", 24, kNewest, import_swish},
    {"Tanh", 7, kNewest, import_tanh},
    {"Tile", 7, kNewest, import_known_tile, kConstants},
    {"Transpose", 7, kNewest, import_transpose},
    {"Unsqueeze", 7, kNewest, import_unsqueeze},
    {"Upsample", 7, 9, import_upsample},
    {"Where", 9, kNewest, import_known_where, kConstants},
};

// Sorted likewise.
constexpr OperatorRow kMicrosoftRows[] = {
    {"DequantizeLinear", 1, 1, import_dequantize_linear},
    {"QGemm", 1, 1, import_qgemm},
    {"QLinearAdd", 1, 1, import_qlinear_add},
    {"QLinearAveragePool", 1, 1, import_qlinear_average_pool},
    {"QLinearConcat", 1, 1, import_qlinear_concat},
    {"QLinearGlobalAveragePool", 1, 1, import_qlinear_global_average_pool},
    {"QLinearLeakyRelu", 1, 1, import_qlinear_leaky_relu},
    {"QLinearMul", 1, 1, import_qlinear_mul},
    {"QLinearSigmoid", 1, 1, import_qlinear_sigmoid},
    {"QuantizeLinear", 1, 1, import_quantize_linear},
};

}  // namespace

std::span<const OperatorRow> operator_rows() {
  return kRows;
}

std::span<const OperatorRow> microsoft_rows() {
  return kMicrosoftRows;
}

const OperatorRow* find_operator(std::string_view domain, std::string_view op, int64_t opset) {
  const bool microsoft = domain == "com.microsoft";
  if (!microsoft && !is_default_domain(domain)) return nullptr;
  const std::span<const OperatorRow> rows = microsoft ? microsoft_rows() : operator_rows();
  auto by_name = [](const OperatorRow& row, std::string_view name) { return row.op < name; };
  for (auto row = std::lower_bound(rows.begin(), rows.end(), op, by_name); row != rows.end() && row->op == op; ++row) {
    if (microsoft || (opset >= row->first && opset <= row->last)) return &*row;
  }
  return nullptr;
}

}  // namespace stretto::onnx
