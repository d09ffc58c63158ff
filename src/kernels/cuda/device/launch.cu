// Launches of the kernels that compute one element a thread.
#include "kernels/cuda/conv.h"
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/gemm.h"
#include "kernels/cuda/kernels.h"
#include "kernels/cuda/lanes.h"
#include "kernels/cuda/move.h"
#include "kernels/cuda/pool.h"
#include "kernels/cuda/resize.h"

namespace stretto::kernels::cuda {
const char *launch(Kernel kernel, const StepArgs &args, void *on) {
  auto *stream = static_cast<cudaStream_t>(on);
  switch (kernel) {
    case Kernel::conv:
      return launch_elements<ConvElement>(args, stream);
    case Kernel::gemm:
      return launch_elements<GemmElement>(args, stream);
    case Kernel::elementwise:
      return launch_elements<ElementwiseElement>(args, stream);
    case Kernel::pool:
      return launch_elements<PoolElement>(args, stream);
    case Kernel::reduce:
      return launch_elements<ReduceElement>(args, stream);
    case Kernel::softmax:
      return launch_elements<SoftmaxElement>(args, stream);
    case Kernel::resize:
      return launch_elements<ResizeElement>(args, stream);
    case Kernel::move:
      return launch_elements<MoveElement>(args, stream);
    case Kernel::depthwise_lanes:
      return launch_elements<DepthwiseLanes>(args, stream);
    case Kernel::pool_lanes:
      return launch_elements<PoolLanes>(args, stream);
    case Kernel::mean:
      return launch_mean(args, stream);
    case Kernel::gemv:
      return launch_gemv(args, stream);
    case Kernel::mma_conv:
      return launch_mma_conv(args, stream);
    case Kernel::fma_conv:
      return launch_fma_conv(args, stream);
    case Kernel::mma_integer:
      return launch_mma_integer(args, stream);
    case Kernel::integer_conv:
      return launch_integer_conv(args, stream);
    case Kernel::rescale:
      return launch_rescale(args, stream);
    case Kernel::integer_pool:
      return launch_integer_pool(args, stream);
    case Kernel::integer_reduce:
      return launch_integer_reduce(args, stream);
    case Kernel::hopper_conv:
      return launch_hopper_conv(args, stream);
    case Kernel::hopper_patch:
      return launch_hopper_patch(args, stream);
    case Kernel::hopper_stem:
      return launch_hopper_stem(args, stream);
  }
  return "no such kernel";
}

}  // namespace stretto::kernels::cuda
