#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/conv_pool_loops.h"

namespace stretto::kernels::avx2 {

void conv_first_pool(const StepArgs& args, TaskId id) {
  conv_first_pool_task<Vec, Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
