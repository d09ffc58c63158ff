#include "kernels/cpu/x86/fp16/vec.h"
//
#include "kernels/cpu/x86/pool_loops.h"

namespace stretto::kernels::avx512_fp16 {

void pool(const StepArgs& args, TaskId id) {
  pool_task<HalfVec>(args, id);
}

}  // namespace stretto::kernels::avx512_fp16
