// Integer products on tensor cores: mma.sync of u8 and i8, sums in i32.
#include "kernels/cuda/device/launches.h"
#include "kernels/cuda/device/tensor_core.h"
#include "kernels/cuda/mma_integer.h"

namespace stretto::kernels::cuda {
namespace {

struct Pointers {
  const char *src;
  const char *weights;
  const char *outside;
  const int32_t *bias;
  Rescale rescale;
  int32_t *parts;
};

struct ByteMma {
  using Sum = int32_t;
  __device__ __forceinline__ static void prepare(uint32_t (&)[4]) {}
  __device__ __forceinline__ static void multiply(int32_t (&sum)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 "
        "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};\n"
        : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
};

struct ByteCore {
  using Params = MmaIntegerParams;
  using At = Pointers;
  using Sum = int32_t;
  static constexpr bool kFillsOutside = true;
  template <int kRows, int kColumns>
  using Tile = TensorCoreTile<ByteMma, kRows, kColumns>;

  __device__ __forceinline__ static void store(const Params &p, const At &at, int32_t (&v)[kIntegerLanes], uint32_t row,
                                               uint32_t column) {
    finish_integers(p, v, at.bias, at.rescale, row, column);
  }
};

}  // namespace

const char *launch_mma_integer(const StepArgs &args, cudaStream_t stream) {
  const auto &p = args.params_as<MmaIntegerParams>();
  const Pointers at{static_cast<const char *>(args.src[p.source]),
                    reinterpret_cast<const char *>(args.weights),
                    reinterpret_cast<const char *>(args.weights + p.outside),
                    reinterpret_cast<const int32_t *>(args.weights + p.bias),
                    Rescale::of(p.rescale, args),
                    reinterpret_cast<int32_t *>(args.scratch)};
  if (reinterpret_cast<uintptr_t>(at.src) % kMmaChunkBytes != 0) return "its source does not begin at a multiple of 16";
  cudaError_t wrong = launch_tiles<ByteCore>(p, at, stream);
  if (wrong == cudaSuccess && p.splits > 1) {
    wrong = launch_elements_of(MmaIntegerSum{p, at.parts, at.bias, at.rescale}, stream);
  }
  return wrong == cudaSuccess ? nullptr : cudaGetErrorString(wrong);
}

}  // namespace stretto::kernels::cuda
