#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/depthwise_loops.h"

namespace stretto::kernels::avx512 {

void depthwise(const StepArgs& args, TaskId id) {
  depthwise_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx512
