// The rows of the plug-in: each a tactic and the kernel that runs it. Planning
// (supports, configs, estimate, book, pack) needs no GPU; `task` computes the
// same on the host, for tests, or is null where nothing imitates the kernel.
#pragma once

#include <span>

#include "kernels/cuda/kernels.h"
#include "tactics/tactic.h"

namespace stretto::kernels::cuda {

struct Row {
  Tactic tactic;
  Kernel kernel;
};

/// In order of preference.
std::span<const Row> rows();

Row hopper_stem_row();
Row hopper_patch_row();
Row hopper_conv_transpose_row();
Row hopper_conv_row();
Row mma_conv_half_row();
Row mma_conv_tf32_row();
Row fma_conv_row();
Row mma_conv_integer_row();
Row mma_gemm_integer_row();
Row depthwise_lanes_row();
Row pool_lanes_row();
Row mean_row();
Row gemv_half_row();
Row gemv_row();
Row conv_row();
Row conv_transpose_row();
Row gemm_row();
Row elementwise_row();
Row pool_row();
Row reduce_row();
Row softmax_row();
Row resize_row();
Row reformat_row();
Row move_row();
Row concat_row();
Row conv_integer_row();
Row conv_transpose_integer_row();
Row gemm_integer_row();
Row rescale_row();
Row pool_integer_row();
Row reduce_integer_row();

}  // namespace stretto::kernels::cuda
