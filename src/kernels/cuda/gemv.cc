#include "kernels/cuda/gemv.h"

#include <cstring>

#include "device/memory.h"
#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

constexpr int64_t kMaxRows = 64;

Refusal supports(const Problem &problem) {
  if (const Refusal r = with_epilogue<op::Gemm>(problem); r != Refusal::none) return r;
  for (const Operand &o : problem.operands) {
    if (o.layout != Layout::plain) return Refusal::other_layout;
  }
  if (!reads_input(problem) || first_as<op::Gemm>(problem)->trans_a) return Refusal::attributes;
  for (int i = 1; i < source_count(problem); ++i) {
    if (source_of(problem, i).role != Role::constant) return Refusal::dynamic_weights;
  }
  return problem.output().type.shape[0] <= kMaxRows ? Refusal::none : Refusal::too_large;
}

template <bool kHalf>
GemvParams params_of(const Problem &problem) {
  const op::Gemm &a = *first_as<op::Gemm>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  GemvParams p{};
  p.m = static_cast<uint32_t>(dst[0]);
  p.n = static_cast<uint32_t>(dst[1]);
  p.k = static_cast<uint32_t>(src[1]);
  p.depth = (p.k + kGemvChunk - 1) / kGemvChunk * kGemvChunk;
  p.half = kHalf;
  p.alpha = a.alpha;
  p.beta = a.beta;
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.c_offset = align_up(size_t{p.n} * p.depth * (kHalf ? 2 : 4));
  p.has_c = source_count(problem) > 2;
  if (p.has_c) {
    const Shape &c = source_of(problem, 2).type.shape;
    const int64_t columns = c.empty() ? 1 : c.back(), rows = c.size() > 1 ? c[c.size() - 2] : 1;
    p.c_column = columns > 1 ? 1 : 0;
    p.c_row = rows > 1 ? static_cast<uint32_t>(columns) : 0;
  }
  p.epilogue = epilogue_of(problem);
  return p;
}

template <bool kHalf>
Booking book(const Problem &problem, const Config &) {
  const GemvParams p = params_of<kHalf>(problem);
  Booking booking;
  booking.set_params(p);
  booking.tasks = {1};
  booking.weights_bytes = p.c_offset + (p.has_c ? source_of(problem, 2).type.bytes() : 0);
  return booking;
}

template <bool kHalf>
void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *packed) {
  const GemvParams p = params_of<kHalf>(problem);
  std::memset(packed, 0, book<kHalf>(problem, config).weights_bytes);
  const bool transposed = first_as<op::Gemm>(problem)->trans_b;
  const auto b = constant_of(problem, constants, 1).as<float>();
  for (size_t n = 0; n < p.n; ++n) {
    for (size_t k = 0; k < p.k; ++k) {
      store(packed, kHalf, static_cast<uint32_t>(n * p.depth + k), b[transposed ? n * p.k + k : k * p.n + n]);
    }
  }
  if (p.has_c)
    std::memcpy(packed + p.c_offset, constant_of(problem, constants, 2).as<float>().data(),
                constant_of(problem, constants, 2).as<float>().size_bytes());
}

void task(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<GemvParams>();
  const auto *a = static_cast<const float *>(args.src[p.source]);
  const auto *c = reinterpret_cast<const float *>(args.weights + p.c_offset);
  const void *other = p.epilogue.binary ? args.src[p.epilogue.other] : nullptr;
  for (uint32_t i = 0; i < p.m * p.n; ++i) {
    const uint32_t row = i / p.n, column = i % p.n;
    float sum = 0;
    for (uint32_t k = 0; k < p.k; ++k)
      sum += a[size_t{row} * p.k + k] * load(args.weights, p.half, column * p.depth + k);
    static_cast<float *>(args.dst)[i] = p.finish(sum, c, other, row, column);
  }
}

double estimate(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 2e12, 1e12);
}

template <bool kHalf>
Row row(const char *name) {
  Tactic tactic{name,       1,        Isa::scalar, Numerics::rounding, supports,
                one_config, estimate, book<kHalf>, pack<kHalf>,        task};
  tactic.on_gpu = true;
  tactic.half_weights = kHalf;
  return {tactic, Kernel::gemv};
}

}  // namespace

Row gemv_half_row() {
  return row<true>("cuda.gemv.f16w");
}
Row gemv_row() {
  return row<false>("cuda.gemv.f32");
}

}  // namespace stretto::kernels::cuda
