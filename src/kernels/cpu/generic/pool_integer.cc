// Pooling of bytes over any number of spatial axes, one element at a time.
#include <cmath>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0, pad_end = 0;

  /// Taps [low, high) of the window of output `o` that lie in the input.
  Range taps(int64_t o) const {
    const int64_t start = o * stride - pad;
    const int64_t low = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const int64_t high = start >= in ? 0 : std::min(kernel, (in - start + dilation - 1) / dilation);
    return {low, std::max(low, high)};
  }
  /// Taps of it that lie in the input or its pads.
  int64_t padded(int64_t o) const {
    return std::min(kernel, (in + pad_end - (o * stride - pad) + dilation - 1) / dilation);
  }
};

struct Params {
  Place src;
  bool average = false, include_pad = false, is_signed = false;
  int32_t spatial = 2, tasks = 1;
  Axis axes[kMaxRank - 2];
  int64_t total = 0;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Pool>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  const DType dtype = problem.output().type.dtype;
  return dtype == DType::u8 || dtype == DType::i8 ? Refusal::none : Refusal::other_type;
}

double seconds_of(const Problem& problem) {
  return problem.flops() / 5e8 + seconds_for_bytes(problem.bytes());
}

Booking book(const Problem& problem, const Config&) {
  const op::Pool& a = *first_as<op::Pool>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.average = a.kind == op::PoolKind::average;
  p.include_pad = a.count_include_pad;
  p.is_signed = problem.output().type.dtype == DType::i8;
  p.spatial = src.size() - 2;
  for (int i = 0; i < p.spatial; ++i) {
    p.axes[i] = {src[2 + i], dst[2 + i], a.kernel[i], a.strides[i], a.dilations[i], a.pads[i], a.pads[p.spatial + i]};
  }
  p.total = problem.output().type.elements();
  p.tasks = tasks_for(p.total, seconds_of(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

struct Total {
  int64_t sum = 0, best = -128;
};

template <class T>
void take_window(const Params& p, const T* src, const int64_t* out, int axis, int64_t at, Total& total) {
  const Axis& a = p.axes[axis];
  const Range taps = a.taps(out[axis]);
  at = at * a.in + out[axis] * a.stride - a.pad;
  for (int64_t k = taps.begin; k < taps.end; ++k) {
    if (axis + 1 < p.spatial) {
      take_window(p, src, out, axis + 1, at + k * a.dilation, total);
      continue;
    }
    const int64_t v = src[at + k * a.dilation];
    total.sum += v;
    total.best = std::max(total.best, v);
  }
}

template <class T>
void run(const StepArgs& args, const Params& p, Range range) {
  const T* src = p.src.as<T>(args);
  T* dst = static_cast<T*>(args.dst);
  for (int64_t i = range.begin; i < range.end; ++i) {
    int64_t out[kMaxRank], rest = i, count = 1;
    for (int axis = p.spatial; axis-- > 0; rest /= p.axes[axis].out) {
      out[axis] = rest % p.axes[axis].out;
      const Range taps = p.axes[axis].taps(out[axis]);
      count *= p.include_pad ? p.axes[axis].padded(out[axis]) : taps.end - taps.begin;
    }
    Total total;
    take_window(p, src, out, 0, rest, total);
    const double mean = std::nearbyint(static_cast<double>(total.sum) / static_cast<double>(count));
    dst[i] = static_cast<T>(p.average ? static_cast<int64_t>(mean) : total.best);
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const Range range = part_of(p.total, p.tasks, id.index);
  return p.is_signed ? run<int8_t>(args, p, range) : run<uint8_t>(args, p, range);
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic pool_integer_row() {
  return {"cpu.generic.pool_integer",
          1,
          Isa::scalar,
          Numerics::bit_exact,
          supports,
          one_config,
          estimate,
          book,
          pack_copied,
          task};
}

}  // namespace stretto::kernels::generic
