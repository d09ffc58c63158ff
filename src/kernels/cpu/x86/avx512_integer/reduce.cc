#include "kernels/cpu/x86/avx512_integer/lanes.h"
//
#include "kernels/cpu/x86/window_integer_loops.h"

namespace stretto::kernels::avx512_integer {

void reduce(const StepArgs& args, TaskId id) {
  reduce_bytes_task<Lanes>(args, id);
}

}  // namespace stretto::kernels::avx512_integer
