// Convolutions with one input channel a group: rows of the output gather one tap of the kernel after another.
#include "kernels/cpu/generic/epilogue.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kSegment = 256;  // outputs of a row that are computed together

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};

struct Params {
  Place src, weights, bias;
  bool has_bias = false;
  int64_t channels = 1, multiplier = 1;  // input channels, outputs of each
  Axis h, w;
  int64_t rows = 1;  // of all outputs
  int32_t tasks = 1;
  EpilogueParams epilogue;
};

Refusal supports(const Problem& problem) {
  Refusal r = with_epilogue<op::Conv>(problem);
  if (r != Refusal::none) return r;
  const Shape& src = source_of(problem, 0).type.shape;
  if (src.size() > 4) return Refusal::other_shape;
  return source_of(problem, 1).type.shape[1] == 1 ? Refusal::none : Refusal::grouped;
}

Params params_of(const Problem& problem) {
  const op::Conv& a = *first_as<op::Conv>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &weights = source_of(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.weights = source_place(problem, 1);
  p.has_bias = source_count(problem) > 2;
  if (p.has_bias) p.bias = source_place(problem, 2);
  p.channels = src[1];
  p.multiplier = dst[1] / src[1];
  auto axis = [&](int i) {
    return Axis{src[2 + i], dst[2 + i], weights[2 + i], a.strides[i], a.dilations[i], a.pads[i]};
  };
  if (src.size() == 4) p.h = axis(0);
  p.w = axis(src.size() - 3);
  p.rows = dst[0] * dst[1] * p.h.out;
  p.tasks = tasks_for(p.rows, 6 * seconds_for_flops(problem.flops()));
  p.epilogue = epilogue_of(problem);
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// sum[i] += weight · in[first + i·stride] for outputs [0, count) of a segment, where that lies in the row.
void add_tap(const Axis& w, const float* in, int64_t first, int64_t count, float weight, float* sum) {
  int64_t low = first >= 0 ? 0 : (-first + w.stride - 1) / w.stride;
  int64_t high = first >= w.in ? 0 : (w.in - first + w.stride - 1) / w.stride;
  high = std::min(high, count);
  const float* x = in + first;
  if (w.stride == 1) {
    for (int64_t i = low; i < high; ++i) sum[i] += weight * x[i];
  } else if (w.stride == 2) {
    for (int64_t i = low; i < high; ++i) sum[i] += weight * x[2 * i];
  } else {
    for (int64_t i = low; i < high; ++i) sum[i] += weight * x[i * w.stride];
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.rows, p.tasks, id.index);
  const float *src = p.src.as<float>(args), *weights = p.weights.as<float>(args), *other = p.epilogue.other_of(args);
  auto* dst = static_cast<float*>(args.dst);
  int64_t out_channels = p.channels * p.multiplier;
  alignas(64) float sum[kSegment];
  for (int64_t row = r.begin; row < r.end; ++row) {
    int64_t y = row % p.h.out, oc = row / p.h.out % out_channels, n = row / p.h.out / out_channels;
    const float* plane = src + (n * p.channels + oc / p.multiplier) * p.h.in * p.w.in;
    const float* kernel = weights + oc * p.h.kernel * p.w.kernel;
    float bias = p.has_bias ? p.bias.as<float>(args)[oc] : 0.0f;
    for (int64_t x = 0; x < p.w.out; x += kSegment) {
      int64_t count = std::min(kSegment, p.w.out - x);
      for (int64_t i = 0; i < count; ++i) sum[i] = bias;
      for (int64_t kh = 0; kh < p.h.kernel; ++kh) {
        int64_t iy = y * p.h.stride - p.h.pad + kh * p.h.dilation;
        if (iy < 0 || iy >= p.h.in) continue;
        for (int64_t kw = 0; kw < p.w.kernel; ++kw) {
          int64_t first = x * p.w.stride - p.w.pad + kw * p.w.dilation;
          add_tap(p.w, plane + iy * p.w.in, first, count, kernel[kh * p.w.kernel + kw], sum);
        }
      }
      int64_t at = row * p.w.out + x;
      p.epilogue.apply(sum, other ? other + at : nullptr, count);
      std::memcpy(dst + at, sum, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + std::max(6 * seconds_for_flops(problem.flops()), seconds_for_bytes(problem.bytes())) / threads;
}

}  // namespace

Tactic conv_depthwise_row() {
  return {"cpu.generic.conv_depthwise",
          1,
          Isa::scalar,
          Numerics::rounding,
          supports,
          one_config,
          estimate,
          book,
          pack_copied,
          task};
}

}  // namespace stretto::kernels::generic
