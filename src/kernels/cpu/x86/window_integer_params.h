// Pooling and reduction of bytes in blocks of sixteen channels, as numbers for the loops.
#pragma once

#include "kernels/cpu/x86/elementwise_params.h"
#include "kernels/cpu/x86/window_params.h"

namespace stretto::kernels {

/// Signed bytes are read as unsigned ones, `flip` = 128 more.
struct PoolIntegerParams {
  PoolParams pool;
  int32_t flip = 0;
};

/// `plain`: what is stored are the channels of each picture, one after the other; sums always are.
struct ReduceIntegerParams {
  ReduceParams reduce;
  int32_t flip = 0;
};

namespace avx512_integer {
void pool(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
}  // namespace avx512_integer
namespace avx2_integer {
void pool(const StepArgs& args, TaskId id);
void reduce(const StepArgs& args, TaskId id);
}  // namespace avx2_integer

}  // namespace stretto::kernels
