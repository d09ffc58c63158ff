#include "kernels/cpu/generic/conv_params.h"

namespace stretto::kernels::generic {

Taps ConvAxis::taps(int64_t phase, bool transposed) const {
  Taps t;
  for (int64_t k = 0; k < kernel; ++k) {
    int64_t reach = transposed ? phase + pad - k * dilation : k * dilation - pad;
    if (transposed && reach % stride != 0) continue;
    t.k[t.count] = k;
    t.offset[t.count++] = transposed ? reach / stride : reach;
  }
  return t;
}

int64_t phase_offset(const ConvParams& p, int64_t phase_h, int64_t phase_w) {
  int64_t before = 0, columns = 0;
  for (int64_t i = 0; i < phase_h; ++i) before += p.h.taps(i, p.transposed).count * p.w.kernel;
  for (int64_t i = 0; i < phase_w; ++i) columns += p.w.taps(i, p.transposed).count;
  before += p.h.taps(phase_h, p.transposed).count * columns;
  return p.oc_padded() * p.icg * before;
}

void pack_conv_panel(const ConvParams& p, const float* weights, const float* bias, int64_t group, int64_t panel,
                     float* packed) {
  float* base = packed + group * p.group_floats();
  int64_t kernel = p.h.kernel * p.w.kernel;
  // Steps between elements of weights[O, C/group, …] or, transposed, weights[C, O/group, …].
  int64_t oc_step = p.transposed ? kernel : p.icg * kernel, ic_step = p.transposed ? p.ocg * kernel : kernel;
  int64_t first = p.transposed ? group * p.icg * ic_step : group * p.ocg * oc_step;
  for (int64_t ph = 0; ph < p.h.phases; ++ph) {
    Taps th = p.h.taps(ph, p.transposed);
    for (int64_t pw = 0; pw < p.w.phases; ++pw) {
      Taps tw = p.w.taps(pw, p.transposed);
      float* out = base + phase_offset(p, ph, pw) + panel * kRows * p.icg * th.count * tw.count;
      for (int64_t ic = 0; ic < p.icg; ++ic) {
        for (int i = 0; i < th.count; ++i) {
          for (int j = 0; j < tw.count; ++j) {
            const float* w = weights + first + ic * ic_step + th.k[i] * p.w.kernel + tw.k[j];
            for (int64_t r = 0; r < kRows; ++r) {
              int64_t oc = panel * kRows + r;
              *out++ = oc < p.ocg ? w[oc * oc_step] : 0.0f;
            }
          }
        }
      }
    }
  }
  float* biases = base + p.oc_padded() * p.icg * kernel;
  for (int64_t oc = panel * kRows; oc < (panel + 1) * kRows; ++oc) {
    biases[oc] = bias && oc < p.ocg ? bias[group * p.ocg + oc] : 0.0f;
  }
}

}  // namespace stretto::kernels::generic
