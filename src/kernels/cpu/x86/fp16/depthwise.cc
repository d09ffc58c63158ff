#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/depthwise_loops.h"

namespace stretto::kernels::avx512_fp16 {

void depthwise(const StepArgs& args, TaskId id) {
  depthwise_task<HalfVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
