// The rows of the generic table, one function for each; table.cc lists them.
#pragma once

#include "tactics/tactic.h"

namespace stretto::kernels::generic {

Tactic conv_row();
Tactic conv_depthwise_row();
Tactic conv_naive_row();
Tactic conv_transpose_row();
Tactic conv_transpose_naive_row();
Tactic gemm_row();
Tactic matmul_row();
Tactic conv_integer_row();
Tactic conv_transpose_integer_row();
Tactic gemm_integer_row();
Tactic elementwise_row();
Tactic quantize_row();
Tactic batch_norm_row();
Tactic softmax_row();
Tactic lrn_row();
Tactic pool_row();
Tactic pool_naive_row();
Tactic pool_integer_row();
Tactic reduce_row();
Tactic reduce_blocked_row();
Tactic reduce_integer_row();
Tactic resize_row();
Tactic reformat_row();
Tactic concat_channels_row();
Tactic slice_channels_row();
Tactic channel_shuffle_row();
Tactic move_row();
Tactic slice_blocked_row();
Tactic concat_row();
Tactic gather_row();
Tactic pad_row();
Tactic cast_row();
Tactic map_row();
Tactic cumulate_row();
Tactic top_k_row();
Tactic pool_indices_row();
Tactic scatter_row();
Tactic grid_sample_row();
Tactic roi_align_row();
Tactic non_max_suppression_row();

}  // namespace stretto::kernels::generic
