#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/reformat_half_loops.h"

namespace stretto::kernels::avx512_fp16 {

void reformat(const StepArgs& args, TaskId id) {
  reformat_half_task<avx512::Vec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
