#include "kernels/cuda/hopper/device/instance.h"

namespace stretto::kernels::cuda::hopper {
namespace {

constexpr int kMostShared = 227 * 1024;  // bytes, of a block

}  // namespace

cudaError_t launch(const Instance &instance, unsigned blocks, unsigned cluster, void **arguments, cudaStream_t stream) {
  const int bytes = cluster > 1 ? instance.split_bytes : instance.whole_bytes;
  // All kernels ask for the same division of the first-level cache: another one would wait for the blocks before.
  if (const auto e = cudaFuncSetAttribute(instance.kernel, cudaFuncAttributePreferredSharedMemoryCarveout, 100))
    return e;
  if (const auto e = cudaFuncSetAttribute(instance.kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kMostShared))
    return e;
  cudaLaunchAttribute attributes[2] = {};
  attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attributes[0].val.programmaticStreamSerializationAllowed = 1;
  attributes[1].id = cudaLaunchAttributeClusterDimension;
  attributes[1].val.clusterDim.x = cluster;
  attributes[1].val.clusterDim.y = 1;
  attributes[1].val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(blocks);
  config.blockDim = dim3(static_cast<unsigned>(instance.threads));
  config.dynamicSmemBytes = static_cast<size_t>(bytes);
  config.stream = stream;
  config.attrs = attributes;
  config.numAttrs = cluster > 1 ? 2 : 1;
  return cudaLaunchKernelExC(&config, instance.kernel, arguments);
}

}  // namespace stretto::kernels::cuda::hopper
