#include "kernels/cpu/x86/avx2_integer/lanes.h"
//
#include "kernels/cpu/x86/gemm_integer_loops.h"

namespace stretto::kernels::avx2_integer {

void gemm(const StepArgs& args, TaskId id) {
  gemm_integer_task<Lanes>(args, id);
}

}  // namespace stretto::kernels::avx2_integer
