#include "kernels/cuda/rescale_row.h"

#include "kernels/cuda/rescale_plan.h"
#include "kernels/cuda/rows.h"

namespace stretto::kernels::cuda {
namespace {

using Params = RescaleElementParams;

bool match(const Problem &problem, Params &p) {
  p.rescale = {};
  p.rescale.out = stored_as(problem.output());
  if (const auto *a = first_as<op::Quantize>(problem)) {
    p.kind = Params::Kind::quantize;
    p.scale = a->scale;
    const int64_t low = a->to == DType::u8 ? 0 : -128;
    p.rescale.zero = static_cast<int32_t>(a->zero);
    p.rescale.least = static_cast<float>(low - a->zero);
    p.rescale.most = static_cast<float>(low + 255 - a->zero);
    return problem.nodes.size() == 1 || (problem.nodes.size() == 2 && match_lookup(problem, 1, p.rescale));
  }
  if (first_as<op::Lookup>(problem)) {
    p.kind = Params::Kind::lookup;
    return problem.nodes.size() == 1 && match_lookup(problem, 0, p.rescale);
  }
  p.kind = Params::Kind::rescale;
  const auto rescale = match_rescale(problem, 0, 0);
  if (rescale) p.rescale = *rescale;
  return rescale.has_value();
}

Refusal supports(const Problem &problem) {
  const op::Attrs &first = problem.nodes[0].attrs;
  const bool known = std::holds_alternative<op::Quantize>(first) || std::holds_alternative<op::Dequantize>(first) ||
                     std::holds_alternative<op::Requantize>(first) || std::holds_alternative<op::Lookup>(first);
  if (!known) return Refusal::other_operator;
  if (const Refusal r = refuse_integers(problem); r != Refusal::none) return r;
  if (!reads_input(problem)) return Refusal::attributes;
  Params p{};
  return match(problem, p) ? Refusal::none : Refusal::fused_operators;
}

Params params_of(const Problem &problem) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  Params p{};
  match(problem, p);
  p.total = stored_count(dst);
  p.lanes = lanes_of(dst);
  p.from = stored_as(src);
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.dense = src.layout == dst.layout;
  const Dims strides = strides_of(src), axes = axes_in_storage(dst), sizes = sizes_in_storage(dst);
  Dims steps;
  for (int64_t axis : axes) steps.push_back(strides[static_cast<int>(axis)]);
  if (!p.dense) p.walk = walk_of(sizes, steps);
  p.inner = p.size = 1;
  if (p.rescale.per_index) {
    const auto *a = first_as<op::Dequantize>(problem);
    const int64_t axis = a != nullptr ? a->axis : 1;
    for (int i = axes.size(); i-- > 0;) {
      if (axes[i] == axis) {
        p.size = static_cast<uint32_t>(sizes[i]);
        break;
      }
      p.inner *= static_cast<uint32_t>(sizes[i]);
    }
  }
  return p;
}

Booking book(const Problem &problem, const Config &) {
  return booking_of<RescaleElement>(params_of(problem), rescale_bytes(problem, 0));
}

void pack(const Problem &problem, const Config &, std::span<const Tensor> constants, std::byte *to) {
  pack_rescale(problem, 0, constants, to);
}

}  // namespace

Row rescale_row() {
  Tactic tactic{"cuda.generic.rescale", 1,    Isa::scalar, Numerics::bit_exact,    supports, one_config,
                estimate_elements,      book, pack,        emulate<RescaleElement>};
  tactic.on_gpu = true;
  return {tactic, Kernel::rescale};
}

}  // namespace stretto::kernels::cuda
