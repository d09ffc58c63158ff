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
// pool.cc
Status import_max_pool(NodeContext& n);
Status import_average_pool(NodeContext& n);
Status import_global_average_pool(NodeContext& n);
Status import_global_max_pool(NodeContext& n);
// reduce.cc
Status import_reduce_mean(NodeContext& n);
Status import_reduce_max(NodeContext& n);
Status import_reduce_min(NodeContext& n);
Status import_reduce_sum(NodeContext& n);
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
Status import_shape(NodeContext& n);
Status import_size(NodeContext& n);
Status import_constant(NodeContext& n);
Status import_constant_of_shape(NodeContext& n);
// arithmetic.cc: on constants alone
Status import_known_unary(NodeContext& n);
Status import_known_binary(NodeContext& n);
Status import_known_where(NodeContext& n);
Status import_known_range(NodeContext& n);
Status import_known_tile(NodeContext& n);
Status import_known_product(NodeContext& n);
Status import_known_non_zero(NodeContext& n);

}  // namespace stretto::onnx
