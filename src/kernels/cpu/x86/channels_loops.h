// Gathers output channels from input channels: each output vector is put together from lanes of one vector a source.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/move_params.h"

namespace stretto::kernels {
namespace {

/// Pixels begin…end of one output block from N sources at once, into what dst holds or, if `fresh`, into zeros.
template <class V, int N>
void channels_from(const StepArgs& args, const ChannelsParams& p, int n, const ChannelSource* source, bool fresh,
                   ptrdiff_t begin, ptrdiff_t end, typename V::Element* dst) {
  constexpr int W = V::width;
  const typename V::Element* src[N];
  for (int s = 0; s < N; ++s) {
    const ptrdiff_t plane = static_cast<ptrdiff_t>(n) * p.input_blocks[source[s].input] + source[s].block;
    src[s] = static_cast<const typename V::Element*>(args.src[source[s].input]) + plane * p.pixels * W;
  }
  for (ptrdiff_t i = begin; i < end; ++i) {
    typename V::T value = fresh ? V::zero() : V::load(dst + i * W);
#pragma GCC unroll 4
    for (int s = 0; s < N; ++s) value = V::pick(value, source[s].lanes, source[s].from, V::load(src[s] + i * W));
    V::store(dst + i * W, value);
  }
}

/// Pixels begin…end of one output block, from its sources, up to four in one pass.
template <class V>
void channels_plane(const StepArgs& args, const ChannelsParams& p, int n, const ChannelSource* source, int count,
                    ptrdiff_t begin, ptrdiff_t end, typename V::Element* dst) {
  for (int s = 0; s < count; s += 4) {
    const bool fresh = s == 0;
    if (count - s == 1) {
      channels_from<V, 1>(args, p, n, source + s, fresh, begin, end, dst);
    } else if (count - s == 2) {
      channels_from<V, 2>(args, p, n, source + s, fresh, begin, end, dst);
    } else if (count - s == 3) {
      channels_from<V, 3>(args, p, n, source + s, fresh, begin, end, dst);
    } else {
      channels_from<V, 4>(args, p, n, source + s, fresh, begin, end, dst);
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
    auto* dst = static_cast<typename V::Element*>(args.dst) + static_cast<ptrdiff_t>(plane) * p.pixels * V::width;
    channels_plane<V>(args, p, n, sources + first_source[block], first_source[block + 1] - first_source[block], begin,
                      end, dst);
  }
}

}  // namespace
}  // namespace stretto::kernels
