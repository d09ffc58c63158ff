#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/elementwise_loops.h"

namespace stretto::kernels::avx512_fp16 {

void elementwise(const StepArgs& args, TaskId id) {
  elementwise_task<avx512::WideVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
