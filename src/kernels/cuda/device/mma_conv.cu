// Convolutions of reals on tensor cores: mma.sync of f16 or tf32, sums in f32.
#include "kernels/cuda/device/real_core.h"
#include "kernels/cuda/device/tensor_core.h"

namespace stretto::kernels::cuda {
namespace {

struct HalfMma {
  using Sum = float;
  __device__ __forceinline__ static void prepare(uint32_t (&)[4]) {}
  __device__ __forceinline__ static void multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

struct Tf32Mma {
  using Sum = float;
  __device__ __forceinline__ static void prepare(uint32_t (&a)[4]) {
#pragma unroll
    for (uint32_t &bits : a) asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(bits) : "f"(__uint_as_float(bits)));
  }
  __device__ __forceinline__ static void multiply(float (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

template <class Mma>
struct TensorCore : RealCore {
  template <int kRows, int kColumns>
  using Tile = TensorCoreTile<Mma, kRows, kColumns>;
};

}  // namespace

const char *launch_mma_conv(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<MmaConvParams>();
  const RealPointers at = real_pointers(p, args);
  cudaError_t wrong = p.multiply == Multiply::f16 ? launch_tiles<TensorCore<HalfMma>>(p, at, stream)
                                                  : launch_tiles<TensorCore<Tf32Mma>>(p, at, stream);
  if (wrong == cudaSuccess && p.splits > 1) wrong = launch_sum(p, at, stream);
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
