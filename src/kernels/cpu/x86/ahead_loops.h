// Ahead: memory that is wanted next, handed to the register tiles piece by piece.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_tile_params.h"

namespace stretto::kernels {
namespace {

struct Ahead {
  static constexpr ptrdiff_t kLine = 64;
  const char* at = nullptr;
  const char* end = nullptr;

  void give(TileArgs& a, int quads) {
    a.ahead = at < end ? at : nullptr;
    a.ahead_step = at < end ? kLine : 0;
    at += quads * (4 / kLineChannels) * a.ahead_step;
  }
};

/// A task's share of what later steps read.
inline Ahead later_steps(const StepArgs& args, int task) {
  const size_t begin = static_cast<size_t>(task) * args.ahead_share;
  if (begin >= args.ahead_bytes) return {};
  const size_t left = args.ahead_bytes - begin;
  const char* at = reinterpret_cast<const char*>(args.ahead) + begin;
  return {at, at + (left < args.ahead_share ? left : args.ahead_share)};
}

}  // namespace
}  // namespace stretto::kernels
