// Tiles 9 10 of hopper/conv.h.
#include "kernels/cuda/hopper/device/conv.cuh"

namespace stretto::kernels::cuda::hopper {

template Instance instance_of<9>();
template Instance instance_of<10>();

}  // namespace stretto::kernels::cuda::hopper
