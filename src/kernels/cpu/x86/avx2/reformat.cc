#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/reformat_loops.h"

namespace stretto::kernels::avx2 {

void reformat(const StepArgs& args, TaskId id) {
  reformat_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
