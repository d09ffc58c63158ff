// Chains and small graphs of unary and binary operators, a short stretch of the output at a time: operands are read
// into stretches on the stack (or in place where they lie like the output), operators run over whole stretches.
#include "device/memory.h"
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/math.h"
#include "kernels/cpu/generic/rows.h"
#include "kernels/cpu/generic/strided.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kStretch = 256;  // a multiple of every block of channels
constexpr int kMaxLoads = Problem::kMaxNodes + 1;

struct Load {
  Place place;
  Walk walk;
  bool clamped = false;  // plain channels under a blocked output: padding lanes must not read past the end
};

struct Step {
  bool unary = false;
  Function function;
  int32_t x = 0, y = 0;  // loads first, then results of steps
};

struct Params {
  int32_t loads = 0, steps = 0, tasks = 1;
  int32_t element = 4;  // bytes, and whether it is an integer
  bool integer = false;
  Load load[kMaxLoads];
  Step step[Problem::kMaxNodes];
  int64_t total = 0;                                      // stored elements of the output
  int64_t block = 1, channels = 1, blocks = 1, area = 1;  // of a blocked output
};

bool is_external(const Operand& o) {
  return o.role == Role::input || o.role == Role::constant;
}

/// Constants that vary along channels are packed in the output's blocks.
bool packed_in_blocks(const Problem& problem, const Operand& o) {
  return o.role == Role::constant && problem.output().layout != Layout::plain && o.type.shape.size() >= 3 &&
         o.type.shape[o.type.shape.size() - 3] > 1;
}

/// A shape with 1s put in front.
Shape with_rank(const Shape& shape, int rank) {
  Shape s = Shape::filled(rank - shape.size(), 1);
  for (int64_t d : shape) s.push_back(d);
  return s;
}

size_t packed_bytes(const Problem& problem, const Operand& o) {
  if (!packed_in_blocks(problem, o)) return align_up(o.type.bytes());
  int64_t count = stored_elements(with_rank(o.type.shape, 4), problem.output().layout);
  return align_up(static_cast<size_t>(count) * size_of(o.type.dtype));
}

Refusal supports_layout(const Problem& problem, const Operand& o) {
  Layout out = problem.output().layout;
  if (o.layout == Layout::plain || o.layout == out) return Refusal::none;
  return Refusal::other_layout;
}

Refusal supports(const Problem& problem) {
  const Operand& out = problem.output();
  DType dtype = out.type.dtype;
  if (dtype != DType::f32 && dtype != DType::i32 && dtype != DType::i64) return Refusal::other_type;
  if (!all_of_type(problem, dtype)) return Refusal::other_type;
  if (has_half_operand(problem)) return Refusal::other_layout;
  for (const Problem::Node& node : problem.nodes) {
    bool known = std::holds_alternative<op::Unary>(node.attrs) || std::holds_alternative<op::Binary>(node.attrs);
    if (!known) return Refusal::other_operator;
    if (!(operand_of(problem, node.output).type.shape == out.type.shape)) return Refusal::other_shape;
  }
  int loads = 0;
  for (const Operand& o : problem.operands) {
    if (!is_external(o)) continue;
    if (++loads > kMaxLoads) return Refusal::fused_operators;
    if (o.type.elements() == 0) return Refusal::other_shape;
    if (supports_layout(problem, o) != Refusal::none) return Refusal::other_layout;
  }
  return Refusal::none;
}

/// How a plain operand of `shape` is read in the order of a plain output.
Walk plain_walk(const Shape& shape, const Shape& out) {
  Shape s = with_rank(shape, out.size());
  int64_t strides[kMaxRank], step = 1;
  for (int i = s.size(); i-- > 0; step *= s[i]) strides[i] = s[i] == 1 ? 0 : step;
  Walk w;
  for (int i = 0; i < out.size(); ++i) w.add(out[i], strides[i]);
  return w;
}

/// How an operand is read in the order of an output in blocks of `b` channels: it lies in such blocks too
/// (`blocked`), or is plain.
Walk blocked_walk(const Shape& shape, bool blocked, const Shape& out, int64_t b) {
  Shape s = with_rank(shape, 4);
  int64_t lanes = blocked ? b : 1, hw = s[2] * s[3];
  auto varies = [&](int axis, int64_t step) { return s[axis] == 1 ? 0 : step; };
  int64_t channel_blocks = (s[1] + lanes - 1) / lanes;
  Walk w;
  w.add(out[0], varies(0, channel_blocks * hw * lanes));
  w.add((out[1] + b - 1) / b, varies(1, hw * b));
  w.add(out[2], varies(2, s[3] * lanes));
  w.add(out[3], varies(3, lanes));
  w.add(b, varies(1, blocked ? 1 : hw));
  return w;
}

/// The same without joining axes: [n, block, h, w, lane], for reads that clamp the channel.
Walk clamped_walk(const Shape& shape, const Shape& out, int64_t b) {
  Shape s = with_rank(shape, 4);
  int64_t hw = s[2] * s[3];
  Walk w;
  w.rank = 4;
  w.base = s[1] == 1 ? 0 : hw;  // the step of a channel
  int64_t size[] = {out[0], (out[1] + b - 1) / b, out[2], out[3]};
  int64_t stride[] = {s[0] == 1 ? 0 : s[1] * hw, 0, s[2] == 1 ? 0 : s[3], s[3] == 1 ? 0 : 1};
  std::copy_n(size, 4, w.size);
  std::copy_n(stride, 4, w.stride);
  return w;
}

Load load_of(const Problem& problem, int operand, int64_t offset) {
  const Operand &o = operand_of(problem, operand), &out = problem.output();
  Load load;
  int input = input_position(problem, operand);
  load.place = input >= 0 ? Place{input, 0} : Place{-1, offset};
  if (out.layout == Layout::plain) {
    load.walk = plain_walk(o.type.shape, out.type.shape);
    return load;
  }
  int64_t b = block_of(out.layout);
  bool blocked = o.layout != Layout::plain || packed_in_blocks(problem, o);
  load.clamped = !blocked && with_rank(o.type.shape, 4)[1] > 1;
  load.walk = load.clamped ? clamped_walk(o.type.shape, out.type.shape, b)
                           : blocked_walk(o.type.shape, blocked, out.type.shape, b);
  return load;
}

double seconds_of(const Problem& problem) {
  double elements = static_cast<double>(problem.output().type.elements()), seconds = 0;
  for (const Problem::Node& node : problem.nodes) {
    const auto* u = std::get_if<op::Unary>(&node.attrs);
    const auto* b = std::get_if<op::Binary>(&node.attrs);
    bool exponential = u && (u->kind == op::UnaryKind::sigmoid || u->kind == op::UnaryKind::swish ||
                             u->kind == op::UnaryKind::tanh || u->kind == op::UnaryKind::exp);
    bool power = b && b->kind == op::BinaryKind::pow;
    seconds += elements * (power ? 2e-8 : exponential ? 3e-9 : 2e-10);
  }
  return seconds + seconds_for_bytes(problem.bytes());
}

Params params_of(const Problem& problem) {
  const Operand& out = problem.output();
  Params p;
  p.element = static_cast<int32_t>(size_of(out.type.dtype));
  p.integer = !is_float(out.type.dtype);
  p.total = stored_elements(out.type.shape, out.layout);
  if (out.layout != Layout::plain) {
    p.block = block_of(out.layout);
    p.channels = out.type.shape[1];
    p.blocks = (p.channels + p.block - 1) / p.block;
    p.area = out.type.shape[2] * out.type.shape[3];
  }
  int registers[Problem::kMaxOperands];
  int64_t offset = 0;
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    const Operand& o = problem.operands[i];
    if (!is_external(o)) continue;
    registers[i] = p.loads;
    p.load[p.loads++] = load_of(problem, static_cast<int>(i), offset);
    if (o.role == Role::constant) offset += static_cast<int64_t>(packed_bytes(problem, o));
  }
  for (const Problem::Node& node : problem.nodes) {
    Step s;
    const auto* unary = std::get_if<op::Unary>(&node.attrs);
    s.unary = unary != nullptr;
    if (unary) s.function = function_of(*unary);
    if (const auto* binary = std::get_if<op::Binary>(&node.attrs)) s.function.binary = binary->kind;
    s.x = registers[node.inputs[0]];
    s.y = unary ? s.x : registers[node.inputs[1]];
    registers[node.output] = p.loads + p.steps;
    p.step[p.steps++] = s;
  }
  p.tasks = tasks_for((p.total + kStretch - 1) / kStretch, seconds_of(problem));
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  for (const Operand& o : problem.operands) {
    if (o.role == Role::constant) b.weights_bytes += packed_bytes(problem, o);
  }
  return b;
}

/// Writes a dense constant in blocks of `b` channels; lanes past the last channel become zero.
void pack_blocks(const Tensor& constant, int64_t b, std::byte* out) {
  Shape s = with_rank(constant.shape(), 4);
  auto size = static_cast<int64_t>(size_of(constant.dtype()));
  auto from = static_cast<const std::byte*>(constant.data());
  int64_t blocks = (s[1] + b - 1) / b, area = s[2] * s[3];
  for (int64_t c = 0; c < s[0] * s[1]; ++c) {
    int64_t n = c / s[1], channel = c % s[1];
    for (int64_t i = 0; i < area; ++i) {
      int64_t to = ((n * blocks + channel / b) * area + i) * b + channel % b;
      std::memcpy(out + to * size, from + (c * area + i) * size, static_cast<size_t>(size));
    }
  }
}

void pack(const Problem& problem, const Config&, std::span<const Tensor> constants, std::byte* weights) {
  size_t next = 0;
  for (const Operand& o : problem.operands) {
    if (o.role != Role::constant) continue;
    const Tensor& constant = constants[next++];
    size_t bytes = packed_bytes(problem, o);
    std::memset(weights, 0, bytes);
    if (packed_in_blocks(problem, o)) {
      pack_blocks(constant, block_of(problem.output().layout), weights);
    } else {
      std::memcpy(weights, constant.data(), constant.bytes());
    }
    weights += bytes;
  }
}

template <class T>
void read_clamped(const Params& p, const Walk& w, const T* src, int64_t first, int64_t count, T* out) {
  for (int64_t i = 0; i < count; i += p.block) {
    int64_t rest = (first + i) / p.block, offset = 0, block = 0;
    for (int axis = 4; axis-- > 0; rest /= w.size[axis]) {
      if (axis == 1) block = rest % w.size[axis];
      offset += rest % w.size[axis] * w.stride[axis];
    }
    for (int64_t lane = 0; lane < p.block; ++lane) {
      out[i + lane] = src[offset + std::min(block * p.block + lane, p.channels - 1) * w.base];
    }
  }
}

/// Zero in the lanes past the last channel.
template <class T>
void clear_padding(const Params& p, int64_t first, int64_t count, T* out) {
  int64_t used = p.channels % p.block;
  if (used == 0) return;
  for (int64_t i = 0; i < count; i += p.block) {
    if ((first + i) / p.block / p.area % p.blocks != p.blocks - 1) continue;
    for (int64_t lane = used; lane < p.block; ++lane) out[i + lane] = 0;
  }
}

template <class T>
void run(const StepArgs& args, const Params& p, int64_t begin, int64_t end) {
  alignas(64) T room[kMaxLoads + Problem::kMaxNodes][kStretch];
  const T* value[kMaxLoads + Problem::kMaxNodes];
  for (int i = 0; i < p.loads; ++i) {
    value[i] = room[i];
    if (!p.load[i].clamped && p.load[i].walk.is_scalar()) std::fill_n(room[i], kStretch, *p.load[i].place.as<T>(args));
  }
  for (int64_t first = begin; first < end; first += kStretch) {
    int64_t count = std::min(kStretch, end - first);
    for (int i = 0; i < p.loads; ++i) {
      const Load& load = p.load[i];
      const T* src = load.place.as<T>(args);
      if (load.clamped) {
        read_clamped(p, load.walk, src, first, count, room[i]);
      } else if (load.walk.is_scalar()) {
        continue;
      } else if (load.walk.is_dense()) {
        value[i] = src + first;
      } else {
        read_walk(load.walk, src, first, count, room[i]);
      }
    }
    T* dst = static_cast<T*>(args.dst) + first;
    for (int i = 0; i < p.steps; ++i) {
      const Step& s = p.step[i];
      T* out = i + 1 == p.steps ? dst : room[p.loads + i];
      value[p.loads + i] = out;
      if (s.unary) {
        apply_unary(s.function, value[s.x], out, count);
      } else {
        apply_binary(s.function.binary, value[s.x], value[s.y], out, count);
      }
    }
    if (p.block > 1) clear_padding(p, first, count, dst);
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of((p.total + kStretch - 1) / kStretch, p.tasks, id.index);
  int64_t begin = r.begin * kStretch, end = std::min(r.end * kStretch, p.total);
  if (!p.integer) return run<float>(args, p, begin, end);
  return p.element == 4 ? run<int32_t>(args, p, begin, end) : run<int64_t>(args, p, begin, end);
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

}  // namespace

Tactic elementwise_row() {
  return {
      "cpu.generic.elementwise", 1, Isa::scalar, Numerics::rounding, supports, one_config, estimate, book, pack, task};
}

}  // namespace stretto::kernels::generic
