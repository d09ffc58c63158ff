#include "kernels/cpu/x86/elementwise.h"

#include <algorithm>

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/elementwise_params.h"
#include "tactics/reorder.h"

namespace stretto::kernels {
namespace {

static_assert(static_cast<int>(ElementCode::prelu) == static_cast<int>(op::BinaryKind::prelu));

constexpr int64_t kMostFloats = int64_t{1} << 40;

/// Sizes of `shape` from the right, ones in front, as many as `rank`.
Dims aligned(const Shape& shape, int rank) {
  Dims d = Dims::filled(rank, 1);
  for (int i = 0; i < shape.size(); ++i) d[rank - shape.size() + i] = shape[i];
  return d;
}

bool all_ones(const Dims& d, int begin, int end) {
  return std::all_of(d.begin() + begin, d.begin() + end, [](int64_t v) { return v == 1; });
}
bool same(const Dims& a, const Dims& b, int begin, int end) {
  return std::equal(a.begin() + begin, a.begin() + end, b.begin() + begin);
}
int64_t product(const Dims& d, int begin, int end) {
  int64_t n = 1;
  for (int i = begin; i < end; ++i) n *= d[i];
  return n;
}

/// How an operand of shape `shape` meets planes of the axes from `axis` on; false if it does neither way.
bool classify(const Shape& shape, const Shape& out, int axis, ElementOperand& o) {
  const int rank = out.size();
  if (shape.size() > rank) return false;
  const Dims d = aligned(shape, rank);
  if (d == out) {
    o.spread = ElementOperand::full;
  } else if (all_ones(d, 0, rank)) {
    o.spread = ElementOperand::scalar;
  } else if (all_ones(d, 0, axis) && same(d, out, axis, rank)) {
    o.spread = ElementOperand::row;
  } else if (all_ones(d, axis, rank)) {
    int first = 0;
    while (first < axis && d[first] == 1) ++first;
    if (!same(d, out, first, axis)) return false;
    o.spread = ElementOperand::channel;
    o.period = static_cast<int32_t>(product(d, 0, axis));
  } else {
    return false;
  }
  return true;
}

struct Chain {
  Refusal refusal = Refusal::none;
  ElementwiseParams p;
  int64_t weights = 0;  // floats
};

/// Floats that constant `o` takes in the weights.
int64_t constant_floats(const Operand& constant, const ElementOperand& o, const Operand& out, int width) {
  if (out.layout == Layout::plain || o.spread == ElementOperand::scalar) {
    return (constant.type.elements() + width - 1) / width * width;
  }
  if (o.spread == ElementOperand::full) return stored_elements(constant.type.shape, out.layout);
  return static_cast<int64_t>(o.period) * width;
}

/// Fills in operand `number` of the problem as seen by planes from `axis` on.
bool bind_operand(const Problem& problem, int number, int axis, int width, Chain& chain, ElementOperand& o) {
  const Operand& in = operand(problem, number);
  const Operand& out = problem.output();
  if (in.role == Role::internal || in.role == Role::output) {
    o.source = ElementOperand::node;
    for (size_t i = 0; i < problem.nodes.size(); ++i) {
      if (problem.nodes[i].output == number) o.index = static_cast<int32_t>(i);
    }
    return in.type == out.type;
  }
  if (!classify(in.type.shape, out.type.shape, axis, o)) return false;
  const bool blocked = out.layout != Layout::plain;
  if (blocked && o.spread == ElementOperand::row) return false;
  if (blocked && o.spread == ElementOperand::channel) {
    const int64_t blocks = div_up(out.type.shape[1], width);
    const Dims d = aligned(in.type.shape, 4);
    if (d[1] != out.type.shape[1]) return false;
    o.channels = static_cast<int32_t>(d[1]);
    o.period = static_cast<int32_t>(d[0] * blocks);
    if (in.role == Role::constant && d[0] != 1) return false;
    if (in.role == Role::input) o.plain = in.layout == Layout::plain;
  }
  // What lies as f16 does so in the order of the output; a whole constant would be f32 in that order.
  if (in.role == Role::constant && width == 32 && o.spread == ElementOperand::full) return false;
  if (in.role == Role::input) {
    const bool scalar = o.spread == ElementOperand::scalar;
    if (scalar) o.plain = in.layout != Layout::c32h;
    const bool lies_right = in.layout == out.layout || o.plain;
    o.source = ElementOperand::input;
    o.index = input_position(problem, number);
    return lies_right;
  }
  o.source = ElementOperand::constant;
  o.index = constant_position(problem, number);
  o.offset = chain.weights;
  chain.weights += constant_floats(in, o, out, width);
  return true;
}

bool bind_chain(const Problem& problem, int axis, int width, Chain& chain) {
  chain = {};
  ElementwiseParams& p = chain.p;
  for (const Problem::Node& node : problem.nodes) {
    ElementNode& n = p.node[p.nodes++];
    if (!bind_operand(problem, node.inputs[0], axis, width, chain, n.a)) return false;
    if (const auto* unary = std::get_if<op::Unary>(&node.attrs)) {
      n.unary = unary_params(*unary);
    } else {
      n.code = static_cast<ElementCode>(static_cast<int>(std::get<op::Binary>(node.attrs).kind));
      if (!bind_operand(problem, node.inputs[1], axis, width, chain, n.b)) return false;
    }
    if (operand(problem, node.output).type != problem.output().type) return false;
  }
  return true;
}

void set_planes(const Operand& out, int axis, int width, ElementwiseParams& p) {
  const Shape& shape = out.type.shape;
  p.channel_blocks = 0;
  if (out.layout == Layout::plain) {
    p.planes = static_cast<int32_t>(product(shape, 0, axis));
    p.length = product(shape, axis, shape.size());
  } else {
    p.channel_blocks = div_up(shape[1], width);
    p.planes = static_cast<int32_t>(shape[0]) * p.channel_blocks;
    p.length = shape[2] * shape[3] * width;
    p.tail = static_cast<int32_t>(shape[1] % width);
  }
  const PlaneSplit split = split_planes(p.planes, (p.length + width - 1) / width, width);
  p.part = split.parts > 1 ? split.part * width : p.length;
  p.parts = split.parts;
  p.plane_block = split.plane_block;
}

Refusal check_nodes(const Problem& problem) {
  for (const Problem::Node& node : problem.nodes) {
    const auto* binary = std::get_if<op::Binary>(&node.attrs);
    if (binary == nullptr && !std::holds_alternative<op::Unary>(node.attrs)) return Refusal::other_operator;
    if (binary != nullptr && binary->kind == op::BinaryKind::pow) return Refusal::attributes;
  }
  return Refusal::none;
}

Chain chain_of(const Problem& problem, int width) {
  Chain chain;
  const Operand& out = problem.output();
  if ((chain.refusal = check_nodes(problem)) != Refusal::none) return chain;
  if (!is_f32(problem)) return {Refusal::other_type, {}, 0};
  const int64_t n = out.type.elements();
  if (n == 0 || n >= kMostFloats || problem.nodes.size() > kElementwiseNodes) return {Refusal::other_shape, {}, 0};
  const bool known = out.layout == blocked_layout(width) || (out.layout == Layout::plain && width < 32);
  if (!known) return {Refusal::other_layout, {}, 0};
  const int rank = out.type.shape.size();
  const int first = out.layout == Layout::plain ? 0 : 2, last = out.layout == Layout::plain ? rank : 2;
  for (int axis = first; axis <= last; ++axis) {
    if (product(out.type.shape, 0, axis) > (1 << 28)) break;
    if (!bind_chain(problem, axis, width, chain)) continue;
    set_planes(out, axis, width, chain.p);
    return chain;
  }
  return {Refusal::other_shape, {}, 0};
}

void pack_operand(const ElementOperand& o, const Operand& out, int width, std::span<const Tensor> constants,
                  float* weights) {
  if (o.source != ElementOperand::constant) return;
  const Tensor& tensor = constants[static_cast<size_t>(o.index)];
  const auto* data = static_cast<const float*>(tensor.data());
  float* to = weights + o.offset;
  if (out.layout != Layout::plain && o.spread == ElementOperand::full) {
    from_plain(out.type, out.layout, data, to);
    return;
  }
  const Operand constant{tensor.type(), Layout::plain, Role::constant};
  copy_padded(data, tensor.elements(), constant_floats(constant, o, out, width), to);
}

}  // namespace

template <int width>
Refusal Elementwise<width>::supports(const Problem& problem) {
  return chain_of(problem, width).refusal;
}

template <int width>
std::vector<Config> Elementwise<width>::configs(const Problem&) {
  return {Config{}};
}

template <int width>
double Elementwise<width>::estimate(const Problem& problem, const Config&, int threads) {
  const double n = static_cast<double>(stored_elements(problem.output().type.shape, problem.output().layout));
  double seconds = problem.bytes() / 30e9;
  for (const Problem::Node& node : problem.nodes) {
    const auto* unary = std::get_if<op::Unary>(&node.attrs);
    const bool costly =
        unary != nullptr && (unary->kind == op::UnaryKind::sigmoid || unary->kind == op::UnaryKind::swish ||
                             unary->kind == op::UnaryKind::tanh || unary->kind == op::UnaryKind::exp);
    seconds += n * (costly ? 3e-10 : 3e-11) * 16 / width;
  }
  return seconds / threads + 1.5e-6;
}

template <int width>
Booking Elementwise<width>::book(const Problem& problem, const Config&) {
  const Chain chain = chain_of(problem, width);
  Booking booking;
  booking.set_params(chain.p);
  booking.tasks[0] = div_up(chain.p.planes, chain.p.plane_block) * chain.p.parts;
  booking.weights_bytes = static_cast<size_t>(chain.weights) * kFloat;
  return booking;
}

template <int width>
void Elementwise<width>::pack(const Problem& problem, const Config&, std::span<const Tensor> constants,
                              std::byte* weights) {
  const Chain chain = chain_of(problem, width);
  auto* out = reinterpret_cast<float*>(weights);
  for (int i = 0; i < chain.p.nodes; ++i) {
    pack_operand(chain.p.node[i].a, problem.output(), width, constants, out);
    if (chain.p.node[i].code != ElementCode::unary) {
      pack_operand(chain.p.node[i].b, problem.output(), width, constants, out);
    }
  }
}

template <int width>
Refusal SpatialReduce<width>::supports(const Problem& problem) {
  const auto* reduce = first_as<op::Reduce>(problem);
  if (reduce == nullptr) return Refusal::other_operator;
  if (problem.nodes.size() != 1) return Refusal::fused_operators;
  const Operand &src = first_input(problem, 0), &dst = problem.output();
  if (!is_f32(problem)) return Refusal::other_type;
  if (src.role != Role::input || src.layout != blocked_layout(width)) return Refusal::other_layout;
  if (dst.layout != Layout::plain && dst.layout != src.layout) return Refusal::other_layout;
  if (reduce->axes != Dims{2, 3}) return Refusal::attributes;
  if (src.type.elements() == 0) return Refusal::other_shape;
  const Shape& shape = src.type.shape;
  if (shape[2] * shape[3] > (1 << 28) || shape[0] * shape[1] > (1 << 28)) return Refusal::too_large;
  return Refusal::none;
}

template <int width>
std::vector<Config> SpatialReduce<width>::configs(const Problem&) {
  return {Config{}};
}

template <int width>
double SpatialReduce<width>::estimate(const Problem& problem, const Config&, int threads) {
  return problem.bytes() / 40e9 / threads + 1.5e-6;
}

template <int width>
Booking SpatialReduce<width>::book(const Problem& problem, const Config&) {
  const auto& reduce = *first_as<op::Reduce>(problem);
  const Shape& shape = first_input(problem, 0).type.shape;
  ReduceParams p;
  p.kind = static_cast<ReduceParams::Kind>(static_cast<int>(reduce.kind));
  p.channel_blocks = div_up(shape[1], width);
  p.planes = static_cast<int32_t>(shape[0]) * p.channel_blocks;
  p.pixels = static_cast<int32_t>(shape[2] * shape[3]);
  p.plane_block = split_planes(p.planes, div_up(p.pixels, 2), width).plane_block;
  p.plain = problem.output().layout == Layout::plain;
  p.channels = static_cast<int32_t>(shape[1]);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.planes, p.plane_block);
  return booking;
}

static_assert(static_cast<int>(ReduceParams::sum) == static_cast<int>(op::ReduceKind::sum));

template struct Elementwise<8>;
template struct Elementwise<16>;
template struct Elementwise<32>;
template struct SpatialReduce<8>;
template struct SpatialReduce<16>;
template struct SpatialReduce<32>;

}  // namespace stretto::kernels
