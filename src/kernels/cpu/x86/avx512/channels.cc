#include "kernels/cpu/x86/avx512/vec.h"
//
#include "kernels/cpu/x86/channels_loops.h"

namespace stretto::kernels::avx512 {

void channels(const StepArgs& args, TaskId id) {
  channels_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx512
