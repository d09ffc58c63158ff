#include "kernels/cpu/x86/gemm_integer.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/bytes.h"
#include "kernels/cpu/x86/gemm_integer_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kTaskWeights = 96 << 10;  // bytes of weights that a task reads at least: about 10 µs from memory
constexpr int kTaskRows = 32;

/// What follows the product: its constants by operand number, −1 where there is none.
struct Rest {
  Refusal refusal = Refusal::none;
  int scales = -1, table = -1;
};

/// Reads nodes 1… into the params.
Rest rest_of(const Problem& problem, GemmIntegerParams& p) {
  Rest rest;
  const auto& nodes = problem.nodes;
  if (nodes.size() == 1) return rest;
  rest.refusal = Refusal::fused_operators;
  if (nodes.size() > 3 || nodes[1].inputs[0] != nodes[0].output) return rest;
  rest.scales = nodes[1].inputs[1];
  if (const auto* a = std::get_if<op::Dequantize>(&nodes[1].attrs)) {
    p.result = GemmIntegerParams::reals;
    p.src_zero = static_cast<int32_t>(a->zero);
    if (operand(problem, rest.scales).type.shape[0] != 1 && a->axis != 1) return rest;
  } else if (const auto* r = std::get_if<op::Requantize>(&nodes[1].attrs)) {
    p.result = GemmIntegerParams::bytes;
    p.src_zero = static_cast<int32_t>(r->src_zero);
    p.zero = static_cast<int32_t>(r->zero);
    p.slope = r->slope;
    p.least = static_cast<float>(r->low - r->zero);
    p.most = static_cast<float>(r->high - r->zero);
    if (nodes[1].inputs.size() > 2) {
      const Operand& other = operand(problem, nodes[1].inputs[2]);
      if (other.role != Role::input || other.layout != Layout::plain) return rest;
      p.other = input_position(problem, nodes[1].inputs[2]);
      p.other_flip = flip_of(other.type.dtype);
      p.other_zero = static_cast<int32_t>(r->other_zero) + p.other_flip;
      p.other_scale = r->other_scale;
    }
  } else {
    return rest;
  }
  if (nodes.size() == 3) {
    if (!std::holds_alternative<op::Lookup>(nodes[2].attrs) || nodes[2].inputs[0] != nodes[1].output) return rest;
    rest.table = nodes[2].inputs[1];
    p.byte_table = 1;
    if (!is_byte(operand(problem, rest.table).type.dtype)) return rest;
  }
  rest.refusal = Refusal::none;
  for (int number : {rest.scales, rest.table}) {
    if (number >= 0 && operand(problem, number).role != Role::constant) rest.refusal = Refusal::dynamic_weights;
  }
  return rest;
}

GemmIntegerParams params_of(const Problem& problem, int blocks) {
  const Shape &a = first_input(problem, 0).type.shape, &b = first_input(problem, 1).type.shape;
  GemmIntegerParams p;
  rest_of(problem, p);
  p.m = static_cast<int32_t>(a[0]);
  p.k = static_cast<int32_t>(a[1]);
  p.n = static_cast<int32_t>(b[0]);
  p.n_blocks = div_up(p.n, kByteBlock);
  p.blocks = std::min(blocks, p.n_blocks);
  p.rows = std::min(p.m, kTaskRows);
  p.row_blocks = div_up(p.m, p.rows);
  const int64_t group_bytes = static_cast<int64_t>(p.k) * p.blocks * kByteBlock;
  const int groups = div_up(p.n_blocks, p.blocks);
  const int64_t wanted = kTaskWeights / div_up(p.rows, 4);  // more rows are more work for the same weights
  int64_t each = std::clamp<int64_t>(wanted / std::max<int64_t>(1, group_bytes), 1, groups);
  each = div_up(groups, div_up(groups, each));
  p.columns = static_cast<int32_t>(each) * p.blocks;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.scales = static_cast<int64_t>(p.n_blocks) * kByteBlock * 4;
  p.table = 2 * p.scales;
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.table) + (p.byte_table ? 256 : 0)));
  return p;
}

}  // namespace

template <int group, int blocks>
Refusal GemmIntegerRow<group, blocks>::supports(const Problem& problem) {
  if (first_as<op::GemmInteger>(problem) == nullptr) return Refusal::other_operator;
  const Operand& src = first_input(problem, 0);
  if (src.layout != Layout::plain || problem.output().layout != Layout::plain) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  const int64_t m = src.type.shape[0], k = src.type.shape[1], n = first_input(problem, 1).type.shape[0];
  if (m > 1 << 24 || n > 1 << 24 || n * k > int64_t{1} << 32) return Refusal::too_large;
  GemmIntegerParams p;
  return rest_of(problem, p).refusal;
}

template <int group, int blocks>
std::vector<Config> GemmIntegerRow<group, blocks>::configs(const Problem&) {
  return {Config{}};
}

template <int group, int blocks>
double GemmIntegerRow<group, blocks>::estimate(const Problem& problem, const Config&, int threads) {
  const double compute = problem.flops() / (group == 4 ? 3e11 : 1.2e11) * (blocks == 4 ? 1 : 2) / threads;
  return std::max(compute, problem.bytes() / (12e9 + 4e9 * threads)) + 2e-6;
}

template <int group, int blocks>
Booking GemmIntegerRow<group, blocks>::book(const Problem& problem, const Config&) {
  const GemmIntegerParams p = params_of(problem, blocks);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.n_blocks, p.columns) * p.row_blocks;
  booking.weights_bytes = static_cast<size_t>(p.weights) + static_cast<size_t>(p.n_blocks) *
                                                               static_cast<size_t>(div_up(p.k, group)) * kByteBlock *
                                                               group;
  return booking;
}

template <int group, int blocks>
void GemmIntegerRow<group, blocks>::pack(const Problem& problem, const Config& config,
                                         std::span<const Tensor> constants, std::byte* weights) {
  const GemmIntegerParams p = params_of(problem, blocks);
  GemmIntegerParams unused;
  const Rest rest = rest_of(problem, unused);
  const Tensor matrix = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const auto constant = [&](int number) { return constants[static_cast<size_t>(constant_position(problem, number))]; };
  const auto zero = static_cast<int32_t>(first_as<op::GemmInteger>(problem)->zero);
  const auto* w = static_cast<const int8_t*>(matrix.data());
  std::memset(weights, 0, book(problem, config).weights_bytes);
  for (int64_t n = 0; n < p.n; ++n) {
    uint32_t sum = bias.empty() ? 0 : static_cast<uint32_t>(bias.as<int32_t>()[static_cast<size_t>(n)]);
    for (int64_t k = 0; k < p.k; ++k) sum -= static_cast<uint32_t>(zero * w[n * p.k + k]);
    std::memcpy(weights + n * 4, &sum, sizeof sum);
    if (rest.scales < 0) continue;
    const Tensor scales = constant(rest.scales);
    const float scale = scales.as<float>()[scales.elements() == 1 ? 0 : static_cast<size_t>(n)];
    std::memcpy(weights + p.scales + n * 4, &scale, sizeof scale);
  }
  if (rest.table >= 0) std::memcpy(weights + p.table, constant(rest.table).data(), 256);
  auto* out = reinterpret_cast<int8_t*>(weights + p.weights);
  // Groups of blocks begin anew with every task's columns.
  for (int block = 0; block < p.n_blocks;) {
    const int task_end = std::min((block / p.columns + 1) * p.columns, p.n_blocks);
    const int count = std::min(p.blocks, task_end - block);
    for (int64_t k = 0; k < p.k; k += group) {
      for (int64_t n = int64_t{block} * kByteBlock; n < int64_t{block + count} * kByteBlock; ++n) {
        for (int64_t i = k; i < k + group; ++i) *out++ = n < p.n && i < p.k ? w[n * p.k + i] : int8_t{0};
      }
    }
    block += count;
  }
}

template struct GemmIntegerRow<4, 4>;
template struct GemmIntegerRow<2, 4>;
template struct GemmIntegerRow<4, 2>;
template struct GemmIntegerRow<2, 2>;

}  // namespace stretto::kernels
