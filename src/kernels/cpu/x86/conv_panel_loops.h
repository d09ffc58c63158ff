// What the loops of convolutions share: which part of the work a task is, and the panel, where a tile finds its input
// with the padding written out.
#pragma once

#include "kernels/cpu/x86/conv_params.h"

namespace stretto::kernels {
namespace {

inline int ceil_div(int a, int b) {
  return a >= 0 ? (a + b - 1) / b : -(-a / b);
}
inline int least(int a, int b) {
  return a < b ? a : b;
}
inline int most(int a, int b) {
  return a > b ? a : b;
}

/// A task's place in the grid.
struct ConvTaskIndex {
  int col, row, chunk, pass, group;
  int image;  // counts the groups of every image
};

inline ConvTaskIndex conv_task_index(const ConvParams& p, int index) {
  ConvTaskIndex t;
  t.col = index % p.col_blocks;
  index /= p.col_blocks;
  t.row = index % p.row_blocks;
  index /= p.row_blocks;
  t.chunk = index % p.oc_chunks;
  index /= p.oc_chunks;
  t.pass = index % p.passes;
  t.image = index / p.passes;
  t.group = t.image % p.groups;
  return t;
}

/// One row of pixels of one tile, for a chunk of ic blocks.
struct ConvSpan {
  int ic_begin, ic_end, oy, ox, pixels;
  int kh_begin, kh_end;  // rows of the kernel that meet the image
};

/// Copies what one span reads into the panel, zeros where it reaches past the image. `src`: of the image's group.
template <class V>
void fill_panel(const ConvParams& p, const ConvPass& pass, const typename V::Element* src, typename V::Element* panel,
                const ConvSpan& s) {
  constexpr int W = V::width;
  const int count = s.pixels + ((pass.kw - 1) * p.dw) / p.sw;
  typename V::Element* out = panel;
  for (int ic = s.ic_begin; ic < s.ic_end; ++ic) {
    for (int kh = s.kh_begin; kh < s.kh_end; ++kh) {
      const int iy = s.oy * p.sh - pass.pt + kh * p.dh;
      const typename V::Element* row = src + ic * p.src_block + static_cast<ptrdiff_t>(iy) * p.iw * W;
      for (int phase = 0; phase < p.panel_phases; ++phase, out += p.panel_pixels * W) {
        const int ix = s.ox * p.sw - pass.pl + phase;
        const int begin = least(count, most(0, ceil_div(-ix, p.sw)));
        const int end = least(count, most(begin, ceil_div(p.iw - ix, p.sw)));
        for (int j = 0; j < begin; ++j) V::store(out + j * W, V::zero());
        for (int j = begin; j < end; ++j)
          V::store(out + j * W, V::load(row + static_cast<ptrdiff_t>(ix + j * p.sw) * W));
        for (int j = end; j < count; ++j) V::store(out + j * W, V::zero());
      }
    }
  }
}

/// Offsets of each column of the kernel, in src and in the panel.
template <int W>
void set_taps(const ConvParams& p, const ConvPass& pass, ptrdiff_t* taps, ptrdiff_t* panel_taps) {
  for (int kw = 0; kw < pass.kw; ++kw) {
    taps[kw] = static_cast<ptrdiff_t>(kw) * p.dw * W;
    panel_taps[kw] = (static_cast<ptrdiff_t>(kw * p.dw % p.sw) * p.panel_pixels + kw * p.dw / p.sw) * W;
  }
}

}  // namespace
}  // namespace stretto::kernels
