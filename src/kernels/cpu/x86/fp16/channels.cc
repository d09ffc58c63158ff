#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/channels_loops.h"

namespace stretto::kernels::avx512_fp16 {

void channels(const StepArgs& args, TaskId id) {
  channels_task<avx512::MovedVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
