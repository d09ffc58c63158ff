#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/conv_first_loops.h"

namespace stretto::kernels::avx2 {

void conv_first(const StepArgs& args, TaskId id) {
  conv_first_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
