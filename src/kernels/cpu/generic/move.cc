// Operators that only move elements: slice, transpose, expand, reshape, reformat of plain tensors, slices of blocked
// ones outside the channels, concat along any axis, and gather.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"
#include "kernels/cpu/generic/strided.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 4096;  // elements

struct Params {
  Place src;
  Walk walk;
  int32_t element = 4, tasks = 1;
  int64_t total = 0;
};

bool is_move(const op::Attrs& attrs) {
  return std::holds_alternative<op::Slice>(attrs) || std::holds_alternative<op::Transpose>(attrs) ||
         std::holds_alternative<op::Expand>(attrs) || std::holds_alternative<op::Reshape>(attrs) ||
         std::holds_alternative<op::Reformat>(attrs);
}

Refusal supports(const Problem& problem) {
  if (!is_move(problem.nodes[0].attrs)) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

Refusal supports_blocked(const Problem& problem) {
  Refusal r = single<op::Slice>(problem);
  if (r != Refusal::none) return r;
  const op::Slice& a = *first_as<op::Slice>(problem);
  const Operand& src = source_of(problem, 0);
  if (src.layout == Layout::plain || src.layout != problem.output().layout) return Refusal::other_layout;
  bool all_channels = a.starts[1] == 0 && a.sizes[1] == src.type.shape[1] && (a.steps[1] == 1 || a.sizes[1] == 1);
  return all_channels ? Refusal::none : Refusal::attributes;
}

struct Strides {
  int64_t step[kMaxRank];
};
Strides strides_of(const Shape& shape) {
  Strides s{};
  int64_t step = 1;
  for (int i = shape.size(); i-- > 0; step *= shape[i]) s.step[i] = step;
  return s;
}

Walk walk_of(const Problem& problem) {
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  Strides s = strides_of(src);
  Walk w;
  if (const auto* slice = first_as<op::Slice>(problem)) {
    for (int i = 0; i < dst.size(); ++i) {
      w.base += slice->starts[i] * s.step[i];
      w.add(dst[i], slice->steps[i] * s.step[i]);
    }
  } else if (const auto* transpose = first_as<op::Transpose>(problem)) {
    for (int i = 0; i < dst.size(); ++i) w.add(dst[i], s.step[transpose->perm[i]]);
  } else if (first_as<op::Expand>(problem)) {
    int lead = dst.size() - src.size();
    for (int i = 0; i < dst.size(); ++i) w.add(dst[i], i < lead || src[i - lead] == 1 ? 0 : s.step[i - lead]);
  } else {
    w.add(problem.output().type.elements(), 1);
  }
  return w;
}

Walk blocked_walk_of(const Problem& problem) {
  const op::Slice& a = *first_as<op::Slice>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  int64_t b = block_of(problem.output().layout), blocks = (src[1] + b - 1) / b, area = src[2] * src[3];
  Walk w;
  w.base = a.starts[0] * blocks * area * b + (a.starts[2] * src[3] + a.starts[3]) * b;
  w.add(dst[0], a.steps[0] * blocks * area * b);
  w.add(blocks, area * b);
  w.add(dst[2], a.steps[2] * src[3] * b);
  w.add(dst[3], a.steps[3] * b);
  w.add(b, 1);
  return w;
}

template <Walk (*kWalkOf)(const Problem&)>
Booking book(const Problem& problem, const Config&) {
  const Operand& out = problem.output();
  Params p;
  p.src = source_place(problem, 0);
  p.walk = kWalkOf(problem);
  p.element = static_cast<int32_t>(size_of(out.type.dtype));
  p.total = stored_elements(out.type.shape, out.layout);
  p.tasks = tasks_for((p.total + kStretch - 1) / kStretch, 2 * seconds_for_bytes(problem.bytes()));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of((p.total + kStretch - 1) / kStretch, p.tasks, id.index);
  int64_t begin = r.begin * kStretch, end = std::min(r.end * kStretch, p.total);
  with_element(p.element, [&](auto type) {
    using T = decltype(type);
    read_walk(p.walk, p.src.as<T>(args), begin, end - begin, static_cast<T*>(args.dst) + begin);
  });
}

/// Runs of adjoining bytes: output row `outer` is a run of every source in turn.
struct ConcatParams {
  static constexpr int kMax = Problem::kMaxOperands;
  int32_t sources = 0, tasks = 1;
  int64_t outer = 1, row = 0;  // bytes of an output row
  Place place[kMax];
  int64_t run[kMax] = {};  // bytes
};

Refusal supports_concat(const Problem& problem) {
  Refusal r = single<op::Concat>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

Booking book_concat(const Problem& problem, const Config&) {
  const Shape& dst = problem.output().type.shape;
  int axis = static_cast<int>(first_as<op::Concat>(problem)->axis);
  auto element = static_cast<int64_t>(size_of(problem.output().type.dtype));
  ConcatParams p;
  p.outer = product(dst, 0, axis);
  for (p.sources = 0; p.sources < source_count(problem); ++p.sources) {
    const Shape& src = source_of(problem, p.sources).type.shape;
    p.place[p.sources] = source_place(problem, p.sources);
    p.run[p.sources] = product(src, axis, src.size()) * element;
    p.row += p.run[p.sources];
  }
  p.tasks = tasks_for(p.outer * p.sources, seconds_for_bytes(problem.bytes()));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

void concat_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<ConcatParams>();
  Range r = part_of(p.outer * p.sources, p.tasks, id.index);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    int64_t outer = unit / p.sources, source = unit % p.sources, at = 0;
    for (int64_t i = 0; i < source; ++i) at += p.run[i];
    int64_t run = p.run[source];
    if (run == 0) continue;
    std::memcpy(static_cast<std::byte*>(args.dst) + outer * p.row + at, p.place[source].of(args) + outer * run,
                static_cast<size_t>(run));
  }
}

struct GatherParams {
  Place data, indices;
  bool wide = false;  // indices are i64
  int32_t tasks = 1;
  int64_t outer = 1, size = 1, count = 1, inner = 0;  // inner: bytes
};

Refusal supports_gather(const Problem& problem) {
  Refusal r = single<op::Gather>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

Booking book_gather(const Problem& problem, const Config&) {
  const Operand &data = source_of(problem, 0), &indices = source_of(problem, 1);
  int axis = static_cast<int>(first_as<op::Gather>(problem)->axis);
  GatherParams p;
  p.data = source_place(problem, 0);
  p.indices = source_place(problem, 1);
  p.wide = indices.type.dtype == DType::i64;
  p.outer = product(data.type.shape, 0, axis);
  p.size = data.type.shape[axis];
  p.count = indices.type.elements();
  p.inner = product(data.type.shape, axis + 1, data.type.shape.size()) * static_cast<int64_t>(size_of(data.type.dtype));
  p.tasks = tasks_for(p.outer * p.count, 2 * seconds_for_bytes(static_cast<double>(problem.output().type.bytes())));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// Indices are data: negative ones count from the end, those out of range are brought to the nearer end.
void gather_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<GatherParams>();
  Range r = part_of(p.outer * p.count, p.tasks, id.index);
  const std::byte *data = p.data.of(args), *indices = p.indices.of(args);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    int64_t i = unit % p.count;
    int64_t at = p.wide ? reinterpret_cast<const int64_t*>(indices)[i] : reinterpret_cast<const int32_t*>(indices)[i];
    if (at < 0) at = at < -p.size ? 0 : at + p.size;
    at = std::min(at, p.size - 1);
    std::memcpy(static_cast<std::byte*>(args.dst) + unit * p.inner, data + (unit / p.count * p.size + at) * p.inner,
                static_cast<size_t>(p.inner));
  }
}

}  // namespace

Tactic move_row() {
  return {"cpu.generic.move", 1,           Isa::scalar, Numerics::bit_exact, supports, one_config, estimate_compute,
          book<walk_of>,      pack_copied, task};
}
Tactic slice_blocked_row() {
  return {"cpu.generic.slice_blocked",
          1,
          Isa::scalar,
          Numerics::bit_exact,
          supports_blocked,
          one_config,
          estimate_compute,
          book<blocked_walk_of>,
          pack_copied,
          task};
}
Tactic concat_row() {
  return {"cpu.generic.concat", 1,           Isa::scalar, Numerics::bit_exact, supports_concat, one_config,
          estimate_compute,     book_concat, pack_copied, concat_task};
}
Tactic gather_row() {
  return {"cpu.generic.gather", 1,           Isa::scalar, Numerics::bit_exact, supports_gather, one_config,
          estimate_compute,     book_gather, pack_copied, gather_task};
}

}  // namespace stretto::kernels::generic
