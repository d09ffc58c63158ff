#include "kernels/cpu/x86/avx2/vec.h"
//
#include "kernels/cpu/x86/channels_loops.h"

namespace stretto::kernels::avx2 {

void channels(const StepArgs& args, TaskId id) {
  channels_task<Vec>(args, id);
}

}  // namespace stretto::kernels::avx2
