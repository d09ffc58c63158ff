#include "kernels/cuda/gemm.h"

#include <algorithm>

#include "kernels/cuda/common.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

Refusal supports(const Problem &problem) {
  if (const Refusal r = with_epilogue<op::Gemm>(problem); r != Refusal::none) return r;
  for (const Operand &o : problem.operands) {
    if (o.layout != Layout::plain) return Refusal::other_layout;
  }
  // B may be packed in another order than it came in, which nobody else then
  // can read.
  const std::vector<int> &inputs = problem.nodes[0].inputs;
  const bool shared = std::count(inputs.begin(), inputs.end(), inputs[1]) > 1;
  return shared ? Refusal::attributes : Refusal::none;
}

/// B as a constant lies packed [K][N], whichever way it came: neighbouring
/// threads read neighbours.
bool packs_b(const Problem &problem) {
  return source_of(problem, 1).role == Role::constant;
}

GemmParams params_of(const Problem &problem) {
  const auto &a = *first_as<op::Gemm>(problem);
  const Shape &sa = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  GemmParams p{};
  p.m = u(dst[0]);
  p.n = u(dst[1]);
  p.k = u(sa[a.trans_a ? 0 : 1]);
  p.a_row = a.trans_a ? 1 : p.k;
  p.a_column = a.trans_a ? p.m : 1;
  const bool transposed = a.trans_b && !packs_b(problem);
  p.b_row = transposed ? 1 : p.n;
  p.b_column = transposed ? p.k : 1;
  p.alpha = a.alpha;
  p.beta = a.beta;
  p.a = source_place(problem, 0);
  p.b = source_place(problem, 1);
  p.has_c = source_count(problem) > 2;
  if (p.has_c) {
    p.c = source_place(problem, 2);
    const Shape &c = source_of(problem, 2).type.shape;
    const int64_t columns = c.empty() ? 1 : c.back(), rows = c.size() > 1 ? c[c.size() - 2] : 1;
    p.c_column = columns > 1 ? 1 : 0;
    p.c_row = rows > 1 ? u(columns) : 0;
  }
  p.epilogue = epilogue_of(problem);
  return p;
}

Booking book(const Problem &problem, const Config &) {
  return booking_of<GemmElement>(params_of(problem), copied_bytes(problem));
}

void pack(const Problem &problem, const Config &config, std::span<const Tensor> constants, std::byte *weights) {
  pack_copied(problem, config, constants, weights);
  if (!packs_b(problem) || !first_as<op::Gemm>(problem)->trans_b) return;
  const GemmParams p = params_of(problem);
  const auto from = constant_of(problem, constants, 1).as<float>();
  auto *to = reinterpret_cast<float *>(weights + p.b.offset);
  for (size_t n = 0; n < p.n; ++n) {
    for (size_t k = 0; k < p.k; ++k) to[k * p.n + n] = from[n * p.k + k];
  }
}

}  // namespace

Row gemm_row() {
  Tactic tactic{"cuda.generic.gemm", 1,    Isa::scalar, Numerics::rounding,  supports, one_config,
                estimate_elements,   book, pack,        emulate<GemmElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::gemm};
}

}  // namespace stretto::kernels::cuda
