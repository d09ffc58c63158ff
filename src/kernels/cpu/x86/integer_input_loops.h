// Which part of an integer convolution a task is, and where it finds its input: in place, or copied with the padding
// written out.
#pragma once

#include "kernels/cpu/x86/conv_integer_params.h"

namespace stretto::kernels {
namespace {

inline int at_most(int a, int b) {
  return a < b ? a : b;
}
inline int at_least(int a, int b) {
  return a > b ? a : b;
}
inline int divide_up(int a, int b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/// A task's place in the grid, and its part of the output.
struct IntegerTask {
  const ConvIntegerParams* p;
  const IntegerPass* pass;
  int group, image;  // image counts the groups of every image
  int oc_begin, oc_end, row_begin, row_end, col_begin, col_end;
};

inline IntegerTask integer_task(const ConvIntegerParams& p, int index) {
  IntegerTask t;
  t.p = &p;
  const int col = index % p.col_blocks;
  index /= p.col_blocks;
  const int row = index % p.row_blocks;
  index /= p.row_blocks;
  t.oc_begin = index % p.oc_chunks * p.oc_chunk;
  t.oc_end = at_most(p.oc_blocks, t.oc_begin + p.oc_chunk);
  index /= p.oc_chunks;
  t.pass = &p.pass[index % p.passes];
  t.image = index / p.passes;
  t.group = t.image % p.groups;
  t.row_begin = row * p.row_block;
  t.row_end = at_most(t.pass->oh, t.row_begin + p.row_block);
  t.col_begin = col * p.col_block;
  t.col_end = at_most(t.pass->ow, t.col_begin + p.col_block);
  return t;
}

/// Where a task finds its input: src is what tap 0, 0 of its first pixel reads. Bytes.
struct IntegerInput {
  const uint8_t* src;
  ptrdiff_t block, out_row, kernel_row;  // to the next ic block, output row, row of the kernel
  ptrdiff_t taps[kMaxIntegerKernel];
};

/// Copies what the task reads: [ic block][row][column modulo the stride][column], `zero` outside the image. A kernel of
/// one row leaves out the rows between.
template <class V>
void copy_integer_input(const IntegerTask& t, const uint8_t* image, uint8_t* out, IntegerInput& in) {
  const ConvIntegerParams& p = *t.p;
  const IntegerPass& pass = *t.pass;
  const int span = (pass.kw - 1) * p.dw;
  const int phases = at_most(p.sw, span + 1), columns = t.col_end - t.col_begin + span / p.sw;
  const int step = pass.kh == 1 ? p.sh : 1;  // of the image's rows
  const int out_rows = t.row_end - t.row_begin;
  const int rows = pass.kh == 1 ? out_rows : (out_rows - 1) * p.sh + (pass.kh - 1) * p.dh + 1;
  const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(phases) * columns * kIntegerBlock;
  in.src = out;
  in.block = rows * row_bytes;
  in.out_row = row_bytes * (pass.kh == 1 ? 1 : p.sh);
  in.kernel_row = row_bytes * p.dh;
  for (int kw = 0; kw < pass.kw; ++kw) {
    in.taps[kw] = (static_cast<ptrdiff_t>(kw * p.dw % p.sw) * columns + kw * p.dw / p.sw) * kIntegerBlock;
  }
  const auto padding = V::pixel_of(p.zero);
  const int iy = t.row_begin * p.sh - pass.pt;
  for (int ic = 0; ic < p.ic_blocks; ++ic, image += p.src_block) {
    for (int r = 0; r < rows; ++r) {
      const int y = iy + r * step;
      const bool inside = y >= 0 && y < p.ih;
      const uint8_t* row = image + static_cast<ptrdiff_t>(inside ? y : 0) * p.iw * kIntegerBlock;
      for (int phase = 0; phase < phases; ++phase) {
        const int ix = t.col_begin * p.sw - pass.pl + phase;
        const int begin = inside ? at_most(columns, at_least(0, divide_up(-ix, p.sw))) : columns;
        const int end = inside ? at_most(columns, at_least(begin, divide_up(p.iw - ix, p.sw))) : columns;
        int j = 0;
        for (; j < begin; ++j, out += kIntegerBlock) V::store_pixel(out, padding);
        const uint8_t* from = row + static_cast<ptrdiff_t>(ix + j * p.sw) * kIntegerBlock;
        for (; p.sw == 1 && j + V::pixels <= end; j += V::pixels) {
          V::store_pixels(out, V::load_pixels(from), V::pixels);
          out += V::pixels * kIntegerBlock;
          from += V::pixels * kIntegerBlock;
        }
        for (; j < end; ++j, out += kIntegerBlock, from += p.sw * kIntegerBlock) {
          V::store_pixel(out, V::load_pixel(from));
        }
        for (; j < columns; ++j, out += kIntegerBlock) V::store_pixel(out, padding);
      }
    }
  }
}

inline void find_integer_input(const IntegerTask& t, const uint8_t* image, IntegerInput& in) {
  const ConvIntegerParams& p = *t.p;
  const ptrdiff_t row = static_cast<ptrdiff_t>(p.iw) * kIntegerBlock;
  in.src = image + (t.row_begin * p.sh - t.pass->pt) * row + (t.col_begin - t.pass->pl) * kIntegerBlock;
  in.block = p.src_block;
  in.out_row = row * p.sh;
  in.kernel_row = row * p.dh;
  for (int kw = 0; kw < t.pass->kw; ++kw) in.taps[kw] = static_cast<ptrdiff_t>(kw) * p.dw * kIntegerBlock;
}

}  // namespace
}  // namespace stretto::kernels
