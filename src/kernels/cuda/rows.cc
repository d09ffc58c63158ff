#include "kernels/cuda/rows.h"

#include <array>

namespace stretto::kernels::cuda {

std::span<const Row> rows() {
  static const std::array kRows = {
      // Convolutions of Hopper
      hopper_stem_row(), hopper_patch_row(), hopper_conv_transpose_row(), hopper_conv_row(),
      // Products and windows of reals
      mma_conv_half_row(), mma_conv_tf32_row(), fma_conv_row(), depthwise_lanes_row(), pool_lanes_row(), mean_row(),
      gemv_half_row(), gemv_row(), conv_row(), conv_transpose_row(), gemm_row(), elementwise_row(), pool_row(),
      reduce_row(), softmax_row(),
      // Integers
      mma_conv_integer_row(), mma_gemm_integer_row(), conv_integer_row(), conv_transpose_integer_row(),
      gemm_integer_row(), rescale_row(), pool_integer_row(), reduce_integer_row(),
      // Both
      resize_row(), reformat_row(), move_row(), concat_row()};
  return kRows;
}

}  // namespace stretto::kernels::cuda
