#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/elementwise_loops.h"

namespace stretto::kernels::avx2 {

void elementwise(const StepArgs& args, TaskId id) {
  elementwise_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
