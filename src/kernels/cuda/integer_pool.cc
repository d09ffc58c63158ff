#include "kernels/cuda/integer_pool.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

bool reads_bytes(const Problem &problem) {
  return size_of(stored_as(source_of(problem, 0))) == 1;
}

Refusal supports_pool(const Problem &problem) {
  if (const Refusal r = single_move<op::Pool>(problem); r != Refusal::none) return r;
  if (!reads_bytes(problem)) return Refusal::other_type;
  if (problem.output().type.shape.size() != 4) return Refusal::other_shape;
  if (!reads_input(problem)) return Refusal::attributes;
  const op::Pool &a = *first_as<op::Pool>(problem);
  return has_small_window(a.kernel, a.strides, a.dilations, a.pads) ? Refusal::none : Refusal::too_large;
}

Booking book_pool(const Problem &problem, const Config &) {
  const op::Pool &a = *first_as<op::Pool>(problem);
  const Operand &src = source_of(problem, 0);
  const auto axis = [&](int i) {
    const auto at = [](int64_t v) { return static_cast<int32_t>(v); };
    return PoolAxis{at(src.type.shape[2 + i]), at(a.kernel[i]), at(a.strides[i]),
                    at(a.dilations[i]),        at(a.pads[i]),   at(a.pads[2 + i])};
  };
  IntegerPoolParams p{};
  p.out = order4_of(problem.output());
  p.in = strides4_of(src);
  p.element = stored_as(src);
  p.average = a.kind == op::PoolKind::average;
  p.include_pad = a.count_include_pad;
  p.h = axis(0);
  p.w = axis(1);
  return booking_of<IntegerPoolElement>(p, 0);
}

Refusal supports_reduce(const Problem &problem) {
  if (!first_as<op::Reduce>(problem)) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  if (!reads_bytes(problem)) return Refusal::other_type;
  for (const Operand &o : problem.operands) {
    if (o.layout != Layout::plain && o.layout != Layout::nhwc16) return Refusal::other_layout;
    if (!is_small(o)) return Refusal::too_large;
  }
  return reads_input(problem) ? Refusal::none : Refusal::attributes;
}

Booking book_reduce(const Problem &problem, const Config &) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const ReduceWalks walks = reduce_walks(problem);
  IntegerReduceParams p{};
  p.total = stored_count(dst);
  p.reduced = walks.reduced;
  p.lanes = lanes_of(dst);
  p.in = stored_as(src);
  p.out = stored_as(dst);
  p.kind = first_as<op::Reduce>(problem)->kind;
  p.kept = walks.kept;
  p.within = walks.within;
  return booking_of<IntegerReduceElement>(p, 0);
}

Row row(const char *name, Refusal (*supports)(const Problem &), Booking (*book)(const Problem &, const Config &),
        TaskFunction task, Kernel kernel) {
  Tactic tactic{name, 1,           Isa::scalar, Numerics::bit_exact, supports, one_config, estimate_elements,
                book, pack_copied, task};
  tactic.on_gpu = true;
  return {tactic, kernel};
}

}  // namespace

Row pool_integer_row() {
  return row("cuda.generic.pool_integer", supports_pool, book_pool, emulate<IntegerPoolElement>, Kernel::integer_pool);
}
Row reduce_integer_row() {
  return row("cuda.generic.reduce_integer", supports_reduce, book_reduce, emulate<IntegerReduceElement>,
             Kernel::integer_reduce);
}

}  // namespace stretto::kernels::cuda
