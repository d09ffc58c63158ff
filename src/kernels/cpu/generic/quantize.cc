// Steps between real numbers and quantised ones, and among these, element by element: quantize, dequantize, requantize
// and lookup; the results of quantize and requantize may go through a table at once.
#include "kernels/cpu/generic/rescale.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = Rescale::kStretch;

struct Params {
  Place src;
  DType from = DType::u8;
  bool quantizes = false;
  float scale = 1;  // of quantize
  Rescale rescale;
  int64_t total = 0, inner = 1, size = 1;  // elements, those of one index of the scales' axis, and its indices
  int32_t tasks = 1;
};

bool match(const Problem& problem, Params& p) {
  if (const auto* a = first_as<op::Quantize>(problem)) {
    p.quantizes = true;
    p.scale = a->scale;
    p.rescale.zero = static_cast<int32_t>(a->zero);
    p.rescale.least = static_cast<float>((a->to == DType::u8 ? 0 : -128) - a->zero);
    p.rescale.most = static_cast<float>((a->to == DType::u8 ? 255 : 127) - a->zero);
    return problem.nodes.size() == 1 || (problem.nodes.size() == 2 && match_lookup(problem, 1, p.rescale));
  }
  if (first_as<op::Lookup>(problem)) return problem.nodes.size() == 1 && match_lookup(problem, 0, p.rescale);
  std::optional<Rescale> rescale = match_rescale(problem, 0);
  if (rescale) p.rescale = *rescale;
  return rescale.has_value();
}

Refusal supports(const Problem& problem) {
  const op::Attrs& first = problem.nodes[0].attrs;
  const bool known = std::holds_alternative<op::Quantize>(first) || std::holds_alternative<op::Dequantize>(first) ||
                     std::holds_alternative<op::Requantize>(first) || std::holds_alternative<op::Lookup>(first);
  if (!known) return Refusal::other_operator;
  if (!all_plain(problem)) return Refusal::other_layout;
  Params p;
  return match(problem, p) ? Refusal::none : Refusal::fused_operators;
}

double seconds_of(const Problem& problem) {
  return static_cast<double>(problem.output().type.elements()) * 1.5e-9 + seconds_for_bytes(problem.bytes());
}

Booking book(const Problem& problem, const Config&) {
  Params p;
  match(problem, p);
  const Operand& src = source_of(problem, 0);
  p.src = source_place(problem, 0);
  p.from = src.type.dtype;
  p.total = src.type.elements();
  if (p.rescale.per_index) {
    const auto axis = static_cast<int>(p.rescale.axis);
    p.size = src.type.shape[axis];
    p.inner = product(src.type.shape, axis + 1, src.type.shape.size());
  }
  p.tasks = tasks_for((p.total + kStretch - 1) / kStretch, seconds_of(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

void quantize(const StepArgs& args, const Params& p, int64_t first, int64_t n) {
  const float* x = p.src.as<float>(args) + first;
  float t[kStretch];
  uint8_t bytes[kStretch];
  for (int64_t i = 0; i < n; ++i) t[i] = x[i] != x[i] ? 0.0f : x[i] / p.scale;
  round_bytes(t, n, p.rescale.least, p.rescale.most, p.rescale.zero, bytes);
  p.rescale.store(args, bytes, first, n);
}

template <class T>
void widen(const T* src, int64_t n, int32_t* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = src[i];
}

/// The scales of elements [first, first + n).
void spread_scales(const StepArgs& args, const Params& p, int64_t first, int64_t n, float* scales) {
  for (int64_t i = 0; i < n;) {
    const int64_t index = (first + i) / p.inner % p.size, run = std::min(n - i, p.inner - (first + i) % p.inner);
    std::fill_n(scales + i, run, p.rescale.scale(args, index));
    i += run;
  }
}

void rescale(const StepArgs& args, const Params& p, int64_t first, int64_t n) {
  int32_t values[kStretch];
  float scales[kStretch];
  if (p.from == DType::i32) {
    widen(p.src.as<int32_t>(args) + first, n, values);
  } else if (p.from == DType::i8) {
    widen(p.src.as<int8_t>(args) + first, n, values);
  } else {
    widen(p.src.as<uint8_t>(args) + first, n, values);
  }
  if (p.rescale.per_index) {
    spread_scales(args, p, first, n, scales);
  } else {
    std::fill_n(scales, n, p.rescale.scale(args, 0));
  }
  p.rescale.apply(args, values, scales, first, n);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of((p.total + kStretch - 1) / kStretch, p.tasks, id.index);
  for (int64_t i = r.begin; i < r.end; ++i) {
    const int64_t first = i * kStretch, n = std::min(kStretch, p.total - first);
    if (p.quantizes) {
      quantize(args, p, first, n);
    } else if (p.rescale.kind == Rescale::none) {
      p.rescale.store(args, p.src.as<uint8_t>(args) + first, first, n);
    } else {
      rescale(args, p, first, n);
    }
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic quantize_row() {
  return {"cpu.generic.quantize",
          1,
          Isa::scalar,
          Numerics::bit_exact,
          supports,
          one_config,
          estimate,
          book,
          pack_copied,
          task};
}

}  // namespace stretto::kernels::generic
