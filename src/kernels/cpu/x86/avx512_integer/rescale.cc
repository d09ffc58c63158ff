#include "kernels/cpu/x86/avx512_integer/lanes.h"
//
#include "kernels/cpu/x86/rescale_integer_loops.h"

namespace stretto::kernels::avx512_integer {

void rescale(const StepArgs& args, TaskId id) {
  rescale_task<Lanes>(args, id);
}

}  // namespace stretto::kernels::avx512_integer
