// Reductions over any axes of plain tensors, and over H and W of tensors in blocks of channels.
#include <limits>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 256;

/// Axes of one sort, kept or reduced, joined where they adjoin.
struct Axes {
  int32_t rank = 0;
  int64_t size[kMaxRank] = {}, stride[kMaxRank] = {}, count = 1;

  void add(int64_t n, int64_t step) {
    count *= n;
    if (n == 1) return;
    if (rank > 0 && stride[rank - 1] == step * n) {
      size[rank - 1] *= n;
      stride[rank - 1] = step;
      return;
    }
    size[rank] = n;
    stride[rank++] = step;
  }
  int64_t offset_of(int64_t index, int last) const {
    int64_t offset = 0;
    for (int i = last; i-- > 0; index /= size[i]) offset += index % size[i] * stride[i];
    return offset;
  }
};

struct Params {
  Place src;
  op::ReduceKind kind = op::ReduceKind::mean;
  DType dtype = DType::f32;
  Axes kept, reduced;
  int32_t tasks = 1;
  int64_t run = 1, runs = 1;  // outputs computed together, and how many such runs
  int64_t block = 1, channels = 1, blocks = 1;
  bool plain_output = false;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Reduce>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  DType dtype = problem.output().type.dtype;
  if (source_of(problem, 0).type.dtype != dtype) return Refusal::other_type;
  return dtype == DType::f32 || dtype == DType::i32 || dtype == DType::i64 ? Refusal::none : Refusal::other_type;
}

Refusal supports_blocked(const Problem& problem) {
  Refusal r = single<op::Reduce>(problem);
  if (r != Refusal::none) return r;
  if (!all_of_type(problem, DType::f32)) return Refusal::other_type;
  Layout src = source_of(problem, 0).layout, dst = problem.output().layout;
  if (src == Layout::plain || (dst != src && dst != Layout::plain)) return Refusal::other_layout;
  return first_as<op::Reduce>(problem)->axes == Dims{2, 3} ? Refusal::none : Refusal::attributes;
}

double seconds_of(const Problem& problem) {
  return static_cast<double>(source_of(problem, 0).type.elements()) * 0.4e-9 + seconds_for_bytes(problem.bytes());
}

Params params_of(const Problem& problem) {
  const op::Reduce& a = *first_as<op::Reduce>(problem);
  const Shape& src = source_of(problem, 0).type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.kind = a.kind;
  p.dtype = problem.output().type.dtype;
  unsigned reduced = 0;
  for (int64_t axis : a.axes) reduced |= 1u << axis;
  int64_t strides[kMaxRank], step = 1;
  for (int i = src.size(); i-- > 0; step *= src[i]) strides[i] = step;
  for (int i = 0; i < src.size(); ++i) (reduced >> i & 1 ? p.reduced : p.kept).add(src[i], strides[i]);
  // Where the innermost axis is kept, a run of adjoining outputs is computed together.
  bool kept_inside = p.kept.rank > 0 && p.kept.stride[p.kept.rank - 1] == 1;
  p.run = kept_inside ? p.kept.size[p.kept.rank - 1] : 1;
  p.runs = p.kept.count / p.run;
  int64_t stretches = (p.run + kStretch - 1) / kStretch;
  p.tasks = tasks_for(p.runs * stretches, seconds_of(problem));
  return p;
}

Params blocked_params_of(const Problem& problem) {
  const Shape& src = source_of(problem, 0).type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.kind = first_as<op::Reduce>(problem)->kind;
  p.block = block_of(source_of(problem, 0).layout);
  p.channels = src[1];
  p.blocks = (src[1] + p.block - 1) / p.block;
  p.reduced.add(src[2] * src[3], p.block);
  p.runs = src[0] * p.blocks;
  p.plain_output = problem.output().layout == Layout::plain;
  p.tasks = tasks_for(p.runs, seconds_of(problem));
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

/// Sums are kept in double (or modulo 2^64).
template <class T>
using Sum = std::conditional_t<std::is_same_v<T, float>, double, uint64_t>;

template <class T>
T finish(const Params& p, Sum<T> sum) {
  if (p.kind == op::ReduceKind::sum) return static_cast<T>(sum);
  if constexpr (std::is_same_v<T, float>) return static_cast<T>(sum / static_cast<double>(p.reduced.count));
  return static_cast<T>(static_cast<int64_t>(sum) / p.reduced.count);
}

/// Calls run(offset, count, step) for every innermost line of the reduced axes.
template <class F>
void for_each_line(const Axes& a, F line) {
  if (a.rank == 0) return line(0, 1, 1);
  int64_t n = a.size[a.rank - 1], lines = a.count / n;
  for (int64_t i = 0; i < lines; ++i) line(a.offset_of(i, a.rank - 1), n, a.stride[a.rank - 1]);
}

/// One output. Sixteen partial sums on adjoining elements, joined in a fixed order.
template <class T>
T reduce_one(const Params& p, const T* src) {
  bool sums = p.kind == op::ReduceKind::sum || p.kind == op::ReduceKind::mean, largest = p.kind == op::ReduceKind::max;
  Sum<T> part[16] = {}, sum = 0;
  T best = src[0];
  for_each_line(p.reduced, [&](int64_t offset, int64_t n, int64_t step) {
    const T* x = src + offset;
    int64_t i = 0;
    if (sums && step == 1) {
      for (; i + 16 <= n; i += 16) {
        for (int64_t j = 0; j < 16; ++j) part[j] += static_cast<Sum<T>>(x[i + j]);
      }
    }
    for (; i < n && sums; ++i) sum += static_cast<Sum<T>>(x[i * step]);
    for (i = 0; i < n && !sums; ++i) {
      T v = x[i * step];
      if ((largest ? v > best : v < best) || v != v) best = v;
    }
  });
  for (Sum<T> v : part) sum += v;
  return sums ? finish<T>(p, sum) : best;
}

/// `count` adjoining outputs.
template <class T>
void reduce_run(const Params& p, const T* src, int64_t count, T* dst) {
  bool sums = p.kind == op::ReduceKind::sum || p.kind == op::ReduceKind::mean, largest = p.kind == op::ReduceKind::max;
  Sum<T> sum[kStretch];
  for (int64_t i = 0; i < count; ++i) sum[i] = 0;
  if (!sums) std::copy_n(src, count, dst);
  for_each_line(p.reduced, [&](int64_t offset, int64_t n, int64_t step) {
    for (int64_t k = 0; k < n; ++k) {
      const T* x = src + offset + k * step;
      if (sums) {
        for (int64_t i = 0; i < count; ++i) sum[i] += static_cast<Sum<T>>(x[i]);
      } else if (largest) {
        for (int64_t i = 0; i < count; ++i) dst[i] = x[i] > dst[i] || x[i] != x[i] ? x[i] : dst[i];
      } else {
        for (int64_t i = 0; i < count; ++i) dst[i] = x[i] < dst[i] || x[i] != x[i] ? x[i] : dst[i];
      }
    }
  });
  for (int64_t i = 0; i < count && sums; ++i) dst[i] = finish<T>(p, sum[i]);
}

template <class T>
void run(const StepArgs& args, const Params& p, int index) {
  const T* src = p.src.as<T>(args);
  auto* dst = static_cast<T*>(args.dst);
  int64_t stretches = (p.run + kStretch - 1) / kStretch;
  Range r = part_of(p.runs * stretches, p.tasks, index);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    int64_t first = unit % stretches * kStretch, output = unit / stretches * p.run + first;
    const T* from = src + p.kept.offset_of(output, p.kept.rank);
    if (p.run == 1) {
      dst[output] = reduce_one(p, from);
    } else {
      reduce_run(p, from, std::min(kStretch, p.run - first), dst + output);
    }
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  switch (p.dtype) {
    case DType::i32:
      return run<int32_t>(args, p, id.index);
    case DType::i64:
      return run<int64_t>(args, p, id.index);
    default:
      return run<float>(args, p, id.index);
  }
}

void blocked_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.runs, p.tasks, id.index);
  auto* dst = static_cast<float*>(args.dst);
  alignas(64) float lanes[16];
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    reduce_run(p, p.src.as<float>(args) + unit * p.reduced.count * p.block, p.block, lanes);
    int64_t first = unit % p.blocks * p.block, used = std::min(p.block, p.channels - first);
    float* out = p.plain_output ? dst + unit / p.blocks * p.channels + first : dst + unit * p.block;
    for (int64_t i = 0; i < used; ++i) out[i] = lanes[i];
    for (int64_t i = used; i < p.block && !p.plain_output; ++i) out[i] = 0;
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic reduce_row() {
  return {"cpu.generic.reduce", 1,        Isa::scalar,     Numerics::rounding, supports,
          one_config,           estimate, book<params_of>, pack_copied,        task};
}
Tactic reduce_blocked_row() {
  return {"cpu.generic.reduce_blocked",
          1,
          Isa::scalar,
          Numerics::rounding,
          supports_blocked,
          one_config,
          estimate,
          book<blocked_params_of>,
          pack_copied,
          blocked_task};
}

}  // namespace stretto::kernels::generic
