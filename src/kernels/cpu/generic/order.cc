// Operators along lines of plain tensors: running sums and products, and positions of the best elements.
#include <cmath>
#include <type_traits>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

/// Lines of `size` elements, `inner` apart, of which there are `lines`.
struct Params {
  Place src;
  DType type = DType::f32;
  bool product = false, exclusive = false, reverse = false, largest = true;
  int32_t tasks = 1;
  int64_t size = 1, inner = 1, lines = 1, k = 1;
  int64_t first_of(int64_t line, int64_t length) const { return line / inner * inner * length + line % inner; }
};

/// Calls call(T{}) with the type's own T; f16 and bf16 have none.
template <class F>
void with_type(DType type, F&& call) {
  switch (type) {
    case DType::f32:
      return call(float{});
    case DType::f64:
      return call(double{});
    case DType::i8:
      return call(int8_t{});
    case DType::u8:
    case DType::boolean:
      return call(uint8_t{});
    case DType::i16:
      return call(int16_t{});
    case DType::u16:
      return call(uint16_t{});
    case DType::i32:
      return call(int32_t{});
    case DType::u32:
      return call(uint32_t{});
    case DType::u64:
      return call(uint64_t{});
    default:
      return call(int64_t{});
  }
}

template <class T>
Refusal supports(const Problem& problem) {
  Refusal r = single<T>(problem);
  if (r != Refusal::none) return r;
  if (!all_plain(problem)) return Refusal::other_layout;
  const DType type = source_of(problem, 0).type.dtype;
  return type == DType::f16 || type == DType::bf16 ? Refusal::other_type : Refusal::none;
}

Params lines_of(const Problem& problem, int64_t axis) {
  const TensorType& src = source_of(problem, 0).type;
  const int at = static_cast<int>(axis);
  Params p;
  p.src = source_place(problem, 0);
  p.type = src.dtype;
  p.size = src.shape[at];
  p.inner = product(src.shape, at + 1, src.shape.size());
  p.lines = src.elements() / p.size;
  p.tasks = tasks_for(p.lines, problem.flops() * 2e-9 + seconds_for_bytes(problem.bytes()));
  return p;
}

Booking booked(const Problem& problem, const Params& p) {
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

Booking book_cumulate(const Problem& problem, const Config&) {
  const op::Cumulate& a = *first_as<op::Cumulate>(problem);
  Params p = lines_of(problem, a.axis);
  p.product = a.kind == op::CumulateKind::product;
  p.exclusive = a.exclusive;
  p.reverse = a.reverse;
  return booked(problem, p);
}

Booking book_top_k(const Problem& problem, const Config&) {
  const op::TopK& a = *first_as<op::TopK>(problem);
  Params p = lines_of(problem, a.axis);
  p.k = a.k;
  p.largest = a.largest;
  Booking b = booked(problem, p);
  if (p.k > 1) b.worker_scratch_bytes = static_cast<size_t>(p.size) * sizeof(int32_t);
  return b;
}

/// Sums are kept in double (or modulo 2^64).
template <class T>
void cumulate(const Params& p, const T* src, T* dst) {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;
  Sum total = p.product ? 1 : 0;
  for (int64_t i = 0; i < p.size; ++i) {
    const int64_t at = (p.reverse ? p.size - 1 - i : i) * p.inner;
    const auto x = static_cast<Sum>(src[at]);
    const Sum joined = p.product ? total * x : total + x;
    dst[at] = static_cast<T>(p.exclusive ? total : joined);
    total = joined;
  }
}

void cumulate_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.lines, p.tasks, id.index);
  with_type(p.type, [&](auto element) {
    using T = decltype(element);
    for (int64_t line = r.begin; line < r.end; ++line) {
      const int64_t first = p.first_of(line, p.size);
      cumulate(p, p.src.as<T>(args) + first, static_cast<T*>(args.dst) + first);
    }
  });
}

/// Whether x comes before y: not-a-number comes last.
template <class T>
bool before(T x, T y, bool largest) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
  }
  return largest ? x > y : x < y;
}

template <class T>
void top_k(const Params& p, const T* src, int32_t* order, int64_t* dst) {
  if (p.k == 1) {
    int64_t best = 0;
    for (int64_t i = 1; i < p.size; ++i) {
      if (before(src[i * p.inner], src[best * p.inner], p.largest)) best = i;
    }
    *dst = best;
    return;
  }
  for (int64_t i = 0; i < p.size; ++i) order[i] = static_cast<int32_t>(i);
  std::partial_sort(order, order + p.k, order + p.size, [&](int32_t i, int32_t j) {
    const T x = src[i * p.inner], y = src[j * p.inner];
    return before(x, y, p.largest) || (!before(y, x, p.largest) && i < j);
  });
  for (int64_t i = 0; i < p.k; ++i) dst[i * p.inner] = order[i];
}

void top_k_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  auto* order = reinterpret_cast<int32_t*>(args.scratch_of(id.worker));
  Range r = part_of(p.lines, p.tasks, id.index);
  with_type(p.type, [&](auto element) {
    using T = decltype(element);
    for (int64_t line = r.begin; line < r.end; ++line) {
      top_k(p, p.src.as<T>(args) + p.first_of(line, p.size), order,
            static_cast<int64_t*>(args.dst) + p.first_of(line, p.k));
    }
  });
}

}  // namespace

Tactic cumulate_row() {
  return {"cpu.generic.cumulate",
          1,
          Isa::scalar,
          Numerics::rounding,
          supports<op::Cumulate>,
          one_config,
          estimate_compute,
          book_cumulate,
          pack_copied,
          cumulate_task};
}
Tactic top_k_row() {
  return {"cpu.generic.top_k", 1,          Isa::scalar, Numerics::bit_exact, supports<op::TopK>, one_config,
          estimate_compute,    book_top_k, pack_copied, top_k_task};
}

}  // namespace stretto::kernels::generic
