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
    {"Acos", 7, kNewest, import_acos},
    {"Acosh", 9, kNewest, import_acosh},
    {"Add", 7, kNewest, import_add},
    {"AffineGrid", 20, kNewest, import_affine_grid},
    {"And", 7, kNewest, import_and},
    {"ArgMax", 7, kNewest, import_arg_max},
    {"ArgMin", 7, kNewest, import_arg_min},
    {"Asin", 7, kNewest, import_asin},
    {"Asinh", 9, kNewest, import_asinh},
    {"Atan", 7, kNewest, import_atan},
    {"Atanh", 9, kNewest, import_atanh},
    {"AveragePool", 7, kNewest, import_average_pool},
    {"BatchNormalization", 7, kNewest, import_batch_norm},
    {"BitShift", 11, kNewest, import_bit_shift},
    {"BitwiseAnd", 18, kNewest, import_bitwise_and},
    {"BitwiseNot", 18, kNewest, import_not},
    {"BitwiseOr", 18, kNewest, import_bitwise_or},
    {"BitwiseXor", 18, kNewest, import_bitwise_xor},
    {"Cast", 7, kNewest, import_cast},
    {"CastLike", 15, kNewest, import_cast_like},
    {"Ceil", 7, kNewest, import_ceil},
    {"Celu", 12, kNewest, import_celu},
    {"CenterCropPad", 18, kNewest, import_center_crop_pad},
    {"Clip", 7, 10, import_clip_attributes},
    {"Clip", 11, kNewest, import_clip},
    {"Compress", 9, kNewest, import_compress},
    {"Concat", 7, kNewest, import_concat},
    {"Constant", 7, kNewest, import_constant},
    {"ConstantOfShape", 9, kNewest, import_constant_of_shape},
    {"Conv", 7, kNewest, import_conv},
    {"ConvInteger", 10, kNewest, import_conv_integer},
    {"ConvTranspose", 7, kNewest, import_conv_transpose},
    {"Cos", 7, kNewest, import_cos},
    {"Cosh", 9, kNewest, import_cosh},
    {"CumProd", 26, kNewest, import_cum_sum},
    {"CumSum", 11, kNewest, import_cum_sum},
    {"DepthToSpace", 7, kNewest, import_depth_to_space},
    {"DequantizeLinear", 10, kNewest, import_dequantize_linear},
    {"Div", 7, kNewest, import_div},
    {"Dropout", 7, kNewest, import_dropout},
    {"DynamicQuantizeLinear", 11, kNewest, import_dynamic_quantize_linear},
    {"Einsum", 12, kNewest, import_einsum},
    {"Elu", 7, kNewest, import_elu},
    {"Equal", 7, kNewest, import_equal},
    {"Erf", 9, kNewest, import_erf},
    {"Exp", 7, kNewest, import_exp},
    {"Expand", 8, kNewest, import_expand},
    {"EyeLike", 9, kNewest, import_eye_like},
    {"Flatten", 7, kNewest, import_flatten},
    {"Floor", 7, kNewest, import_floor},
    {"Gather", 7, kNewest, import_gather},
    {"GatherElements", 11, kNewest, import_gather_elements},
    {"GatherND", 11, kNewest, import_gather_nd},
    {"Gelu", 20, kNewest, import_gelu},
    {"Gemm", 7, kNewest, import_gemm},
    {"GlobalAveragePool", 7, kNewest, import_global_average_pool},
    {"GlobalLpPool", 7, kNewest, import_global_lp_pool},
    {"GlobalMaxPool", 7, kNewest, import_global_max_pool},
    {"Greater", 7, kNewest, import_greater},
    {"GreaterOrEqual", 12, kNewest, import_greater_or_equal},
    {"GridSample", 16, kNewest, import_grid_sample},
    {"GroupNormalization", 18, kNewest, import_group_norm},
    {"HardSigmoid", 7, kNewest, import_hard_sigmoid},
    {"HardSwish", 14, kNewest, import_hard_swish},
    {"Hardmax", 7, kNewest, import_hardmax},
    {"Identity", 7, kNewest, import_identity},
    {"InstanceNormalization", 7, kNewest, import_instance_norm},
    {"IsInf", 10, kNewest, import_is_inf},
    {"IsNaN", 9, kNewest, import_is_nan},
    {"LRN", 7, kNewest, import_lrn},
    {"LayerNormalization", 17, kNewest, import_layer_norm},
    {"LeakyRelu", 7, kNewest, import_leaky_relu},
    {"Less", 7, kNewest, import_less},
    {"LessOrEqual", 12, kNewest, import_less_or_equal},
    {"Log", 7, kNewest, import_log},
    {"LogSoftmax", 7, kNewest, import_log_softmax},
    {"LpNormalization", 7, kNewest, import_lp_norm},
    {"LpPool", 7, kNewest, import_lp_pool},
    {"MatMul", 7, kNewest, import_matmul},
    {"MatMulInteger", 10, kNewest, import_matmul_integer},
    {"Max", 7, kNewest, import_max},
    {"MaxPool", 7, kNewest, import_max_pool},
    {"MaxUnpool", 9, kNewest, import_max_unpool},
    {"Mean", 8, kNewest, import_mean},
    {"MeanVarianceNormalization", 9, kNewest, import_mean_variance_norm},
    {"Min", 7, kNewest, import_min},
    {"Mish", 18, kNewest, import_mish},
    {"Mod", 10, kNewest, import_mod},
    {"Mul", 7, kNewest, import_mul},
    {"Neg", 7, kNewest, import_neg},
    {"NonMaxSuppression", 10, kNewest, import_non_max_suppression},
    {"NonZero", 9, kNewest, import_known_non_zero, kConstants},
    {"Not", 7, kNewest, import_not},
    {"OneHot", 9, kNewest, import_one_hot},
    {"Or", 7, kNewest, import_or},
    {"PRelu", 7, kNewest, import_prelu},
    {"Pad", 7, 10, import_pad_attributes},
    {"Pad", 11, kNewest, import_pad},
    {"Pow", 7, kNewest, import_pow},
    {"QLinearConv", 10, kNewest, import_qlinear_conv},
    {"QLinearMatMul", 10, kNewest, import_qlinear_matmul},
    {"QuantizeLinear", 10, kNewest, import_quantize_linear},
    {"RMSNormalization", 23, kNewest, import_rms_norm},
    {"Range", 11, kNewest, import_known_range, kConstants},
    {"Reciprocal", 7, kNewest, import_reciprocal},
    {"ReduceL1", 7, kNewest, import_reduce_l1},
    {"ReduceL2", 7, kNewest, import_reduce_l2},
    {"ReduceLogSum", 7, kNewest, import_reduce_log_sum},
    {"ReduceLogSumExp", 7, kNewest, import_reduce_log_sum_exp},
    {"ReduceMax", 7, kNewest, import_reduce_max},
    {"ReduceMean", 7, kNewest, import_reduce_mean},
    {"ReduceMin", 7, kNewest, import_reduce_min},
    {"ReduceProd", 7, kNewest, import_reduce_prod},
    {"ReduceSum", 7, kNewest, import_reduce_sum},
    {"ReduceSumSquare", 7, kNewest, import_reduce_sum_square},
    {"Relu", 7, kNewest, import_relu},
    {"Reshape", 7, kNewest, import_reshape},
    {"Resize", 10, kNewest, import_resize},
    {"ReverseSequence", 10, kNewest, import_reverse_sequence},
    {"RoiAlign", 10, kNewest, import_roi_align},
    {"Round", 11, kNewest, import_round},
    {"Scatter", 9, 10, import_scatter_elements},
    {"ScatterElements", 11, kNewest, import_scatter_elements},
    {"ScatterND", 11, kNewest, import_scatter_nd},
    {"Selu", 7, kNewest, import_selu},
    {"Shape", 7, kNewest, import_shape},
    {"Shrink", 9, kNewest, import_shrink},
    {"Sigmoid", 7, kNewest, import_sigmoid},
    {"Sign", 9, kNewest, import_sign},
    {"Sin", 7, kNewest, import_sin},
    {"Sinh", 9, kNewest, import_sinh},
    {"Size", 7, kNewest, import_size},
    {"Slice", 7, 9, import_slice_attributes},
    {"Slice", 10, kNewest, import_slice},
    {"Softmax", 7, 12, import_softmax_2d},
    {"Softmax", 13, kNewest, import_softmax},
    {"Softplus", 7, kNewest, import_softplus},
    {"Softsign", 7, kNewest, import_softsign},
    {"SpaceToDepth", 7, kNewest, import_space_to_depth},
    {"Split", 7, kNewest, import_split},
    {"Sqrt", 7, kNewest, import_sqrt},
    {"Squeeze", 7, kNewest, import_squeeze},
    {"Sub", 7, kNewest, import_sub},
    {"Sum", 7, kNewest, import_sum},
    {"Swish", 24, kNewest, import_swish},
    {"Tan", 7, kNewest, import_tan},
    {"Tanh", 7, kNewest, import_tanh},
    {"ThresholdedRelu", 10, kNewest, import_thresholded_relu},
    {"Tile", 7, kNewest, import_tile},
    {"TopK", 7, kNewest, import_top_k},
    {"Transpose", 7, kNewest, import_transpose},
    {"Trilu", 14, kNewest, import_trilu},
    {"Unsqueeze", 7, kNewest, import_unsqueeze},
    {"Upsample", 7, 9, import_upsample},
    {"Where", 9, kNewest, import_where},
    {"Xor", 7, kNewest, import_xor},
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
