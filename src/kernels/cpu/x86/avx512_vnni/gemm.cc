#include "kernels/cpu/x86/avx512_vnni/lanes.h"
//
#include "kernels/cpu/x86/gemm_integer_loops.h"

namespace stretto::kernels::avx512_vnni {

void gemm(const StepArgs& args, TaskId id) {
  gemm_integer_task<Lanes>(args, id);
}

}  // namespace stretto::kernels::avx512_vnni
