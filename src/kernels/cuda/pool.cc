#include "kernels/cuda/pool.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

Refusal supports_pool(const Problem &problem) {
  if (const Refusal r = single<op::Pool>(problem); r != Refusal::none) return r;
  if (problem.output().type.shape.size() != 4) return Refusal::other_shape;
  if (!reads_input(problem)) return Refusal::attributes;
  const op::Pool &a = *first_as<op::Pool>(problem);
  return has_small_window(a.kernel, a.strides, a.dilations, a.pads) ? Refusal::none : Refusal::too_large;
}

PoolParams pool_params(const Problem &problem) {
  const op::Pool &a = *first_as<op::Pool>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return PoolAxis{at(src.type.shape[2 + i]), at(a.kernel[i]), at(a.strides[i]),
                    at(a.dilations[i]),        at(a.pads[i]),   at(a.pads[2 + i])};
  };
  PoolParams p{};
  p.out = order4_of(dst);
  p.in = strides4_of(src);
  p.in_half = is_half(src.layout);
  p.out_half = is_half(dst.layout);
  p.average = a.kind == op::PoolKind::average;
  p.include_pad = a.count_include_pad;
  p.h = axis(0);
  p.w = axis(1);
  return p;
}

Booking book_pool(const Problem &problem, const Config &) {
  return booking_of<PoolElement>(pool_params(problem), 0);
}

ReduceParams reduce_params(const Problem &problem) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const ReduceWalks walks = reduce_walks(problem);
  ReduceParams p{};
  p.total = stored_count(dst);
  p.reduced = walks.reduced;
  p.in_half = is_half(src.layout);
  p.out_half = is_half(dst.layout);
  const Lanes lanes = lanes_of(dst);
  p.lanes_padded = lanes.stored != lanes.real;
  p.lanes_stored = lanes.stored;
  p.lanes_real = lanes.real;
  p.kind = first_as<op::Reduce>(problem)->kind;
  p.kept = walks.kept;
  p.within = walks.within;
  return p;
}

Booking book_reduce(const Problem &problem, const Config &) {
  return booking_of<ReduceElement>(reduce_params(problem), 0);
}

Refusal supports_reduce(const Problem &problem) {
  if (const Refusal r = single<op::Reduce>(problem); r != Refusal::none) return r;
  return reads_input(problem) ? Refusal::none : Refusal::attributes;
}

Refusal supports_softmax(const Problem &problem) {
  if (const Refusal r = single<op::Softmax>(problem); r != Refusal::none) return r;
  if (!reads_input(problem)) return Refusal::attributes;
  const bool plain = source_of(problem, 0).layout == Layout::plain && problem.output().layout == Layout::plain;
  return plain ? Refusal::none : Refusal::other_layout;
}

Booking book_softmax(const Problem &problem, const Config &) {
  const Shape &shape = problem.output().type.shape;
  const int64_t axis = first_as<op::Softmax>(problem)->axis;
  SoftmaxParams p{1, static_cast<uint32_t>(shape[static_cast<int>(axis)]), 1};
  for (int i = 0; i < shape.size(); ++i) {
    if (i != axis) p.rows *= static_cast<uint32_t>(shape[i]);
    if (i > axis) p.step *= static_cast<uint32_t>(shape[i]);
  }
  return booking_of<SoftmaxElement>(p, 0);
}

Row row(const char *name, Refusal (*supports)(const Problem &), Booking (*book)(const Problem &, const Config &),
        TaskFunction task, Kernel kernel) {
  Tactic tactic{name, 1,           Isa::scalar, Numerics::rounding, supports, one_config, estimate_elements,
                book, pack_copied, task};
  tactic.on_gpu = true;
  return {tactic, kernel};
}

}  // namespace

Row pool_row() {
  return row("cuda.generic.pool", supports_pool, book_pool, emulate<PoolElement>, Kernel::pool);
}
Row reduce_row() {
  return row("cuda.generic.reduce", supports_reduce, book_reduce, emulate<ReduceElement>, Kernel::reduce);
}
Row softmax_row() {
  return row("cuda.generic.softmax", supports_softmax, book_softmax, emulate<SoftmaxElement>, Kernel::softmax);
}

}  // namespace stretto::kernels::cuda
