#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/resample_loops.h"

namespace stretto::kernels::avx512_fp16 {

void resample(const StepArgs& args, TaskId id) {
  resample_task<HalfVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
