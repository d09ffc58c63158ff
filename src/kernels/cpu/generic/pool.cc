// Pooling over one or two spatial axes, plain or in blocks of channels, and over any number of axes one element at a
// time. A row of outputs takes in one tap of the window after another.
#include <limits>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kSegment = 256;  // floats of a row of outputs that are computed together

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0, pad_end = 0;

  /// Taps [low, high) of the window of output `o` that lie in the input.
  Range taps(int64_t o) const {
    int64_t start = o * stride - pad;
    int64_t low = start < 0 ? (-start + dilation - 1) / dilation : 0;
    int64_t high = start >= in ? 0 : std::min(kernel, (in - start + dilation - 1) / dilation);
    return {low, std::max(low, high)};
  }
  /// Taps that count for the average of output `o`.
  int64_t divisor(int64_t o, bool include_pad) const {
    Range r = taps(o);
    if (!include_pad) return r.end - r.begin;
    int64_t room = in + pad_end - (o * stride - pad);
    return std::min(kernel, (room + dilation - 1) / dilation);
  }
};

struct Params {
  Place src;
  bool average = false, include_pad = false;
  int32_t spatial = 2, tasks = 1;
  int64_t block = 1, planes = 1;  // planes of blocks of channels
  Axis axes[kMaxRank - 2];        // h and w for the rows with two axes
  int64_t units = 1;
};

Axis axis_of(const op::Pool& a, const Shape& src, const Shape& dst, int i) {
  return {src[2 + i], dst[2 + i], a.kernel[i], a.strides[i], a.dilations[i], a.pads[i], a.pads[src.size() - 2 + i]};
}

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Pool>(problem);
  if (r != Refusal::none) return r;
  if (!all_of_type(problem, DType::f32)) return Refusal::other_type;
  if (source_of(problem, 0).layout != problem.output().layout) return Refusal::other_layout;
  return problem.output().type.shape.size() <= 4 ? Refusal::none : Refusal::other_shape;
}

Params base_params(const Problem& problem) {
  const op::Pool& a = *first_as<op::Pool>(problem);
  Params p;
  p.src = source_place(problem, 0);
  p.average = a.kind == op::PoolKind::average;
  p.include_pad = a.count_include_pad;
  return p;
}

Params params_of(const Problem& problem) {
  const op::Pool& a = *first_as<op::Pool>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  Params p = base_params(problem);
  if (src.size() == 4) p.axes[0] = axis_of(a, src, dst, 0);
  p.axes[1] = axis_of(a, src, dst, src.size() - 3);
  p.block = block_of(problem.output().layout);
  p.planes = src[0] * ((src[1] + p.block - 1) / p.block);
  p.units = p.planes * p.axes[0].out;
  p.tasks = tasks_for(p.units, problem.flops() / 4e9 + seconds_for_bytes(problem.bytes()));
  return p;
}

Params naive_params_of(const Problem& problem) {
  const op::Pool& a = *first_as<op::Pool>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  Params p = base_params(problem);
  p.spatial = src.size() - 2;
  for (int i = 0; i < p.spatial; ++i) p.axes[i] = axis_of(a, src, dst, i);
  p.planes = src[0] * src[1];
  p.units = problem.output().type.elements();
  p.tasks = tasks_for(p.units, problem.flops() / 5e8);
  return p;
}

template <Params (*kParamsOf)(const Problem&)>
Booking book(const Problem& problem, const Config&) {
  Params p = kParamsOf(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

template <bool kAverage, int kBlock>
inline void take(const float* x, int64_t step, int64_t count, float* sum) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t lane = 0; lane < kBlock; ++lane) {
      float v = x[i * step * kBlock + lane], &s = sum[i * kBlock + lane];
      s = kAverage ? s + v : v > s ? v : s;
    }
  }
}

/// One tap for outputs [first, first + count) of a row, where it lies in the input's row.
template <bool kAverage, int kBlock>
void take_tap(const Axis& w, const float* row, int64_t first, int64_t count, int64_t k, float* sum) {
  int64_t x = first * w.stride - w.pad + k * w.dilation;
  int64_t low = x >= 0 ? 0 : (-x + w.stride - 1) / w.stride;
  int64_t high = std::min(count, x >= w.in ? 0 : (w.in - x + w.stride - 1) / w.stride);
  if (low >= high) return;
  const float* from = row + (x + low * w.stride) * kBlock;
  if (w.stride == 1) return take<kAverage, kBlock>(from, 1, high - low, sum + low * kBlock);
  if (w.stride == 2) return take<kAverage, kBlock>(from, 2, high - low, sum + low * kBlock);
  take<kAverage, kBlock>(from, w.stride, high - low, sum + low * kBlock);
}

template <bool kAverage, int kBlock>
void run(const StepArgs& args, const Params& p, Range units) {
  const Axis &h = p.axes[0], &w = p.axes[1];
  const float* src = p.src.as<float>(args);
  auto* dst = static_cast<float*>(args.dst);
  constexpr int64_t kOutputs = kSegment / kBlock;
  constexpr float kStart = kAverage ? 0.0f : -std::numeric_limits<float>::infinity();
  alignas(64) float sum[kSegment];
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    int64_t plane = unit / h.out, y = unit % h.out;
    Range taps = h.taps(y);
    auto divisor_h = static_cast<float>(h.divisor(y, p.include_pad));
    for (int64_t first = 0; first < w.out; first += kOutputs) {
      int64_t count = std::min(kOutputs, w.out - first);
      for (int64_t i = 0; i < count * kBlock; ++i) sum[i] = kStart;
      for (int64_t kh = taps.begin; kh < taps.end; ++kh) {
        int64_t iy = y * h.stride - h.pad + kh * h.dilation;
        const float* row = src + (plane * h.in + iy) * w.in * kBlock;
        for (int64_t kw = 0; kw < w.kernel; ++kw) take_tap<kAverage, kBlock>(w, row, first, count, kw, sum);
      }
      for (int64_t i = 0; i < count && kAverage; ++i) {
        float divisor = divisor_h * static_cast<float>(w.divisor(first + i, p.include_pad));
        for (int64_t lane = 0; lane < kBlock; ++lane) sum[i * kBlock + lane] /= divisor;
      }
      std::memcpy(dst + (unit * w.out + first) * kBlock, sum, static_cast<size_t>(count * kBlock) * sizeof(float));
    }
  }
}

/// Padding lanes hold what pooling makes of the input's zeros, and so become zero in turn: every window of a valid
/// problem sees at least one element.
template <bool kAverage>
void run_block(const StepArgs& args, const Params& p, Range units) {
  if (p.block == 1) return run<kAverage, 1>(args, p, units);
  return p.block == 8 ? run<kAverage, 8>(args, p, units) : run<kAverage, 16>(args, p, units);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range units = part_of(p.units, p.tasks, id.index);
  return p.average ? run_block<true>(args, p, units) : run_block<false>(args, p, units);
}

struct Total {
  double sum = 0, best = -std::numeric_limits<double>::infinity();
};

void take_window(const Params& p, const float* src, const int64_t* out, int axis, int64_t at, Total& total) {
  if (axis == p.spatial) {
    auto v = static_cast<double>(src[at]);
    total.sum += v;
    total.best = std::max(total.best, v);
    return;
  }
  const Axis& a = p.axes[axis];
  Range taps = a.taps(out[axis]);
  for (int64_t k = taps.begin; k < taps.end; ++k) {
    int64_t in = out[axis] * a.stride - a.pad + k * a.dilation;
    take_window(p, src, out, axis + 1, at * a.in + in, total);
  }
}

void naive_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range units = part_of(p.units, p.tasks, id.index);
  auto* dst = static_cast<float*>(args.dst);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    int64_t out[kMaxRank], rest = unit;
    double divisor = 1;
    for (int i = p.spatial; i-- > 0; rest /= p.axes[i].out) {
      out[i] = rest % p.axes[i].out;
      divisor *= static_cast<double>(p.axes[i].divisor(out[i], p.include_pad));
    }
    Total total;
    take_window(p, p.src.as<float>(args), out, 0, rest, total);
    dst[unit] = static_cast<float>(p.average ? total.sum / divisor : total.best);
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + (problem.flops() / 4e9 + seconds_for_bytes(problem.bytes())) / threads;
}

}  // namespace

Tactic pool_row() {
  return {"cpu.generic.pool", 1,        Isa::scalar,     Numerics::rounding, supports,
          one_config,         estimate, book<params_of>, pack_copied,        task};
}
Tactic pool_naive_row() {
  return {"cpu.generic.pool_naive",
          1,
          Isa::scalar,
          Numerics::rounding,
          single_plain_f32<op::Pool>,
          one_config,
          estimate_slow,
          book<naive_params_of>,
          pack_copied,
          naive_task};
}

}  // namespace stretto::kernels::generic
