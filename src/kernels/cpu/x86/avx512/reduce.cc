#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/reduce_loops.h"

namespace stretto::kernels::avx512 {

void reduce(const StepArgs& args, TaskId id) {
  reduce_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx512
