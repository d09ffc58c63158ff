// The table of portable rows: at least one for every operator of op/ops.def.
#include <array>

#include "kernels/cpu/generic/rows.h"
#include "kernels/cpu/tables.h"

namespace stretto::kernels {

TacticTable generic_table() {
  using namespace generic;
  static const std::array kRows{
      // Products
      conv_row(),
      conv_depthwise_row(),
      conv_transpose_row(),
      gemm_row(),
      matmul_row(),
      conv_naive_row(),
      conv_transpose_naive_row(),
      conv_integer_row(),
      conv_transpose_integer_row(),
      gemm_integer_row(),
      // Element by element, and along axes
      elementwise_row(),
      quantize_row(),
      batch_norm_row(),
      softmax_row(),
      lrn_row(),
      pool_row(),
      pool_naive_row(),
      pool_integer_row(),
      reduce_row(),
      reduce_blocked_row(),
      reduce_integer_row(),
      resize_row(),
      // Moving elements
      move_row(),
      reformat_row(),
      concat_row(),
      concat_channels_row(),
      slice_channels_row(),
      slice_blocked_row(),
      channel_shuffle_row(),
      gather_row(),
      pad_row(),
      cast_row(),
      // What networks need now and then
      map_row(),
      cumulate_row(),
      top_k_row(),
      pool_indices_row(),
      scatter_row(),
      grid_sample_row(),
      roi_align_row(),
      non_max_suppression_row(),
  };
  return kRows;
}

}  // namespace stretto::kernels
