// Launches the kernel of hopper/conv.h that a configuration names. The kernels are compiled elsewhere, few a file.
#include <utility>

#include "device/task.h"
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/hopper/conv.h"
#include "kernels/cuda/hopper/device/instance.h"

namespace stretto::kernels::cuda {
namespace hopper {

template <int kTile>
Instance instance_of();

namespace {

template <int... kNumbers>
Instance instance_of_tile(int tile, std::integer_sequence<int, kNumbers...>) {
  using Make = Instance (*)();
  constexpr Make kMake[] = {instance_of<kNumbers>...};
  return kMake[tile]();
}

}  // namespace
}  // namespace hopper

const char *launch_hopper_conv(const StepArgs &args, cudaStream_t stream) {
  using namespace hopper;
  ConvParams p = args.params_as<ConvParams>();
  const auto f16 = [](const void *data) { return static_cast<const __half *>(data); };
  Pointers at{f16(args.src[p.source]), reinterpret_cast<const __half *>(args.weights),
              reinterpret_cast<const float *>(args.weights + bias_offset(p.slices, p.packed_columns)),
              p.epilogue.other < 0 ? nullptr : f16(args.src[p.epilogue.other]), static_cast<__half *>(args.dst)};
  const Tile &tile = kTiles[p.tile];
  const auto down = static_cast<unsigned>((p.rows + tile.rows - 1) / tile.rows);
  const unsigned cluster = 1u << p.split_log2, blocks = down * static_cast<unsigned>(p.tiles_across()) * cluster;
  const Instance instance = instance_of_tile(p.tile, std::make_integer_sequence<int, kTileCount>());
  void *arguments[] = {&p, &at};
  const cudaError_t wrong = launch(instance, blocks, cluster, arguments, stream);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
