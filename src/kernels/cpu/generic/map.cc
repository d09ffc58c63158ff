// Map: a stretch of each operand is read into doubles or integers, the function is applied, the results are rounded.
// The C library computes the functions, so their last bit may differ from one system to another.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/element.h"
#include "kernels/cpu/generic/rows.h"
#include "kernels/cpu/generic/strided.h"
#include "op/broadcast.h"
#include "op/map_function.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 256;
constexpr int kMostInputs = 3;

struct Params {
  op::MapKind kind = op::MapKind::log;
  float a = 0, b = 0;
  DType type = DType::f32;  // of the last operand
  int32_t inputs = 1, tasks = 1;
  int64_t total = 0;
  Place place[kMostInputs];
  Walk walk[kMostInputs];
  op::Map function() const { return {kind, a, b}; }
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Map>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

double seconds_of(const Problem& problem) {
  const bool costly = first_as<op::Map>(problem)->kind < op::MapKind::floor;
  return static_cast<double>(problem.output().type.elements()) * (costly ? 2e-8 : 5e-9) +
         seconds_for_bytes(problem.bytes());
}

Booking book(const Problem& problem, const Config&) {
  const op::Map& map = *first_as<op::Map>(problem);
  const Shape& out = problem.output().type.shape;
  Params p;
  p.kind = map.kind;
  p.a = map.a;
  p.b = map.b;
  p.inputs = source_count(problem);
  p.type = source_of(problem, p.inputs - 1).type.dtype;
  p.total = problem.output().type.elements();
  for (int i = 0; i < p.inputs; ++i) {
    p.place[i] = source_place(problem, i);
    const Dims strides = op::broadcast_strides(source_of(problem, i).type.shape, out);
    for (int axis = 0; axis < out.size(); ++axis) p.walk[i].add(out[axis], strides[axis]);
  }
  p.tasks = tasks_for((p.total + kStretch - 1) / kStretch, seconds_of(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// Elements [first, first + n) of operand `i`, as they are.
void read_operand(const StepArgs& args, const Params& p, int i, int64_t first, int64_t n, void* out) {
  const DType type = p.kind == op::MapKind::select && i == 0 ? DType::boolean : p.type;
  with_element(static_cast<int32_t>(size_of(type)), [&](auto element) {
    using T = decltype(element);
    read_walk(p.walk[i], p.place[i].as<T>(args), first, n, static_cast<T*>(out));
  });
}

struct Room {
  alignas(64) uint64_t raw[kMostInputs][kStretch];
  double real[2][kStretch];
  int64_t integer[2][kStretch];
};

void select(const Params& p, const Room& room, int64_t first, int64_t n, void* dst) {
  with_element(static_cast<int32_t>(size_of(p.type)), [&](auto element) {
    using T = decltype(element);
    const auto* condition = reinterpret_cast<const uint8_t*>(room.raw[0]);
    const auto *x = reinterpret_cast<const T*>(room.raw[1]), *y = reinterpret_cast<const T*>(room.raw[2]);
    T* to = static_cast<T*>(dst) + first;
    for (int64_t i = 0; i < n; ++i) to[i] = condition[i] != 0 ? x[i] : y[i];
  });
}

void compute_reals(const Params& p, Room& room, int64_t first, int64_t n, void* dst) {
  const op::Map f = p.function();
  for (int i = 0; i < p.inputs; ++i) read_reals(p.type, room.raw[i], 0, n, room.real[i]);
  const double *x = room.real[0], *y = room.real[1];
  if (op::is_predicate(p.kind)) {
    auto* to = static_cast<uint8_t*>(dst) + first;
    for (int64_t i = 0; i < n; ++i) {
      to[i] = p.inputs == 1 ? op::map_test(f, x[i]) : op::map_compare(p.kind, x[i], y[i]);
    }
    return;
  }
  double* z = room.real[0];
  for (int64_t i = 0; i < n; ++i) z[i] = p.inputs == 1 ? op::map_real(f, x[i]) : op::map_modulo(p.kind, x[i], y[i]);
  write_reals(p.type, z, n, dst, first);
}

void compute_integers(const Params& p, Room& room, int64_t first, int64_t n, void* dst) {
  for (int i = 0; i < p.inputs; ++i) read_integers(p.type, room.raw[i], 0, n, room.integer[i]);
  const bool natural = op::is_unsigned(p.type);
  int64_t *x = room.integer[0], *y = room.integer[1];
  if (op::is_predicate(p.kind)) {
    auto* to = static_cast<uint8_t*>(dst) + first;
    for (int64_t i = 0; i < n; ++i) {
      to[i] = natural ? op::map_compare(p.kind, static_cast<uint64_t>(x[i]), static_cast<uint64_t>(y[i]))
                      : op::map_compare(p.kind, x[i], y[i]);
    }
    return;
  }
  const int bits = 8 * static_cast<int>(size_of(p.type));
  const bool negates = p.kind == op::MapKind::bit_not && p.type == DType::boolean;
  for (int64_t i = 0; i < n; ++i) {
    x[i] = negates ? x[i] == 0 : op::map_integer(p.kind, x[i], p.inputs > 1 ? y[i] : 0, natural, bits);
  }
  write_integers(p.type, x, n, dst, first);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Room room;
  Range r = part_of((p.total + kStretch - 1) / kStretch, p.tasks, id.index);
  for (int64_t s = r.begin; s < r.end; ++s) {
    const int64_t first = s * kStretch, n = std::min(kStretch, p.total - first);
    for (int i = 0; i < p.inputs; ++i) read_operand(args, p, i, first, n, room.raw[i]);
    if (p.kind == op::MapKind::select) {
      select(p, room, first, n, args.dst);
    } else if (is_float(p.type)) {
      compute_reals(p, room, first, n, args.dst);
    } else {
      compute_integers(p, room, first, n, args.dst);
    }
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic map_row() {
  return {"cpu.generic.map", 1,        Isa::scalar, Numerics::rounding, supports,
          one_config,        estimate, book,        pack_copied,        task};
}

}  // namespace stretto::kernels::generic
