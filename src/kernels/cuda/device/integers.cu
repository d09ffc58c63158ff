// Launches of the kernels that compute one integer a thread.
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/integer_conv.h"
#include "kernels/cuda/integer_pool.h"
#include "kernels/cuda/rescale_row.h"

namespace stretto::kernels::cuda {

const char *launch_integer_conv(const StepArgs &args, cudaStream_t stream) {
  return launch_elements<IntegerConvElement>(args, stream);
}
const char *launch_rescale(const StepArgs &args, cudaStream_t stream) {
  return launch_elements<RescaleElement>(args, stream);
}
const char *launch_integer_pool(const StepArgs &args, cudaStream_t stream) {
  return launch_elements<IntegerPoolElement>(args, stream);
}
const char *launch_integer_reduce(const StepArgs &args, cudaStream_t stream) {
  return launch_elements<IntegerReduceElement>(args, stream);
}

}  // namespace stretto::kernels::cuda
