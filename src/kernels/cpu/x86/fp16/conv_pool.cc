#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/conv_pool_loops.h"

namespace stretto::kernels::avx512_fp16 {

void conv_first_pool(const StepArgs& args, TaskId id) {
  conv_first_pool_task<avx512::WideVec, HalfVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
