// Tiles 6 7 8 of hopper/conv.h.
#include "kernels/cuda/hopper/device/conv.cuh"

namespace stretto::kernels::cuda::hopper {

template Instance instance_of<6>();
template Instance instance_of<7>();
template Instance instance_of<8>();

}  // namespace stretto::kernels::cuda::hopper
