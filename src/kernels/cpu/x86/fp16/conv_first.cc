#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/conv_first_loops.h"

namespace stretto::kernels::avx512_fp16 {

void conv_first(const StepArgs& args, TaskId id) {
  conv_first_task<avx512::WideVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
