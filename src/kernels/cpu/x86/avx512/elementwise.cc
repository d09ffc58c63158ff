#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/elementwise_loops.h"

namespace stretto::kernels::avx512 {

void elementwise(const StepArgs& args, TaskId id) {
  elementwise_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx512
