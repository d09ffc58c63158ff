#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/resample_loops.h"

namespace stretto::kernels::avx2 {

void resample(const StepArgs& args, TaskId id) {
  resample_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
