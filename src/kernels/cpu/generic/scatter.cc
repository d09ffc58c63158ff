// Scatter: the data are copied, then every update joins its row, in order. Tasks divide the columns of the rows, so
// that two updates of one element are never apart.
#include <algorithm>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

struct Params {
  Place data, indices, updates;
  op::ScatterKind kind = op::ScatterKind::replace;
  DType type = DType::f32;
  bool wide = false;  // indices are i64
  int32_t tasks = 1;
  int64_t rows = 1, inner = 1, count = 1;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Scatter>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  const DType type = problem.output().type.dtype;
  const bool computed = type == DType::f32 || type == DType::i32 || type == DType::i64;
  const bool copies = first_as<op::Scatter>(problem)->kind == op::ScatterKind::replace;
  return copies || computed ? Refusal::none : Refusal::other_type;
}

Booking book(const Problem& problem, const Config&) {
  const Shape& out = problem.output().type.shape;
  Params p;
  p.data = source_place(problem, 0);
  p.indices = source_place(problem, 1);
  p.updates = source_place(problem, 2);
  p.kind = first_as<op::Scatter>(problem)->kind;
  p.type = problem.output().type.dtype;
  p.wide = source_of(problem, 1).type.dtype == DType::i64;
  p.rows = out[0];
  p.inner = product(out, 1, out.size());
  p.count = source_of(problem, 1).type.elements();
  p.tasks = tasks_for((p.inner + 15) / 16, seconds_for_bytes(problem.bytes()));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

template <class T>
T joined(op::ScatterKind kind, T x, T y) {
  switch (kind) {
    case op::ScatterKind::replace:
      return y;
    case op::ScatterKind::add:
      if constexpr (std::is_integral_v<T>)
        return static_cast<T>(std::make_unsigned_t<T>(x) + std::make_unsigned_t<T>(y));
      return x + y;
    case op::ScatterKind::mul:
      if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(x) * static_cast<uint64_t>(y));
      return x * y;
    case op::ScatterKind::min:
      return y != y || y < x ? y : x;
    case op::ScatterKind::max:
      return y != y || y > x ? y : x;
  }
  return x;
}

template <class T>
void run(const StepArgs& args, const Params& p, Range columns) {
  const T *data = p.data.as<T>(args), *updates = p.updates.as<T>(args);
  const std::byte* indices = p.indices.of(args);
  T* dst = static_cast<T*>(args.dst);
  const int64_t width = columns.end - columns.begin;
  for (int64_t row = 0; row < p.rows; ++row) {
    std::copy_n(data + row * p.inner + columns.begin, width, dst + row * p.inner + columns.begin);
  }
  for (int64_t m = 0; m < p.count; ++m) {
    int64_t row = p.wide ? reinterpret_cast<const int64_t*>(indices)[m] : reinterpret_cast<const int32_t*>(indices)[m];
    if (row < -p.rows || row >= p.rows) continue;
    if (row < 0) row += p.rows;
    const T* from = updates + m * p.inner;
    T* to = dst + row * p.inner;
    for (int64_t i = columns.begin; i < columns.end; ++i) to[i] = joined(p.kind, to[i], from[i]);
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  const Range columns = part_of(p.inner, p.tasks, id.index);
  if (p.kind != op::ScatterKind::replace) {
    if (p.type == DType::f32) return run<float>(args, p, columns);
    return p.type == DType::i32 ? run<int32_t>(args, p, columns) : run<int64_t>(args, p, columns);
  }
  with_element(static_cast<int32_t>(size_of(p.type)), [&](auto element) { run<decltype(element)>(args, p, columns); });
}

}  // namespace

Tactic scatter_row() {
  return {"cpu.generic.scatter", 1,   Isa::scalar, Numerics::rounding, supports, one_config, estimate_compute, book,
          pack_copied,           task};
}

}  // namespace stretto::kernels::generic
