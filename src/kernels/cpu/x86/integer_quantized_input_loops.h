// The input of an integer convolution, made from planes of real numbers: quantised and copied with the padding written
// out. Of the sixteen bytes of a pixel only the first four are of use, one for each channel.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/conv_first_integer_params.h"
#include "kernels/cpu/x86/integer_input_loops.h"
#include "kernels/cpu/x86/rescale_integer_loops.h"

namespace stretto::kernels {
namespace {

/// One row of a task's copy: pixel j stands in column j / stride of the part for j modulo the stride.
struct QuantizedRow {
  uint8_t* out;
  int stride, columns;
  uint8_t* at(int j) const { return out + (static_cast<ptrdiff_t>(j % stride) * columns + j / stride) * kIntegerBlock; }
};

/// Sixteen pixels of four bytes from `x` on in each plane.
template <class V>
[[gnu::always_inline]] inline typename V::I quantized_pixels(const RescaleParams& q, const float* x, ptrdiff_t plane,
                                                             int channels, ptrdiff_t count) {
  typename V::I pixels = V::set(0);
#pragma GCC unroll 4
  for (int c = 0; c < kMostFirstChannels; ++c) {
    if (c >= channels) break;
    const float* from = x + c * plane;
    const auto real = V::load(count < 16 ? Part<float>(from, count).values : from);
    pixels = V::put_byte(pixels, quantized_integers<V>(q, real), c);
  }
  return pixels;
}

/// S: stride of the columns, 1, 2 or 4. `first`: where the image's column 0 stands; `end` columns of it are copied.
template <class V, int S>
void quantize_row(const RescaleParams& q, const float* x, ptrdiff_t plane, int channels, int first, int end,
                  const QuantizedRow& row) {
  // Four times four pixels S apart, which stand side by side.
  typename V::I order[4];
  uint8_t* to[4];
#pragma GCC unroll 4
  for (int s = 0; s < 4; ++s) {
    const int offset = s % S + s / S * 4 * S;
    order[s] = V::every(offset, S);
    to[s] = row.at(first + offset);
  }
  int ix = 0;
  for (; ix + 16 <= end; ix += 16) {
    const auto pixels = quantized_pixels<V>(q, x + ix, plane, channels, 16);
#pragma GCC unroll 4
    for (int s = 0; s < 4; ++s) V::store_every(to[s] + ix / S * kIntegerBlock, pixels, order[s]);
  }
  if (ix == end) return;
  int32_t rest[16];
  V::store(rest, quantized_pixels<V>(q, x + ix, plane, channels, end - ix));
  for (int i = 0; ix + i < end; ++i) std::memcpy(row.at(first + ix + i), &rest[i], sizeof rest[i]);
}

/// As copy_integer_input, for a kernel of several rows and no narrower than the stride. `image`: real numbers.
template <class V>
void quantize_integer_input(const IntegerTask& t, const ConvFirstIntegerParams& params, const float* image,
                            uint8_t* out, IntegerInput& in) {
  const ConvIntegerParams& p = params.conv;
  const IntegerPass& pass = *t.pass;
  const RescaleParams q = params.quantize;  // stores of bytes might change anything in memory
  const int columns = pass.ow + (pass.kw - 1) * p.dw / p.sw;
  const int rows = (t.row_end - t.row_begin - 1) * p.sh + (pass.kh - 1) * p.dh + 1;
  const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(p.sw) * columns * kIntegerBlock;
  const ptrdiff_t plane = static_cast<ptrdiff_t>(p.ih) * p.iw;
  in.src = out;
  in.block = rows * row_bytes;
  in.out_row = row_bytes * p.sh;
  in.kernel_row = row_bytes * p.dh;
  for (int kw = 0; kw < pass.kw; ++kw) {
    in.taps[kw] = (static_cast<ptrdiff_t>(kw * p.dw % p.sw) * columns + kw * p.dw / p.sw) * kIntegerBlock;
  }
  const auto quantize = p.sw == 1 ? quantize_row<V, 1> : p.sw == 2 ? quantize_row<V, 2> : quantize_row<V, 4>;
  const int32_t padding = static_cast<int32_t>(static_cast<uint32_t>(p.zero) * 0x01010101u);
  const int all = p.sw * columns, begin = at_most(pass.pl, all), end = at_most(begin + p.iw, all);
  for (int r = 0; r < rows; ++r, out += row_bytes) {
    const int y = t.row_begin * p.sh - pass.pt + r;
    const bool inside = y >= 0 && y < p.ih;
    const QuantizedRow row{out, p.sw, columns};
    if (inside) {
      quantize(q, image + static_cast<ptrdiff_t>(y) * p.iw, plane, params.channels, begin, end - begin, row);
    }
    for (int j = 0; j < (inside ? begin : all); ++j) std::memcpy(row.at(j), &padding, sizeof padding);
    for (int j = end; inside && j < all; ++j) std::memcpy(row.at(j), &padding, sizeof padding);
  }
}

}  // namespace
}  // namespace stretto::kernels
