// The kernel of kernels/cuda/mma_conv.h: 2 × 2 warps a block, slices of the
// depth copied to shared memory some stages ahead (cp.async), fragments by
// ldmatrix, mma.sync with sums in f32.
#include <cuda_runtime.h>

#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/mma_conv.h"

namespace stretto::kernels::cuda {
namespace {

constexpr int kThreads = 128;
constexpr int kRowsAtOnce = kThreads / kMmaChunks;  // that the block copies a slice of
constexpr int kOutside = -(1 << 30);                // a row of pixels that no tap brings back into the image

__device__ __forceinline__ void copy_chunk(uint32_t to, const void *from, bool valid) {
  const int bytes = valid ? kMmaChunkBytes : 0;  // the rest is filled with zeros
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(to), "l"(from), "r"(bytes));
}
__device__ __forceinline__ void load_matrices(uint32_t from, uint32_t (&r)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(from));
}
template <bool kHalf>
__device__ __forceinline__ void multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  if constexpr (kHalf) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}
__device__ __forceinline__ uint32_t rounded_tf32(uint32_t bits) {
  uint32_t r;
  asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(r) : "f"(__uint_as_float(bits)));
  return r;
}

struct Pointers {
  const char *src;
  const char *weights;
  const float *bias;
  const void *other;
  void *dst;
  float *parts;
};

/// Floats from a row to the next of a block's sums in shared memory: warps
/// write eight rows at a time.
constexpr int sums_stride(int columns) {
  return columns + 8;
}

/// A block's sums to where they belong: finished, or as a part of a split
/// depth. Eight columns a thread at a time, the loop kept rolled: what becomes
/// of a sum is many instructions.
template <int kRows, int kColumns>
__device__ __forceinline__ void store_sums(const MmaConvParams &p, const Pointers &at, const float *sums, uint32_t row0,
                                           uint32_t column0) {
  constexpr uint32_t kAcross = kColumns / kLanes;
#pragma unroll 1
  for (uint32_t i = threadIdx.x; i < kRows * kAcross; i += kThreads) {
    const uint32_t own_row = i / kAcross, own_column = i % kAcross * kLanes;
    const uint32_t row = row0 + own_row, column = column0 + own_column;
    if (row >= p.rows || column >= p.stored_columns) continue;
    float v[kLanes];
    load_lanes(sums + own_row * sums_stride(kColumns) + own_column, false, 0, v);
    const size_t to = (size_t{row} * p.stored_columns + column) / kLanes;
    if (p.splits > 1) {
      const size_t part = size_t{blockIdx.z} * p.rows * p.stored_columns / kLanes;
      store_lanes(at.parts, false, part + to, v);
    } else {
      mma_finish(p, v, at.bias, at.other, row, column);
      store_lanes(at.dst, p.out_half, to, v);
    }
  }
}

template <bool kHalf, int kRows, int kColumns>
__global__ void __launch_bounds__(kThreads) mma_conv(const __grid_constant__ MmaConvParams p, const Pointers at) {
  constexpr int kWarpRows = kRows / 2, kWarpColumns = kColumns / 2, kMi = kWarpRows / 16, kNi = kWarpColumns / 8;
  constexpr uint32_t kStageBytes = (kRows + kColumns) * kMmaSliceBytes;
  extern __shared__ __align__(128) unsigned char shared[];
  const auto base = static_cast<uint32_t>(__cvta_generic_to_shared(shared));
  const uint32_t thread = threadIdx.x, lane = thread & 31, warp = thread >> 5;
  const uint32_t row0 = blockIdx.x * kRows, column0 = blockIdx.y * kColumns;
  const uint32_t begin = p.slice_begin(blockIdx.z), end = p.slice_begin(blockIdx.z + 1);

  const uint32_t own_row = thread / kMmaChunks, own_chunk = thread % kMmaChunks;
  MmaRow rows[kRows / kRowsAtOnce];
#pragma unroll
  for (int i = 0; i < kRows / kRowsAtOnce; ++i) {
    const uint32_t row = row0 + own_row + i * kRowsAtOnce;
    rows[i] = row < p.rows ? mma_row(p, row) : MmaRow{0, kOutside, kOutside};
  }
  MmaDepth depth = MmaDepth::at(p, begin * kMmaChunks + own_chunk);
  const char *weights =
      at.weights + ((size_t{column0} + own_row) * p.slices + begin) * kMmaSliceBytes + own_chunk * kMmaChunkBytes;
  const size_t weights_step = size_t{kRowsAtOnce} * p.slices * kMmaSliceBytes;

  const auto fetch = [&](uint32_t slice) {
    const uint32_t stage = base + (slice - begin) % kMmaStages * kStageBytes;
    if (slice < end) {
#pragma unroll
      for (int i = 0; i < kRows / kRowsAtOnce; ++i) {
        const int64_t from = mma_source(p, rows[i], depth);
        copy_chunk(stage + mma_shared(own_row + i * kRowsAtOnce, own_chunk),
                   at.src + (from < 0 ? 0 : from) * kMmaChunkBytes, from >= 0);
      }
#pragma unroll
      for (int i = 0; i < kColumns / kRowsAtOnce; ++i) {
        const bool valid = column0 + own_row + i * kRowsAtOnce < p.stored_columns;
        copy_chunk(stage + kRows * kMmaSliceBytes + mma_shared(own_row + i * kRowsAtOnce, own_chunk),
                   valid ? weights + i * weights_step : at.weights, valid);
      }
      weights += kMmaSliceBytes;
      depth.advance(p);
    }
    asm volatile("cp.async.commit_group;\n");
  };

  float sums[kMi][kNi][4] = {};
  const uint32_t warp_row = (warp & 1) * kWarpRows, warp_column = (warp >> 1) * kWarpColumns;
  for (uint32_t s = 0; s < kMmaStages - 1; ++s) fetch(begin + s);
  for (uint32_t slice = begin; slice < end; ++slice) {
    asm volatile("cp.async.wait_group %0;\n" ::"n"(kMmaStages - 2));
    __syncthreads();
    fetch(slice + kMmaStages - 1);
    const uint32_t stage_a = base + (slice - begin) % kMmaStages * kStageBytes;
    const uint32_t stage_b = stage_a + kRows * kMmaSliceBytes;
#pragma unroll
    for (uint32_t step = 0; step < 2; ++step) {
      uint32_t a[kMi][4], b[kNi / 2][4];
#pragma unroll
      for (int i = 0; i < kMi; ++i) {
        load_matrices(stage_a + mma_shared(warp_row + i * 16 + (lane & 15), step * 2 + (lane >> 4)), a[i]);
        if constexpr (!kHalf) {
#pragma unroll
          for (uint32_t &bits : a[i]) bits = rounded_tf32(bits);
        }
      }
#pragma unroll
      for (int i = 0; i < kNi / 2; ++i) {
        const uint32_t row = warp_column + i * 16 + (lane & 7) + ((lane >> 4) << 3);
        load_matrices(stage_b + mma_shared(row, step * 2 + ((lane >> 3) & 1)), b[i]);
      }
#pragma unroll
      for (int i = 0; i < kMi; ++i) {
#pragma unroll
        for (int j = 0; j < kNi; ++j) multiply<kHalf>(sums[i][j], a[i], b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
      }
    }
  }

  __syncthreads();
  auto *staged = reinterpret_cast<float *>(shared);
  const uint32_t row = warp_row + (lane >> 2), column = warp_column + (lane & 3) * 2;
#pragma unroll
  for (int i = 0; i < kMi; ++i) {
#pragma unroll
    for (int j = 0; j < kNi; ++j) {
      float *to = staged + (row + i * 16) * sums_stride(kColumns) + column + j * 8;
      *reinterpret_cast<float2 *>(to) = {sums[i][j][0], sums[i][j][1]};
      *reinterpret_cast<float2 *>(to + 8 * sums_stride(kColumns)) = {sums[i][j][2], sums[i][j][3]};
    }
  }
  __syncthreads();
  store_sums<kRows, kColumns>(p, at, staged, row0, column0);
}

template <bool kHalf, int kTile>
cudaError_t launch_tile(const MmaConvParams &p, const Pointers &at, cudaStream_t stream) {
  constexpr int kRows = kMmaTiles[kTile].rows, kColumns = kMmaTiles[kTile].columns;
  constexpr int kStageBytes = kMmaStages * (kRows + kColumns) * kMmaSliceBytes;
  constexpr int kSumBytes = kRows * sums_stride(kColumns) * static_cast<int>(sizeof(float));
  constexpr int kBytes = kStageBytes > kSumBytes ? kStageBytes : kSumBytes;
  const auto kernel = mma_conv<kHalf, kRows, kColumns>;
  if (const cudaError_t e = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes)) return e;
  const dim3 grid((p.rows + kRows - 1) / kRows, (p.stored_columns + kColumns - 1) / kColumns, p.splits);
  kernel<<<grid, kThreads, kBytes, stream>>>(p, at);
  return cudaGetLastError();
}

template <bool kHalf>
cudaError_t launch_half(const MmaConvParams &p, const Pointers &at, cudaStream_t stream) {
  switch (p.tile) {
    case 0:
      return launch_tile<kHalf, 0>(p, at, stream);
    case 1:
      return launch_tile<kHalf, 1>(p, at, stream);
    case 2:
      return launch_tile<kHalf, 2>(p, at, stream);
    case 3:
      return launch_tile<kHalf, 3>(p, at, stream);
    default:
      return launch_tile<kHalf, 4>(p, at, stream);
  }
}

}  // namespace

const char *launch_mma_conv(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<MmaConvParams>();
  const size_t weights = (size_t{p.stored_columns} * p.slices * kMmaSliceBytes + 63) / 64 * 64;
  const Pointers at{static_cast<const char *>(args.src[p.source]),
                    reinterpret_cast<const char *>(args.weights),
                    reinterpret_cast<const float *>(args.weights + weights),
                    p.epilogue.binary ? args.src[p.epilogue.other] : nullptr,
                    args.dst,
                    reinterpret_cast<float *>(args.scratch)};
  cudaError_t wrong = p.half ? launch_half<true>(p, at, stream) : launch_half<false>(p, at, stream);
  if (wrong == cudaSuccess && p.splits > 1) {
    wrong = launch_elements_of(MmaSumLanes{p, at.parts, at.bias, at.other, at.dst}, stream);
  }
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
