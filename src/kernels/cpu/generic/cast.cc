// Casts between all pairs of element types, through double or int64.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/element.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 256;

struct Params {
  Place src;
  DType from = DType::f32, to = DType::f32;
  int64_t total = 0;
  int32_t tasks = 1;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Cast>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

Booking book(const Problem& problem, const Config&) {
  Params p;
  p.src = source_place(problem, 0);
  p.from = source_of(problem, 0).type.dtype;
  p.to = problem.output().type.dtype;
  p.total = problem.output().type.elements();
  p.tasks = tasks_for((p.total + kStretch - 1) / kStretch, static_cast<double>(p.total) * 2e-9);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// The integer that a number becomes before it is wrapped to its type.
int64_t integer_for(DType to, double v) {
  if (to == DType::boolean) return v != 0;
  if (to == DType::u64 && v >= 0x1p63) {
    return static_cast<int64_t>(v >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(v));
  }
  return to_integer(v);
}

void cast(const Params& p, const void* src, void* dst, int64_t first, int64_t n) {
  double reals[kStretch];
  int64_t integers[kStretch];
  if (is_float(p.from)) {
    read_reals(p.from, src, first, n, reals);
    if (is_float(p.to)) return write_reals(p.to, reals, n, dst, first);
    for (int64_t i = 0; i < n; ++i) integers[i] = integer_for(p.to, reals[i]);
    return write_integers(p.to, integers, n, dst, first);
  }
  read_integers(p.from, src, first, n, integers);
  if (!is_float(p.to)) return write_integers(p.to, integers, n, dst, first);
  for (int64_t i = 0; i < n; ++i) {
    reals[i] = p.from == DType::u64 ? static_cast<double>(static_cast<uint64_t>(integers[i]))
                                    : static_cast<double>(integers[i]);
  }
  write_reals(p.to, reals, n, dst, first);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of((p.total + kStretch - 1) / kStretch, p.tasks, id.index);
  for (int64_t i = r.begin; i < r.end; ++i) {
    cast(p, p.src.of(args), args.dst, i * kStretch, std::min(kStretch, p.total - i * kStretch));
  }
}

}  // namespace

Tactic cast_row() {
  return {"cpu.generic.cast", 1,   Isa::scalar, Numerics::bit_exact, supports, one_config, estimate_compute, book,
          pack_copied,        task};
}

}  // namespace stretto::kernels::generic
