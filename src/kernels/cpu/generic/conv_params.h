// Convolution and its transpose as products: what a step knows, and how weights are packed.
//
// A transposed convolution with strides s is s_h·s_w ordinary ones of stride 1, one for each residue (phase) of output
// rows and columns, each with the taps of the kernel that reach it. An ordinary convolution has one phase.
#pragma once

#include "kernels/cpu/generic/epilogue.h"
#include "kernels/cpu/generic/micro.h"

namespace stretto::kernels::generic {

/// Taps of the kernel along one axis in one phase: output i reads input i·step + offset.
struct Taps {
  static constexpr int kMax = 64;
  int count = 0;
  int64_t k[kMax], offset[kMax];
};

/// One axis.
struct ConvAxis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
  int64_t phases = 1;   // more than one only if transposed
  int64_t in_step = 1;  // input elements from one output of a phase to the next

  int64_t outputs(int64_t phase) const { return phase < out ? (out - phase + phases - 1) / phases : 0; }
  Taps taps(int64_t phase, bool transposed) const;
};

struct ConvParams {
  Place src, weights, bias;  // weights and bias as given: used only if `dynamic`
  bool transposed = false, dynamic = false, has_bias = false;
  int64_t batch = 1, groups = 1, icg = 1, ocg = 1;  // channels a group
  ConvAxis h, w;
  int64_t tile = 8, tiles = 1,
          parts = 1;  // pixels a unit, units along the pixels of a phase, parts of the output channels
  int32_t pack_tasks = 0, tasks = 1;
  EpilogueParams epilogue;

  int64_t oc_padded() const { return (ocg + kRows - 1) / kRows * kRows; }
  int64_t panels() const { return oc_padded() / kRows; }
  int64_t group_floats() const { return oc_padded() * (icg * h.kernel * w.kernel + 1); }
  size_t packed_bytes() const { return static_cast<size_t>(groups * group_floats()) * sizeof(float); }
  int64_t units() const { return batch * groups * h.phases * w.phases * tiles * parts; }
};

/// Writes the panel of `kRows` output channels of one group, all phases, and their biases. Packed as [group] of
/// [phase][panel][ic, kh, kw of the phase][kRows], then [oc_padded] biases.
void pack_conv_panel(const ConvParams& p, const float* weights, const float* bias, int64_t group, int64_t panel,
                     float* packed);
/// Where a phase's panels begin inside its group.
int64_t phase_offset(const ConvParams& p, int64_t phase_h, int64_t phase_w);

}  // namespace stretto::kernels::generic
