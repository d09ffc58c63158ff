#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/pool_loops.h"

namespace stretto::kernels::avx512 {

void pool(const StepArgs& args, TaskId id) {
  pool_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx512
