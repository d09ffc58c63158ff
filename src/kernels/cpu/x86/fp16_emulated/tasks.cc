#include "kernels/cpu/x86/fp16_emulated/params.h"
#include "kernels/cpu/x86/fp16_emulated/vec.h"
//
#include "kernels/cpu/x86/channels_loops.h"
#include "kernels/cpu/x86/conv_first_loops.h"
#include "kernels/cpu/x86/conv_half_loops.h"
#include "kernels/cpu/x86/conv_half_tile_loops.h"
#include "kernels/cpu/x86/conv_pool_loops.h"
#include "kernels/cpu/x86/depthwise_loops.h"
#include "kernels/cpu/x86/elementwise_loops.h"
#include "kernels/cpu/x86/pool_loops.h"
#include "kernels/cpu/x86/reduce_loops.h"
#include "kernels/cpu/x86/reformat_half_loops.h"
#include "kernels/cpu/x86/resample_loops.h"
#include "kernels/cpu/x86/separable_half_loops.h"
#include "kernels/cpu/x86/winograd_half_loops.h"

namespace stretto::kernels::fp16_emulated {
namespace {

template <int B, int R = 1>
HalfTileFunction tile_of(int pixels) {
  if constexpr (R < tile_pixels(32, B)) {
    if (pixels > R) return tile_of<B, R + 1>(pixels);
  }
  return conv_half_tile_of<HalfVec, R, B>;
}

struct Kernels {
  using V = HalfVec;
  STRETTO_INLINE HalfTileFunction tile(int pixels, int blocks) {
    return blocks == 1 ? tile_of<1>(pixels) : tile_of<2>(pixels);
  }
};

}  // namespace

void conv_direct(const StepArgs& args, TaskId id) {
  conv_half_task<Kernels>(args, id);
}

void channels(const StepArgs& args, TaskId id) {
  channels_task<avx512::MovedVec>(args, id);
}

void conv_first(const StepArgs& args, TaskId id) {
  conv_first_task<avx512::WideVec>(args, id);
}

void conv_first_pool(const StepArgs& args, TaskId id) {
  conv_first_pool_task<avx512::WideVec, HalfVec>(args, id);
}

void depthwise(const StepArgs& args, TaskId id) {
  depthwise_task<HalfVec>(args, id);
}

void elementwise(const StepArgs& args, TaskId id) {
  elementwise_task<avx512::WideVec>(args, id);
}

void pool(const StepArgs& args, TaskId id) {
  pool_task<HalfVec>(args, id);
}

void reduce(const StepArgs& args, TaskId id) {
  reduce_task<avx512::WideVec>(args, id);
}

void resample(const StepArgs& args, TaskId id) {
  resample_task<HalfVec>(args, id);
}

void separable(const StepArgs& args, TaskId id) {
  separable_half_task<Kernels>(args, id);
}

void winograd(const StepArgs& args, TaskId id) {
  winograd_half_task<Kernels>(args, id);
}

void reformat(const StepArgs& args, TaskId id) {
  reformat_half_task<avx512::Vec>(args, id);
}

}  // namespace stretto::kernels::fp16_emulated
