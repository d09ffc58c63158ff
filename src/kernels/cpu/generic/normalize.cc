// Batch normalisation with its five operands as they are, softmax along an axis, and local response normalisation.
#include <cmath>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/math.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 256;

struct Params {
  Place src, scale, bias, mean, variance;
  int64_t outer = 1, count = 1, inner = 1;  // `count` elements along the axis, `inner` apart
  int64_t stretches = 1;                    // of `inner`
  int32_t tasks = 1;
  int64_t size = 1;
  float epsilon = 0, alpha = 0, beta = 0, offset = 0;

  int64_t units() const { return outer * stretches; }
};

Params axis_params(const Problem& problem, int axis, double seconds) {
  const Shape& shape = problem.output().type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.outer = product(shape, 0, axis);
  p.count = shape[axis];
  p.inner = product(shape, axis + 1, shape.size());
  p.stretches = (p.inner + kStretch - 1) / kStretch;
  p.tasks = tasks_for(p.units(), seconds);
  return p;
}

double elements_of(const Problem& problem) {
  return static_cast<double>(problem.output().type.elements());
}

Params params_of(const Problem& problem, const op::Softmax& a) {
  return axis_params(problem, static_cast<int>(a.axis), elements_of(problem) * 4e-9);
}
Params params_of(const Problem& problem, const op::Lrn& a) {
  Params p = axis_params(problem, 1, elements_of(problem) * 2e-8);
  p.size = a.size;
  p.alpha = a.alpha;
  p.beta = a.beta;
  p.offset = a.bias;
  return p;
}
Params params_of(const Problem& problem, const op::BatchNorm& a) {
  Params p = axis_params(problem, 1, seconds_for_bytes(problem.bytes()));
  p.scale = source_place(problem, 1);
  p.bias = source_place(problem, 2);
  p.mean = source_place(problem, 3);
  p.variance = source_place(problem, 4);
  p.epsilon = a.epsilon;
  return p;
}

template <class T>
Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem, *first_as<T>(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// Calls one(first element of the stretch, elements in it) for each of this task's units.
template <class F>
void for_each_stretch(const Params& p, int index, F one) {
  Range r = part_of(p.units(), p.tasks, index);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    int64_t at = unit % p.stretches * kStretch;
    one(unit / p.stretches * p.count * p.inner + at, std::min(kStretch, p.inner - at));
  }
}

void batch_norm_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const float* src = p.src.as<float>(args);
  auto* dst = static_cast<float*>(args.dst);
  const float *scale = p.scale.as<float>(args), *bias = p.bias.as<float>(args);
  const float *mean = p.mean.as<float>(args), *variance = p.variance.as<float>(args);
  for_each_stretch(p, id.index, [&](int64_t first, int64_t n) {
    for (int64_t c = 0; c < p.count; ++c) {
      float s = scale[c] / std::sqrt(variance[c] + p.epsilon), m = mean[c], b = bias[c];
      const float* x = src + first + c * p.inner;
      float* y = dst + first + c * p.inner;
      for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * s + b;
    }
  });
}

/// Softmax of one line of adjoining elements.
void softmax_line(const float* x, int64_t n, float* y) {
  float maximum = x[0];
  for (int64_t i = 1; i < n; ++i) maximum = x[i] > maximum ? x[i] : maximum;
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] - maximum;
  exponential(y, y, n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(y[i]);
  auto factor = static_cast<float>(1 / sum);
  for (int64_t i = 0; i < n; ++i) y[i] *= factor;
}

void softmax_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const float* src = p.src.as<float>(args);
  auto* dst = static_cast<float*>(args.dst);
  alignas(64) float maximum[kStretch], sum[kStretch];
  for_each_stretch(p, id.index, [&](int64_t first, int64_t n) {
    if (p.inner == 1) return softmax_line(src + first, p.count, dst + first);
    for (int64_t i = 0; i < n; ++i) {
      maximum[i] = src[first + i];
      sum[i] = 0;
    }
    for (int64_t c = 1; c < p.count; ++c) {
      const float* x = src + first + c * p.inner;
      for (int64_t i = 0; i < n; ++i) maximum[i] = x[i] > maximum[i] ? x[i] : maximum[i];
    }
    for (int64_t c = 0; c < p.count; ++c) {
      const float* x = src + first + c * p.inner;
      float* y = dst + first + c * p.inner;
      for (int64_t i = 0; i < n; ++i) y[i] = x[i] - maximum[i];
      exponential(y, y, n);
      for (int64_t i = 0; i < n; ++i) sum[i] += y[i];
    }
    for (int64_t i = 0; i < n; ++i) sum[i] = 1.0f / sum[i];
    for (int64_t c = 0; c < p.count; ++c) {
      float* y = dst + first + c * p.inner;
      for (int64_t i = 0; i < n; ++i) y[i] *= sum[i];
    }
  });
}

void lrn_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const float* src = p.src.as<float>(args);
  auto* dst = static_cast<float*>(args.dst);
  float factor = p.alpha / static_cast<float>(p.size);
  alignas(64) float sum[kStretch];
  for_each_stretch(p, id.index, [&](int64_t first, int64_t n) {
    for (int64_t c = 0; c < p.count; ++c) {
      int64_t low = std::max<int64_t>(0, c - (p.size - 1) / 2), high = std::min(p.count - 1, c + p.size / 2);
      for (int64_t i = 0; i < n; ++i) sum[i] = 0;
      for (int64_t k = low; k <= high; ++k) {
        const float* x = src + first + k * p.inner;
        for (int64_t i = 0; i < n; ++i) sum[i] += x[i] * x[i];
      }
      const float* x = src + first + c * p.inner;
      float* y = dst + first + c * p.inner;
      for (int64_t i = 0; i < n; ++i) {
        float base = p.offset + factor * sum[i];
        // The usual power, 3/4, is two square roots.
        y[i] = x[i] / (p.beta == 0.75f ? std::sqrt(base) * std::sqrt(std::sqrt(base)) : std::pow(base, p.beta));
      }
    }
  });
}

}  // namespace

Tactic batch_norm_row() {
  return {"cpu.generic.batch_norm",
          1,
          Isa::scalar,
          Numerics::rounding,
          single_plain_f32<op::BatchNorm>,
          one_config,
          estimate_compute,
          book<op::BatchNorm>,
          pack_copied,
          batch_norm_task};
}
Tactic softmax_row() {
  return {"cpu.generic.softmax",
          1,
          Isa::scalar,
          Numerics::rounding,
          single_plain_f32<op::Softmax>,
          one_config,
          estimate_compute,
          book<op::Softmax>,
          pack_copied,
          softmax_task};
}
Tactic lrn_row() {
  return {"cpu.generic.lrn",
          1,
          Isa::scalar,
          Numerics::rounding,
          single_plain_f32<op::Lrn>,
          one_config,
          estimate_compute,
          book<op::Lrn>,
          pack_copied,
          lrn_task};
}

}  // namespace stretto::kernels::generic
