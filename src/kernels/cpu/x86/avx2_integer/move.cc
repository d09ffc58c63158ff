#include "kernels/cpu/x86/move_integer_loops.h"

namespace stretto::kernels::avx2_integer {

void reformat(const StepArgs& args, TaskId id) {
  reformat_bytes_task(args, id);
}
void channels(const StepArgs& args, TaskId id) {
  channels_task<ByteVec>(args, id);
}
void resample(const StepArgs& args, TaskId id) {
  resample_task<ByteVec>(args, id);
}

}  // namespace stretto::kernels::avx2_integer
