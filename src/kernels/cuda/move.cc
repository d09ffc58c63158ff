#include "kernels/cuda/move.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

/// A result's storage in order, read with `steps` a result's axis from `base`
/// on.
MoveParams one_part(const Problem &problem, const Dims &steps, int64_t base) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Dims axes = axes_in_storage(dst), sizes = sizes_in_storage(dst);
  Dims ordered, dense = Dims::filled(axes.size(), 1);
  for (int64_t axis : axes) ordered.push_back(steps[static_cast<int>(axis)]);
  for (int i = axes.size() - 1; i-- > 0;) dense[i] = dense[i + 1] * sizes[i + 1];
  MoveParams p{};
  p.parts = 1;
  p.out = stored_as(dst);
  p.part[0] = {source_place(problem, 0),      stored_as(src),       lanes_of(dst), stored_count(dst),
               walk_of(sizes, ordered, base), walk_of(sizes, dense)};
  return p;
}

Booking book_reformat(const Problem &problem, const Config &) {
  return booking_of<MoveElement>(one_part(problem, strides_of(source_of(problem, 0)), 0), copied_bytes(problem));
}

/// Transpose, Slice and Expand: each axis of the result moves by a fixed step
/// in the source.
Refusal supports_move(const Problem &problem) {
  if (single_move<op::Transpose>(problem) == Refusal::none) return Refusal::none;
  if (single_move<op::Slice>(problem) == Refusal::none) return Refusal::none;
  return single_move<op::Expand>(problem);
}

Booking book_move(const Problem &problem, const Config &) {
  const Operand &src = source_of(problem, 0);
  const Shape &from = src.type.shape, &to = problem.output().type.shape;
  const Dims strides = strides_of(src);
  Dims steps;
  int64_t base = 0;
  for (int i = 0; i < to.size(); ++i) {
    if (const auto *transpose = first_as<op::Transpose>(problem)) {
      steps.push_back(strides[static_cast<int>(transpose->perm[i])]);
    } else if (const auto *slice = first_as<op::Slice>(problem)) {
      steps.push_back(slice->sizes[i] > 1 ? slice->steps[i] * strides[i] : 0);
      base += slice->starts[i] * strides[i];
    } else {
      const int own = i - (to.size() - from.size());
      steps.push_back(own >= 0 && from[own] > 1 ? strides[own] : 0);
    }
  }
  return booking_of<MoveElement>(one_part(problem, steps, base), copied_bytes(problem));
}

Refusal supports_concat(const Problem &problem) {
  if (const Refusal r = single_move<op::Concat>(problem); r != Refusal::none) return r;
  if (source_count(problem) > static_cast<int>(MoveParams::kMaxParts)) return Refusal::other_shape;
  return Refusal::none;
}

/// Each source in the order of the result's storage. The last of channels last
/// writes the padding lanes as well.
Booking book_concat(const Problem &problem, const Config &) {
  const Operand &dst = problem.output();
  const int64_t along = first_as<op::Concat>(problem)->axis;
  const Dims axes = axes_in_storage(dst), to = strides_of(dst);
  const int count = source_count(problem);
  MoveParams p{};
  p.out = stored_as(dst);
  int64_t begin = 0;
  for (int i = 0; i < count; ++i) {
    const Operand &src = source_of(problem, i);
    const Dims from = strides_of(src), stored = sizes_in_storage(dst);
    Dims sizes, from_steps, to_steps;
    Lanes lanes{1, 1};
    int64_t total = 1;
    for (int k = 0; k < axes.size(); ++k) {
      const int axis = static_cast<int>(axes[k]);
      int64_t size = src.type.shape[axis];
      const bool channels = is_channels_last(dst.layout) && axis == 1, last = i + 1 == count;
      if (channels && (along != 1 || last)) {
        size = stored[k] - (along == 1 ? begin : 0);
        lanes = {static_cast<uint32_t>(size), static_cast<uint32_t>(src.type.shape[1])};
      }
      total *= size;
      sizes.push_back(size);
      from_steps.push_back(from[axis]);
      to_steps.push_back(to[axis]);
    }
    const int64_t base = begin * to[static_cast<int>(along)];
    p.part[p.parts++] = {
        source_place(problem, i),      stored_as(src), lanes, static_cast<uint32_t>(total), walk_of(sizes, from_steps),
        walk_of(sizes, to_steps, base)};
    begin += src.type.shape[static_cast<int>(along)];
  }
  return booking_of<MoveElement>(p, copied_bytes(problem));
}

Row row(const char *name, Refusal (*supports)(const Problem &), Booking (*book)(const Problem &, const Config &)) {
  Tactic tactic{name, 1,           Isa::scalar,         Numerics::rounding, supports, one_config, estimate_elements,
                book, pack_copied, emulate<MoveElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::move};
}

}  // namespace

Row reformat_row() {
  return row("cuda.generic.reformat", single_move<op::Reformat>, book_reformat);
}
Row move_row() {
  return row("cuda.generic.move", supports_move, book_move);
}
Row concat_row() {
  return row("cuda.generic.concat", supports_concat, book_concat);
}

}  // namespace stretto::kernels::cuda
