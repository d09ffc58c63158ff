// Tiles 3 4 5 of hopper/conv.h.
#include "kernels/cuda/hopper/device/conv.cuh"

namespace stretto::kernels::cuda::hopper {

template Instance instance_of<3>();
template Instance instance_of<4>();
template Instance instance_of<5>();

}  // namespace stretto::kernels::cuda::hopper
