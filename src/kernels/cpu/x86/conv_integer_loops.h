// The loops of an integer convolution around the register tile. I names one instruction set: I::V its vector,
// I::tile(pixels, blocks) its register tiles, I::bind_input where a task finds its input.
//
// A task owns some output channels and some pixels. Where a tap may lie outside the image, or columns are strided, it
// first copies the rows that it reads, padding written out. Then, for one group of output blocks after the other, input
// channels are taken in chunks whose weights stay in level 1 while the task's pixels stream past; between chunks the
// sums rest in the worker's scratch.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/ahead_loops.h"
#include "kernels/cpu/x86/conv_integer_params.h"
#include "kernels/cpu/x86/integer_epilogue_loops.h"
#include "kernels/cpu/x86/integer_input_loops.h"

namespace stretto::kernels {
namespace {

/// Rows of the kernel that row oy needs: all, or those inside the image where padding adds nothing.
inline void kernel_rows(const IntegerTask& t, int oy, int& begin, int& end) {
  const ConvIntegerParams& p = *t.p;
  const IntegerPass& pass = *t.pass;
  begin = 0;
  end = pass.kh;
  if (p.zero != 0) return;
  const int iy = oy * p.sh - pass.pt;
  begin = at_most(pass.kh, at_least(0, divide_up(-iy, p.dh)));
  end = at_most(pass.kh, at_least(begin, divide_up(p.ih - iy, p.dh)));
}

/// Hands the tile its part of what is read next: the task's next weights, then what later steps read.
inline void give_ahead(IntegerTileArgs& a, Ahead& weights, Ahead& later) {
  Ahead& next = weights.at < weights.end ? weights : later;
  const bool any = next.at < next.end;
  a.ahead = any ? next.at : reinterpret_cast<const char*>(a.src);
  a.ahead_step = any ? Ahead::kLine : 0;
  next.at += static_cast<ptrdiff_t>(a.ic_blocks) * a.kh * a.kw * kIntegerTapLines * a.ahead_step;
}

/// A source of bytes: in place where that is possible.
template <class V>
struct InputOfBytes {
  static void bind_input(const StepArgs& args, const IntegerTask& t, uint8_t* copy, IntegerInput& in) {
    const ConvIntegerParams& p = *t.p;
    const uint8_t* image = static_cast<const uint8_t*>(args.src[p.src]) + t.image * p.ic_blocks * p.src_block;
    if (t.pass->direct) {
      find_integer_input(t, image, in);
    } else {
      copy_integer_input<V>(t, image, copy, in);
    }
  }
};

template <class I>
void conv_integer_task(const StepArgs& args, TaskId id) {
  using V = typename I::V;
  const ConvIntegerParams& p = *static_cast<const ConvIntegerParams*>(args.params);
  const IntegerTask t = integer_task(p, id.index);
  if (t.row_begin >= t.row_end || t.col_begin >= t.col_end) return;
  const IntegerPass& pass = *t.pass;
  const int32_t* biases = reinterpret_cast<const int32_t*>(args.weights) + pass.bias + t.group * p.oc_blocks * 16;
  const float* scales = reinterpret_cast<const float*>(args.weights + p.scales) + t.group * p.oc_blocks * 16;
  const std::byte* weights = args.weights + p.weights + t.group * p.group_weights + pass.weights;
  std::byte* scratch = args.worker_scratch + static_cast<size_t>(id.worker) * args.worker_stride;
  IntegerInput in;
  I::bind_input(args, t, reinterpret_cast<uint8_t*>(scratch + p.copy), in);
  const ptrdiff_t place = t.image * p.dst_image + pass.dst;
  IntegerOutput o;
  o.e = &p.epilogue;
  o.table = reinterpret_cast<const uint8_t*>(args.weights + p.table);
  o.dst_pixel = p.dst_pixel;
  o.dst_vector = p.dst_vector;
  o.dst_block = p.dst_block;
  o.sums_block = static_cast<ptrdiff_t>(p.sum_pixels) * 16;
  const uint8_t* other =
      p.epilogue.other < 0 ? nullptr : static_cast<const uint8_t*>(args.src[p.epilogue.other]) + place;
  uint8_t* dst = static_cast<uint8_t*>(args.dst) + place;

  const bool from_registers =
      can_store_tile(p.epilogue, p.dst_pixel, scales + t.oc_begin * 16, (t.oc_end - t.oc_begin) * 16);
  IntegerTileArgs a;
  a.taps = in.taps;
  a.src_block = in.block;
  a.src_row = in.kernel_row;
  a.sums_block = o.sums_block;
  a.kw = pass.kw;
  const ptrdiff_t tap = (p.ic_blocks > 1 ? 4 : p.last_quads) * V::weight_bytes;  // of one oc block
  const ptrdiff_t row_bytes = tap * pass.kw, block_bytes = row_bytes * pass.kh;
  const int width = t.col_end - t.col_begin, tiles = (width + p.pixels - 1) / p.pixels;
  Ahead later = later_steps(args, id.index), next_weights;
  const char* const task_weights_end =
      reinterpret_cast<const char*>(weights + static_cast<ptrdiff_t>(t.oc_end) * p.ic_blocks * block_bytes);
  for (int oc = t.oc_begin; oc < t.oc_end; oc += p.blocks) {
    const int blocks = at_most(p.blocks, t.oc_end - oc);
    for (int ic = 0; ic < p.ic_blocks; ic += p.ic_chunk) {
      const int ic_end = at_most(p.ic_blocks, ic + p.ic_chunk);
      const bool last = ic_end == p.ic_blocks;
      a.ic_blocks = ic_end - ic;
      a.last_quads = last ? p.last_quads : 4;
      a.tap = tap * blocks;
      // The next chunk lies behind this one, and the next group of outputs behind the last.
      next_weights.at =
          reinterpret_cast<const char*>(weights + oc * p.ic_blocks * block_bytes + ic_end * block_bytes * blocks);
      next_weights.end = next_weights.at + p.ic_chunk * block_bytes * blocks;
      if (next_weights.end > task_weights_end) next_weights.end = task_weights_end;
      a.bias = ic == 0 ? biases + oc * 16 : nullptr;
      for (int oy = t.row_begin; oy < t.row_end; ++oy) {
        int kh_begin, kh_end;
        kernel_rows(t, oy, kh_begin, kh_end);
        a.kh = kh_end - kh_begin;
        a.weights = weights + oc * p.ic_blocks * block_bytes + (ic * block_bytes + kh_begin * row_bytes) * blocks;
        a.weights_skip = (pass.kh - a.kh) * row_bytes * blocks;
        const uint8_t* row = in.src + (oy - t.row_begin) * in.out_row + ic * in.block + kh_begin * in.kernel_row;
        int ox = 0;
        for (int tile = 0; tile < tiles; ++tile) {
          const int pixels = (width - ox + tiles - tile - 1) / (tiles - tile);
          const int at = p.ic_chunk < p.ic_blocks ? (oy - t.row_begin) * width + ox : 0;
          a.src = row + ox * kIntegerBlock;
          a.sums = reinterpret_cast<int32_t*>(scratch) + at * 16;
          const ptrdiff_t place_of_tile = oc * p.dst_block + oy * p.dst_row + (t.col_begin + ox) * p.dst_pixel;
          for (int b = 0; last && b < blocks; ++b) {
            const ptrdiff_t to = place_of_tile + b * p.dst_block;
            for (ptrdiff_t line = 0; line < pixels * p.dst_pixel; line += 64) {
              __builtin_prefetch(dst + to + line, 1);
              if (other != nullptr) __builtin_prefetch(other + to + line);
            }
          }
          give_ahead(a, next_weights, later);
          o.scales = scales + oc * 16;
          o.other = other == nullptr ? nullptr : other + place_of_tile;
          o.dst = dst + place_of_tile;
          o.blocks = blocks;
          o.channels = oc + blocks == p.oc_blocks ? p.epilogue.tail : 16;
          a.store = last && from_registers ? &o : nullptr;
          I::tile(pixels, blocks)(a);
          if (last && !from_registers) store_integers<V>(o, a.sums, pixels);
          ox += pixels;
        }
      }
    }
  }
}

}  // namespace
}  // namespace stretto::kernels
