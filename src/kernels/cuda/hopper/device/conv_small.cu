// Tiles 0 1 2 of hopper/conv.h.
#include "kernels/cuda/hopper/device/conv.cuh"

namespace stretto::kernels::cuda::hopper {

template Instance instance_of<0>();
template Instance instance_of<1>();
template Instance instance_of<2>();

}  // namespace stretto::kernels::cuda::hopper
