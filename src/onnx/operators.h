// The import functions behind the table of opsets.cc, by family (one file each).
//
// Each reads its node through the context, writes our operators, and binds the node's outputs.
#pragma once

#include "onnx/node_context.h"

namespace stretto::onnx {

// conv.cc
Status import_conv(NodeContext& n);
Status import_conv_transpose(NodeContext& n);
// matmul.cc
Status import_gemm(NodeContext& n);
Status import_matmul(NodeContext& n);
// normalization.cc
Status import_batch_norm(NodeContext& n);
Status import_lrn(NodeContext& n);
Status import_softmax_2d(NodeContext& n);
Status import_softmax(NodeContext& n);
Status import_log_softmax(NodeContext& n);
Status import_instance_norm(NodeContext& n);
Status import_group_norm(NodeContext& n);
Status import_layer_norm(NodeContext& n);
Status import_rms_norm(NodeContext& n);
Status import_lp_norm(NodeContext& n);
Status import_mean_variance_norm(NodeContext& n);
// activation.cc
Status import_relu(NodeContext& n);
Status import_leaky_relu(NodeContext& n);
Status import_prelu(NodeContext& n);
Status import_clip_attributes(NodeContext& n);
Status import_clip(NodeContext& n);
Status import_sigmoid(NodeContext& n);
Status import_hard_sigmoid(NodeContext& n);
Status import_hard_swish(NodeContext& n);
Status import_swish(NodeContext& n);
Status import_tanh(NodeContext& n);
// quantize.cc
Status import_quantize_linear(NodeContext& n);
Status import_dequantize_linear(NodeContext& n);
Status import_dynamic_quantize_linear(NodeContext& n);
// quantized_operators.cc
Status import_qlinear_conv(NodeContext& n);
Status import_qlinear_matmul(NodeContext& n);
Status import_qgemm(NodeContext& n);
Status import_qlinear_add(NodeContext& n);
Status import_qlinear_mul(NodeContext& n);
Status import_qlinear_average_pool(NodeContext& n);
Status import_qlinear_global_average_pool(NodeContext& n);
Status import_qlinear_concat(NodeContext& n);
Status import_qlinear_sigmoid(NodeContext& n);
Status import_qlinear_leaky_relu(NodeContext& n);
// integer_products.cc
Status import_conv_integer(NodeContext& n);
Status import_matmul_integer(NodeContext& n);
// elementwise.cc
Status import_exp(NodeContext& n);
Status import_sqrt(NodeContext& n);
Status import_neg(NodeContext& n);
Status import_abs(NodeContext& n);
Status import_reciprocal(NodeContext& n);
Status import_add(NodeContext& n);
Status import_sub(NodeContext& n);
Status import_mul(NodeContext& n);
Status import_div(NodeContext& n);
Status import_pow(NodeContext& n);
Status import_min(NodeContext& n);
Status import_max(NodeContext& n);
Status import_sum(NodeContext& n);
Status import_mean(NodeContext& n);
// pool.cc
Status import_max_pool(NodeContext& n);
Status import_average_pool(NodeContext& n);
Status import_global_average_pool(NodeContext& n);
Status import_global_max_pool(NodeContext& n);
Status import_lp_pool(NodeContext& n);
Status import_global_lp_pool(NodeContext& n);
// reduce.cc
Status import_reduce_mean(NodeContext& n);
Status import_reduce_max(NodeContext& n);
Status import_reduce_min(NodeContext& n);
Status import_reduce_sum(NodeContext& n);
Status import_reduce_l1(NodeContext& n);
Status import_reduce_l2(NodeContext& n);
Status import_reduce_sum_square(NodeContext& n);
Status import_reduce_log_sum(NodeContext& n);
Status import_reduce_log_sum_exp(NodeContext& n);
Status import_reduce_prod(NodeContext& n);
// reshape.cc
Status import_reshape(NodeContext& n);
Status import_flatten(NodeContext& n);
Status import_squeeze(NodeContext& n);
Status import_unsqueeze(NodeContext& n);
Status import_expand(NodeContext& n);
// movement.cc
Status import_concat(NodeContext& n);
Status import_split(NodeContext& n);
Status import_slice_attributes(NodeContext& n);
Status import_slice(NodeContext& n);
Status import_transpose(NodeContext& n);
Status import_gather(NodeContext& n);
// pad.cc
Status import_pad_attributes(NodeContext& n);
Status import_pad(NodeContext& n);
// resize.cc
Status import_upsample(NodeContext& n);
Status import_resize(NodeContext& n);
// constants.cc
Status import_identity(NodeContext& n);
Status import_dropout(NodeContext& n);
Status import_cast(NodeContext& n);
Status import_cast_like(NodeContext& n);
Status import_shape(NodeContext& n);
Status import_size(NodeContext& n);
Status import_constant(NodeContext& n);
Status import_constant_of_shape(NodeContext& n);
// functions.cc
Status import_log(NodeContext& n);
Status import_erf(NodeContext& n);
Status import_sin(NodeContext& n);
Status import_cos(NodeContext& n);
Status import_tan(NodeContext& n);
Status import_asin(NodeContext& n);
Status import_acos(NodeContext& n);
Status import_atan(NodeContext& n);
Status import_sinh(NodeContext& n);
Status import_cosh(NodeContext& n);
Status import_asinh(NodeContext& n);
Status import_acosh(NodeContext& n);
Status import_atanh(NodeContext& n);
Status import_floor(NodeContext& n);
Status import_ceil(NodeContext& n);
Status import_round(NodeContext& n);
Status import_softplus(NodeContext& n);
Status import_mish(NodeContext& n);
Status import_is_nan(NodeContext& n);
Status import_not(NodeContext& n);
Status import_is_inf(NodeContext& n);
Status import_sign(NodeContext& n);
Status import_elu(NodeContext& n);
Status import_selu(NodeContext& n);
Status import_celu(NodeContext& n);
Status import_gelu(NodeContext& n);
Status import_softsign(NodeContext& n);
Status import_thresholded_relu(NodeContext& n);
Status import_shrink(NodeContext& n);
// logic.cc
Status import_equal(NodeContext& n);
Status import_less(NodeContext& n);
Status import_less_or_equal(NodeContext& n);
Status import_greater(NodeContext& n);
Status import_greater_or_equal(NodeContext& n);
Status import_and(NodeContext& n);
Status import_or(NodeContext& n);
Status import_xor(NodeContext& n);
Status import_bitwise_and(NodeContext& n);
Status import_bitwise_or(NodeContext& n);
Status import_bitwise_xor(NodeContext& n);
Status import_bit_shift(NodeContext& n);
Status import_mod(NodeContext& n);
Status import_where(NodeContext& n);
// selection.cc
Status import_arg_max(NodeContext& n);
Status import_arg_min(NodeContext& n);
Status import_hardmax(NodeContext& n);
Status import_top_k(NodeContext& n);
Status import_cum_sum(NodeContext& n);
Status import_one_hot(NodeContext& n);
Status import_non_max_suppression(NodeContext& n);
// gathers.cc
Status import_gather_elements(NodeContext& n);
Status import_gather_nd(NodeContext& n);
Status import_scatter_elements(NodeContext& n);
Status import_scatter_nd(NodeContext& n);
Status import_max_unpool(NodeContext& n);
Status import_compress(NodeContext& n);
// rearrange.cc
Status import_depth_to_space(NodeContext& n);
Status import_space_to_depth(NodeContext& n);
Status import_tile(NodeContext& n);
Status import_trilu(NodeContext& n);
Status import_eye_like(NodeContext& n);
Status import_reverse_sequence(NodeContext& n);
Status import_center_crop_pad(NodeContext& n);
// einsum.cc
Status import_einsum(NodeContext& n);
// vision.cc
Status import_grid_sample(NodeContext& n);
Status import_affine_grid(NodeContext& n);
Status import_roi_align(NodeContext& n);
// arithmetic.cc: on constants alone
Status import_known_range(NodeContext& n);
Status import_known_non_zero(NodeContext& n);

}  // namespace stretto::onnx
