// Tiles 11 of hopper/conv.h.
#include "kernels/cuda/hopper/device/conv.cuh"

namespace stretto::kernels::cuda::hopper {

template Instance instance_of<11>();

}  // namespace stretto::kernels::cuda::hopper
