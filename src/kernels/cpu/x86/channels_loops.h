// Gathers output channels from input channels: each output vector is put together from lanes of one vector a source.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/move_params.h"

namespace stretto::kernels {
namespace {

/// Pixels begin…end of one output block, from its sources.
template <class V>
void channels_plane(const StepArgs& args, const ChannelsParams& p, int n, const ChannelSource* source, int count,
                    ptrdiff_t begin, ptrdiff_t end, float* dst) {
  constexpr int W = V::width;
  constexpr int kAtOnce = 256;  // pixels that stay in level 1 between sources
  for (ptrdiff_t at = begin; at < end; at += kAtOnce) {
    const ptrdiff_t stop = at + kAtOnce < end ? at + kAtOnce : end;
    for (int s = 0; s < count; ++s) {
      const ChannelSource& from = source[s];
      const ptrdiff_t plane = static_cast<ptrdiff_t>(n) * p.input_blocks[from.input] + from.block;
      const float* src = static_cast<const float*>(args.src[from.input]) + plane * p.pixels * W;
      for (ptrdiff_t i = at; i < stop; ++i) {
        const typename V::T into = s == 0 ? V::zero() : V::load(dst + i * W);
        V::store(dst + i * W, V::pick(into, from.lanes, from.from, V::load(src + i * W)));
      }
    }
  }
}

template <class V>
void channels_task(const StepArgs& args, TaskId id) {
  const ChannelsParams& p = *static_cast<const ChannelsParams*>(args.params);
  const int* first_source = reinterpret_cast<const int*>(&p + 1);
  const auto* sources = reinterpret_cast<const ChannelSource*>(static_cast<const char*>(args.params) + p.sources_at);
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.pixels ? begin + p.part : p.pixels;
  const int first = id.index / p.parts * p.plane_block;
  const int planes = p.batch * p.blocks;
  const int last = first + p.plane_block < planes ? first + p.plane_block : planes;
  for (int plane = first; plane < last; ++plane) {
    const int n = plane / p.blocks, block = plane % p.blocks;
    float* dst = static_cast<float*>(args.dst) + static_cast<ptrdiff_t>(plane) * p.pixels * V::width;
    channels_plane<V>(args, p, n, sources + first_source[block], first_source[block + 1] - first_source[block], begin,
                      end, dst);
  }
}

}  // namespace
}  // namespace stretto::kernels
