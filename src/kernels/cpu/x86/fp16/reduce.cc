#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/reduce_loops.h"

namespace stretto::kernels::avx512_fp16 {

void reduce(const StepArgs& args, TaskId id) {
  reduce_task<avx512::WideVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
