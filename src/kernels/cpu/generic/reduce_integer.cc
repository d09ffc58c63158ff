// Reductions of plain tensors of bytes over any axes: largest and smallest as they are, means rounded to even, sums in
// i32.
#include <cmath>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

/// Sizes and steps of the axes of one sort, joined where they adjoin.
struct Axes {
  int32_t rank = 0;
  int64_t size[kMaxRank] = {}, stride[kMaxRank] = {}, count = 1;

  void add(int64_t n, int64_t step) {
    count *= n;
    if (rank > 0 && stride[rank - 1] == step * n) {
      size[rank - 1] *= n;
      stride[rank - 1] = step;
    } else if (n != 1) {
      size[rank] = n;
      stride[rank++] = step;
    }
  }
  /// Of the elements of the axes but the innermost `skipped`.
  int64_t offset_of(int64_t index, int skipped) const {
    int64_t offset = 0;
    for (int i = rank - skipped; i-- > 0; index /= size[i]) offset += index % size[i] * stride[i];
    return offset;
  }
};

struct Params {
  Place src;
  op::ReduceKind kind = op::ReduceKind::mean;
  bool is_signed = false;
  Axes kept, reduced;
  int32_t tasks = 1;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Reduce>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  if (source_of(problem, 0).type.elements() == 0) return Refusal::other_shape;
  const DType dtype = source_of(problem, 0).type.dtype;
  return dtype == DType::u8 || dtype == DType::i8 ? Refusal::none : Refusal::other_type;
}

double seconds_of(const Problem& problem) {
  return static_cast<double>(source_of(problem, 0).type.elements()) * 1e-9 + seconds_for_bytes(problem.bytes());
}

Booking book(const Problem& problem, const Config&) {
  const op::Reduce& a = *first_as<op::Reduce>(problem);
  const Operand& src = source_of(problem, 0);
  const Shape& shape = src.type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.kind = a.kind;
  p.is_signed = src.type.dtype == DType::i8;
  unsigned reduced = 0;
  for (int64_t axis : a.axes) reduced |= 1u << axis;
  for (int i = 0; i < shape.size(); ++i) {
    (reduced >> i & 1 ? p.reduced : p.kept).add(shape[i], product(shape, i + 1, shape.size()));
  }
  p.tasks = tasks_for(p.kept.count, seconds_of(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

struct Total {
  int64_t sum = 0;
  int32_t least = 255, most = -128;
};

/// Everything that the kinds need of n elements, in sums that vectors hold.
template <class T>
void take_line(const T* x, int64_t n, int64_t step, Total& total) {
  for (int64_t first = 0; first < n; first += 4096) {
    const int64_t end = std::min(n, first + 4096);
    int32_t sum = 0;
    for (int64_t i = first; i < end; ++i) {
      const int32_t v = x[i * step];
      sum += v;
      total.least = std::min(total.least, v);
      total.most = std::max(total.most, v);
    }
    total.sum += sum;
  }
}

template <class T>
void run(const StepArgs& args, const Params& p, Range range) {
  const Axes& a = p.reduced;
  const int64_t n = a.rank > 0 ? a.size[a.rank - 1] : 1, step = a.rank > 0 ? a.stride[a.rank - 1] : 1;
  for (int64_t output = range.begin; output < range.end; ++output) {
    const T* src = p.src.as<T>(args) + p.kept.offset_of(output, 0);
    Total total;
    for (int64_t line = 0; line < a.count / n; ++line) take_line(src + a.offset_of(line, 1), n, step, total);
    if (p.kind == op::ReduceKind::sum) {
      static_cast<int32_t*>(args.dst)[output] = static_cast<int32_t>(static_cast<uint32_t>(total.sum));
      continue;
    }
    const double mean = std::nearbyint(static_cast<double>(total.sum) / static_cast<double>(a.count));
    static_cast<T*>(args.dst)[output] = static_cast<T>(p.kind == op::ReduceKind::max   ? total.most
                                                       : p.kind == op::ReduceKind::min ? total.least
                                                                                       : static_cast<int32_t>(mean));
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const Range range = part_of(p.kept.count, p.tasks, id.index);
  return p.is_signed ? run<int8_t>(args, p, range) : run<uint8_t>(args, p, range);
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic reduce_integer_row() {
  return {"cpu.generic.reduce_integer",
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
