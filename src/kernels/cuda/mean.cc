#include "kernels/cuda/mean.h"

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

Refusal supports(const Problem &problem) {
  if (const Refusal r = single<op::Reduce>(problem); r != Refusal::none) return r;
  const op::Reduce &a = *first_as<op::Reduce>(problem);
  const Operand &src = source_of(problem, 0);
  if (!is_channels_last(src.layout)) return Refusal::other_layout;
  if (!reads_input(problem) || a.kind != op::ReduceKind::mean || !(a.axes == Dims{2, 3})) return Refusal::attributes;
  return Refusal::none;
}

MeanParams params_of(const Problem &problem) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &s = src.type.shape;
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  MeanParams p{};
  p.images = u(s[0]);
  p.area = u(s[2] * s[3]);
  p.chunks = lanes_of(src).stored / kLanes;
  p.channels = u(s[1]);
  p.fills = is_channels_last(dst.layout);
  p.out_stride = p.fills ? p.chunks * kLanes : p.channels;
  p.in_half = is_half(src.layout);
  p.out_half = is_half(dst.layout);
  return p;
}

Booking book(const Problem &problem, const Config &) {
  Booking booking;
  booking.set_params(params_of(problem));
  booking.tasks = {1};
  return booking;
}

void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<MeanParams>();
  for (uint32_t image = 0; image < p.images; ++image) {
    for (uint32_t c = 0; c < p.out_stride; ++c) {
      float sum = 0;
      for (uint32_t i = 0; i < p.area; ++i) {
        sum += load(args.src[0], p.in_half, (image * p.area + i) * p.chunks * kLanes + c);
      }
      store(args.dst, p.out_half, image * p.out_stride + c, sum / static_cast<float>(p.area));
    }
  }
}

double estimate(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 4e12, 1e12);
}

}  // namespace

Row mean_row() {
  Tactic tactic{"cuda.lanes.mean", 1,        Isa::scalar, Numerics::rounding, supports,
                one_config,        estimate, book,        pack_copied,        task};
  tactic.on_gpu = true;
  return {tactic, Kernel::mean};
}

}  // namespace stretto::kernels::cuda
