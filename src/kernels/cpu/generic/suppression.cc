// Suppression of overlapping boxes: each class on its own, then the rows one after the other.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"
#include "op/boxes.h"

namespace stretto::kernels::generic {
namespace {

Refusal supports_boxes(const Problem& problem) {
  Refusal r = single<op::NonMaxSuppression>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

struct BoxesParams {
  Place boxes, scores;
  float overlap = 0, score = 0;
  bool centered = false;
  int32_t tasks = 1;
  int64_t most = 1, n = 1, classes = 1, lines = 1;
  /// Numbers of scratch a class has: how many are kept, these, and room to sort.
  int64_t room() const { return 1 + most + n; }
};

Booking book_boxes(const Problem& problem, const Config&) {
  const op::NonMaxSuppression& a = *first_as<op::NonMaxSuppression>(problem);
  const Shape& scores = source_of(problem, 1).type.shape;
  BoxesParams p;
  p.boxes = source_place(problem, 0);
  p.scores = source_place(problem, 1);
  p.overlap = a.overlap;
  p.score = a.score;
  p.centered = a.centered;
  p.n = scores[2];
  p.most = std::min(a.most, p.n);
  p.classes = scores[1];
  p.lines = scores[0] * scores[1];
  p.tasks = tasks_for(p.lines, problem.flops() * 1e-9);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks, 1};
  b.weights_bytes = copied_bytes(problem);
  b.scratch_bytes = static_cast<size_t>(p.lines * p.room()) * sizeof(int32_t);
  return b;
}

void boxes_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<BoxesParams>();
  auto* scratch = reinterpret_cast<int32_t*>(args.scratch);
  if (id.phase == 0) {
    const op::NonMaxSuppression a{p.most, p.overlap, p.score, p.centered};
    const Range r = part_of(p.lines, p.tasks, id.index);
    for (int64_t line = r.begin; line < r.end; ++line) {
      int32_t* room = scratch + line * p.room();
      room[0] =
          static_cast<int32_t>(op::suppress(a, p.boxes.as<float>(args) + line / p.classes * 4 * p.n,
                                            p.scores.as<float>(args) + line * p.n, p.n, room + 1 + p.most, room + 1));
    }
    return;
  }
  auto* dst = static_cast<int64_t*>(args.dst);
  int64_t row = 0;
  for (int64_t line = 0; line < p.lines; ++line) {
    const int32_t* room = scratch + line * p.room();
    for (int32_t k = 0; k < room[0]; ++k, ++row) {
      dst[3 * row] = line / p.classes;
      dst[3 * row + 1] = line % p.classes;
      dst[3 * row + 2] = room[1 + k];
    }
  }
  std::fill(dst + 3 * row, dst + 3 * p.lines * p.most, int64_t{-1});
}

}  // namespace

Tactic non_max_suppression_row() {
  return {"cpu.generic.non_max_suppression",
          1,
          Isa::scalar,
          Numerics::bit_exact,
          supports_boxes,
          one_config,
          estimate_compute,
          book_boxes,
          pack_copied,
          boxes_task};
}

}  // namespace stretto::kernels::generic
