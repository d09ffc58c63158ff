// The kernel of hopper/patch.h. Slots of the patch are rows of 128 bytes, swizzled by their number in shared memory;
// what a tap reads may begin at any of them.
#include "device/task.h"
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/hopper/conv.h"
#include "kernels/cuda/hopper/device/epilogue.cuh"
#include "kernels/cuda/hopper/device/instance.h"
#include "kernels/cuda/hopper/device/wgmma.cuh"
#include "kernels/cuda/hopper/patch.h"

namespace stretto::kernels::cuda {
namespace hopper {
namespace {

constexpr int kThreads = 128;

template <int kColumns, int kStride>
struct PatchShape {
  static constexpr int kSide = patch_pixels(kStride);
  static constexpr int kPatchBytes = kSide * patch_pitch(kStride) * kSlice * 2, kTapBytes = kColumns * kSlice * 2;
  static constexpr int kPartsAt = kPatchBytes + kPatchTaps * kTapBytes, kSumBytes = kPatchPixels * kColumns * 4;
  static constexpr int kBiasAt = kPartsAt + kSumBytes, kBytes = kBiasAt + kColumns * 4 + 16;
};

template <int kColumns, int kStride>
__global__ void __launch_bounds__(kThreads)
    patch(const __grid_constant__ PatchParams p, const __grid_constant__ Pointers at) {
  using S = PatchShape<kColumns, kStride>;
  extern __shared__ __align__(1024) uint8_t shared[];
  const auto trigger = static_cast<Trigger>(p.trigger);
  if (trigger == Trigger::start) launch_dependents();
  const int splits = 1 << p.split_log2, thread = threadIdx.x, warp = thread >> 5;
  const int tile = blockIdx.x >> p.split_log2, rank = blockIdx.x & (splits - 1);
  const int tiles_across = p.packed_columns / kColumns, column0 = tile % tiles_across * kColumns;
  const PatchPlace place = patch_place(p, tile / tiles_across);
  const uint32_t to_patch = shared_address(shared), taps = to_patch + S::kPatchBytes, parts = to_patch + S::kPartsAt;
  float *bias = reinterpret_cast<float *>(shared + S::kBiasAt);
  const uint32_t barrier = shared_address(bias + kColumns), parts_barrier = barrier + 8;
  if (thread == 0) {
    init_barrier(barrier, 1);
    init_barrier(parts_barrier, 1);
    publish_barriers();
    expect_bytes(barrier, kPatchTaps * S::kTapBytes);
    const __half *weights = at.weights + (size_t(rank) * p.packed_columns + column0) * kSlice;
    const size_t step = size_t(splits) * p.packed_columns * kSlice;
#pragma unroll
    for (int t = 0; t < kPatchTaps; ++t) bulk_load(taps + t * S::kTapBytes, weights + t * step, S::kTapBytes, barrier);
    if (splits > 1) expect_bytes(parts_barrier, S::kSumBytes);
  }
  __syncwarp();
  if (splits > 1) arrive_at_cluster();
  if (thread < kColumns) bias[thread] = __ldg(at.bias + column0 + thread);
  const Result result{at.other != nullptr ? at.other + column0 : nullptr, at.dst + column0, p.columns,
                      p.columns - column0, p.epilogue};
  const auto row_of = [&](int r) -> long { return patch_row(p, place, r); };
  Finish<kPatchPixels, kColumns, 1, kColumns / 8, kThreads, decltype(row_of)> finish{
      result, row_of, bias, warp * 16, 0, p.split_log2, rank, {}};
  const int chunk = thread & 7, channel = rank * kSlice + chunk * 8;
  const bool there = channel < p.in_c;

  wait_for_previous();
#pragma unroll 4
  for (int q = thread >> 3; q < S::kSide * S::kSide; q += kThreads / 8) {
    const int y = q / S::kSide, x = q % S::kSide, slot = patch_slot(kStride, y, x);
    const int32_t from = patch_source(p, place, y, x);
    const bool valid = there && from >= 0;
    copy_async(to_patch + slot * 128 + ((chunk ^ (slot & 7)) << 4), valid ? at.src + (from + channel) : at.src, valid);
  }
  commit_copies();
  finish.prefetch();
  if (trigger == Trigger::loads) launch_dependents();
  float sums[1][kColumns / 8][4] = {};
  wait_for_copies<0>();
  order_shared_stores();
  __syncthreads();
  wait_for_barrier(barrier, 0);
  begin_products();
#pragma unroll
  for (int t = 0; t < kPatchTaps; ++t) {
    const uint64_t a = operand_at(to_patch + patch_read(kStride, t, 0) * 128, kStride * patch_pitch(kStride) * 128);
    const uint64_t b = operand_at(taps + t * S::kTapBytes);
#pragma unroll
    for (int step = 0; step < 4; ++step) multiply(sums[0], a + step * 2, b + step * 2);
  }
  commit_products();
  wait_for_products<0>();
  take_sums(sums[0]);
  if (trigger == Trigger::products) launch_dependents();
  if (splits > 1) {
    finish.store_split(sums, parts, parts_barrier);
  } else {
    finish.store_whole(sums);
  }
}

template <int kColumns, int kStride>
Instance instance() {
  constexpr int kBytes = PatchShape<kColumns, kStride>::kBytes;
  return {reinterpret_cast<const void *>(&patch<kColumns, kStride>), kThreads, kBytes, kBytes};
}

}  // namespace
}  // namespace hopper

const char *launch_hopper_patch(const StepArgs &args, cudaStream_t stream) {
  using namespace hopper;
  PatchParams p = args.params_as<PatchParams>();
  const auto f16 = [](const void *data) { return static_cast<const __half *>(data); };
  Pointers at{f16(args.src[p.source]), reinterpret_cast<const __half *>(args.weights),
              reinterpret_cast<const float *>(args.weights + bias_offset(p.slices(), p.packed_columns)),
              p.epilogue.other < 0 ? nullptr : f16(args.src[p.epilogue.other]), static_cast<__half *>(args.dst)};
  const Instance instances[2][2] = {{instance<32, 1>(), instance<32, 2>()}, {instance<64, 1>(), instance<64, 2>()}};
  const unsigned cluster = 1u << p.split_log2;
  const auto tiles = static_cast<unsigned>(p.images * p.tiles_x() * p.tiles_y() * p.tiles_across());
  void *arguments[] = {&p, &at};
  const cudaError_t wrong = launch(instances[p.tile][p.stride - 1], tiles * cluster, cluster, arguments, stream);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
