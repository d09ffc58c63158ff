#include "kernels/cpu/x86/conv_integer_pack.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_integer_split.h"
#include "kernels/cpu/x86/integer_epilogue.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 31;  // offsets within a row fit int32
constexpr int64_t kTableBytes = 256;

int64_t tap_bytes(const ConvIntegerParams& p, IntegerIsa isa) {
  return (p.ic_blocks > 1 ? 4 : p.last_quads) * integer_weight_bytes(isa);
}

/// Four channels from c of 16 outputs from o: [output][channel], or as 16 bits [channel 0, 2 and 1, 3][output][2].
void pack_four(const ByteView& view, IntegerIsa isa, int o, int c, int oc, int ic, int y, int x, std::byte* out) {
  for (int k = 0; k < 16; ++k) {
    for (int i = 0; i < 4; ++i) {
      const int value = o + k < oc && c + i < ic ? view.at(o + k, c + i, y, x) : 0;
      if (has_vnni(isa)) {
        reinterpret_cast<int8_t*>(out)[k * 4 + i] = static_cast<int8_t>(value);
      } else {
        reinterpret_cast<int16_t*>(out)[i % 2 * 32 + k * 2 + i / 2] = static_cast<int16_t>(value);
      }
    }
  }
}

}  // namespace

Refusal check_integer_conv(const Problem& problem, IntegerIsa isa) {
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  if (src.layout != Layout::c16) return Refusal::other_layout;
  if (src.type.elements() == 0 || dst.type.elements() == 0) return Refusal::other_shape;
  const Shape& weights = first_input(problem, 1).type.shape;
  const bool large = weights[2] > kMaxIntegerKernel || weights[3] > kMaxIntegerKernel ||
                     stored_elements(src.type.shape, Layout::c16) >= kMostBytes ||
                     stored_elements(dst.type.shape, Layout::c16) >= kMostBytes / 4;
  return large ? Refusal::too_large : check_integer_epilogue(problem, isa);
}

void place_integer_conv(const Problem& problem, IntegerIsa isa, int stride_y, int stride_x, ConvIntegerParams& p) {
  const Shape& dst = problem.output().type.shape;
  p.batch = static_cast<int32_t>(first_input(problem, 0).type.shape[0]);
  p.src_block = static_cast<int64_t>(p.ih) * p.iw * kIntegerBlock;
  p.epilogue = integer_epilogue_params(problem);
  const int64_t pixels = dst[2] * dst[3], lanes = integer_lanes(isa);
  const int64_t pixel_bytes = p.epilogue.floats ? lanes * 4 : kIntegerBlock;
  const int64_t row_pixels = p.passes == 1 ? p.pass[0].ow : dst[3];
  p.dst_pixel = stride_x * pixel_bytes;
  p.dst_row = stride_y * row_pixels * pixel_bytes;
  p.dst_vector = pixels * pixel_bytes;
  p.dst_block = p.epilogue.floats ? 16 / lanes * p.dst_vector : p.dst_vector;
  p.dst_image = p.groups > 1 ? p.oc_blocks * p.dst_block
                             : div_up(dst[1], p.epilogue.floats ? lanes : kIntegerBlock) * p.dst_vector;
  const int64_t channels = static_cast<int64_t>(p.groups) * p.oc_blocks * 16;
  for (int i = 0; i < p.passes; ++i) {
    IntegerPass& pass = p.pass[i];
    if (p.passes > 1) pass.dst = (i / stride_x * dst[3] + i % stride_x) * pixel_bytes;
    pass.bias = i * channels;
    pass.weights = p.group_weights;
    p.group_weights += static_cast<int64_t>(p.oc_blocks) * p.ic_blocks * pass.kh * pass.kw * tap_bytes(p, isa);
  }
  p.scales = p.passes * channels * 4;
  p.table = p.scales + channels * 4;
  p.weights = p.table + (p.epilogue.lookup ? kTableBytes : 0);
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
}

Booking book_integer_conv(const ConvIntegerParams& p) {
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = integer_tasks(p);
  booking.weights_bytes = static_cast<size_t>(p.weights + p.groups * p.group_weights);
  booking.worker_scratch_bytes = integer_scratch_bytes(p);
  return booking;
}

void pack_integer_pass(const ConvIntegerParams& p, IntegerIsa isa, const IntegerPass& pass, const ByteView& view,
                       int oc, int ic, int32_t* biases, std::byte* weights) {
  const int quads = p.ic_blocks > 1 ? 4 : p.last_quads;
  for (int first = 0; first < p.oc_blocks; first += p.blocks) {
    const int blocks = std::min(p.blocks, p.oc_blocks - first);
    for (int c_block = 0; c_block < p.ic_blocks; ++c_block) {
      for (int y = 0; y < pass.kh; ++y) {
        for (int x = 0; x < pass.kw; ++x) {
          for (int q = 0; q < quads; ++q) {
            for (int b = 0; b < blocks; ++b, weights += integer_weight_bytes(isa)) {
              pack_four(view, isa, (first + b) * 16, c_block * 16 + q * 4, oc, ic, y, x, weights);
            }
          }
        }
      }
    }
  }
  for (int o = 0; o < oc; ++o) {
    uint32_t sum = 0;
    for (int c = 0; c < ic; ++c) {
      for (int y = 0; y < pass.kh; ++y) {
        for (int x = 0; x < pass.kw; ++x) sum += static_cast<uint32_t>(view.at(o, c, y, x));
      }
    }
    biases[o] = static_cast<int32_t>(static_cast<uint32_t>(biases[o]) - static_cast<uint32_t>(p.zero) * sum);
  }
}

}  // namespace stretto::kernels
