// Pad with any mode, plain over any axes, or in blocks of channels over N, H and W.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/element.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int kMaxUnit = 16;  // elements that are moved together: one, or a block of channels

struct Axis {
  int64_t in = 1, out = 1, begin = 0;
};

struct Params {
  Place src;
  op::PadMode mode = op::PadMode::constant;
  int32_t rank = 0, element = 4, tasks = 1;
  Axis axes[kMaxRank];
  int64_t unit = 1, rows = 1, channels = 1;
  uint64_t value = 0;  // the bits of an element

  /// Where output `o` comes from along an axis; −1: the constant.
  int64_t source(const Axis& a, int64_t o) const {
    int64_t k = o - a.begin, last = a.in - 1;
    if (k >= 0 && k <= last) return k;
    if (mode == op::PadMode::constant) return -1;
    if (mode == op::PadMode::reflect) k = k < 0 ? -k : 2 * last - k;
    return std::clamp<int64_t>(k, 0, last);
  }
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Pad>(problem);
  if (r != Refusal::none) return r;
  Layout layout = problem.output().layout;
  if (source_of(problem, 0).layout != layout) return Refusal::other_layout;
  const Dims& pads = first_as<op::Pad>(problem)->pads;
  if (layout == Layout::plain) return Refusal::none;
  return pads[1] == 0 && pads[5] == 0 ? Refusal::none : Refusal::padded;
}

uint64_t bits_of(DType dtype, double value) {
  uint64_t bits = 0;
  int64_t integer = dtype == DType::boolean ? value != 0 : to_integer(value);
  if (is_float(dtype)) {
    write_reals(dtype, &value, 1, &bits, 0);
  } else {
    write_integers(dtype, &integer, 1, &bits, 0);
  }
  return bits;
}

Params params_of(const Problem& problem) {
  const op::Pad& a = *first_as<op::Pad>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  Params p;
  p.src = source_place(problem, 0);
  p.mode = a.mode;
  p.rank = dst.type.shape.size();
  p.element = static_cast<int32_t>(size_of(dst.type.dtype));
  p.value = bits_of(dst.type.dtype, static_cast<double>(a.value));
  for (int i = 0; i < p.rank; ++i) p.axes[i] = {src.type.shape[i], dst.type.shape[i], a.pads[i]};
  if (p.rank == 0) p.rank = 1;
  if (dst.layout != Layout::plain) {
    p.unit = block_of(dst.layout);
    p.channels = dst.type.shape[1];
    p.axes[1].in = p.axes[1].out = (p.channels + p.unit - 1) / p.unit;
  }
  for (int i = 0; i + 1 < p.rank; ++i) p.rows *= p.axes[i].out;
  p.tasks = tasks_for(p.rows, 2 * seconds_for_bytes(problem.bytes()));
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

template <class T>
void fill(const T* value, int64_t unit, int64_t count, T* dst) {
  if (unit == 1) {
    std::fill_n(dst, count, *value);
    return;
  }
  for (int64_t i = 0; i < count; ++i) std::memcpy(dst + i * unit, value, static_cast<size_t>(unit) * sizeof(T));
}

template <class T>
void pad_row(const Params& p, const T* src, int64_t row, T* dst) {
  const Axis& last = p.axes[p.rank - 1];
  int64_t from = 0, rest = row, step = 1, block = 0;
  bool inside = true;
  for (int i = p.rank - 1; i-- > 0; rest /= p.axes[i].out, step *= p.axes[i].in) {
    int64_t k = p.source(p.axes[i], rest % p.axes[i].out);
    if (i == 1) block = rest % p.axes[i].out;
    inside = inside && k >= 0;
    from += k * step;
  }
  T value[kMaxUnit], bits;
  std::memcpy(&bits, &p.value, sizeof bits);
  for (int64_t i = 0; i < p.unit; ++i) value[i] = p.unit > 1 && block * p.unit + i >= p.channels ? T{0} : bits;
  dst += row * last.out * p.unit;
  if (!inside) return fill(value, p.unit, last.out, dst);
  src += from * last.in * p.unit;
  // Outputs [low, high) are inputs in their order.
  int64_t low = std::clamp<int64_t>(last.begin, 0, last.out);
  int64_t high = std::clamp<int64_t>(last.in + last.begin, low, last.out);
  auto edge = [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      int64_t k = p.source(last, o);
      fill(k < 0 ? value : src + k * p.unit, p.unit, 1, dst + o * p.unit);
    }
  };
  edge(0, low);
  if (high > low) {
    const T* first = src + (low - last.begin) * p.unit;
    std::memcpy(dst + low * p.unit, first, static_cast<size_t>((high - low) * p.unit) * sizeof(T));
  }
  edge(high, last.out);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.rows, p.tasks, id.index);
  with_element(p.element, [&](auto type) {
    using T = decltype(type);
    for (int64_t row = r.begin; row < r.end; ++row) pad_row(p, p.src.as<T>(args), row, static_cast<T*>(args.dst));
  });
}

}  // namespace

Tactic pad_row() {
  return {"cpu.generic.pad", 1,   Isa::scalar, Numerics::bit_exact, supports, one_config, estimate_compute, book,
          pack_copied,       task};
}

}  // namespace stretto::kernels::generic
