#include "kernels/cpu/x86/gemm.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/gemm_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kTaskWeights = 64 << 10;   // floats of weights a task takes at least: about 15 µs from memory
constexpr int64_t kChunkWeights = 64 << 10;  // floats of weights of a task and chunk of k, when rows share them
constexpr int64_t kMostSize = 1 << 26;

/// Sizes and where the weights and the bias are found, for both operators.
struct Product {
  int64_t m = 0, n = 0, k = 0;
  int64_t weight_n = 0, weight_k = 0;  // strides
  float alpha = 1, beta = 0;
  bool valid = false;
};

Product product_of(const Problem& problem) {
  const Shape& a = first_input(problem, 0).type.shape;
  const Shape& b = first_input(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  Product p;
  if (b.size() != 2 || a.size() < 2 || dst.size() < 2) return p;
  p.n = dst.back();
  p.k = a.back();
  p.m = p.n == 0 ? 0 : problem.output().type.elements() / p.n;
  bool trans_b = false;
  if (const auto* gemm = first_as<op::Gemm>(problem)) {
    if (gemm->trans_a) return p;
    trans_b = gemm->trans_b;
    p.alpha = gemm->alpha;
    p.beta = gemm->beta;
  }
  p.weight_n = trans_b ? p.k : 1;
  p.weight_k = trans_b ? 1 : p.n;
  p.valid = true;
  return p;
}

/// The third input is one row, the same for every row of dst.
bool has_row_bias(const Problem& problem, int64_t n) {
  if (problem.nodes[0].inputs.size() < 3) return true;
  const Shape& shape = first_input(problem, 2).type.shape;
  return elements(shape) == n && shape.size() > 0 && shape.back() == n;
}

GemmParams gemm_params(const Problem& problem, const Config& config, int width) {
  const Product product = product_of(problem);
  GemmParams p;
  p.m = static_cast<int32_t>(product.m);
  p.n = static_cast<int32_t>(product.n);
  p.k = static_cast<int32_t>(product.k);
  p.k_blocks = div_up(p.k, width);
  p.n_blocks = div_up(p.n, width);
  p.last_quads = div_up(p.k - (p.k_blocks - 1) * width, 4);
  p.pixels = config.v[0];
  p.blocks = config.v[1];
  p.n_chunk = config.v[2];
  p.rows = config.v[3];
  p.n_chunks = div_up(p.n_blocks, p.n_chunk);
  p.row_blocks = div_up(p.m, p.rows);
  const int64_t chunk = kChunkWeights / (int64_t{p.n_chunk} * width * width);
  p.k_chunk = p.m <= p.pixels ? p.k_blocks
                              : static_cast<int32_t>(std::clamp<int64_t>(chunk, 4, p.k_blocks < 4 ? 4 : p.k_blocks));
  p.copy_rows = static_cast<int32_t>(std::clamp<int64_t>((32 << 10) / p.k, 1, p.m));
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.n_blocks) * width, 16));
  p.epilogue = epilogue_params(problem, width);
  p.epilogue.tail = 0;
  return p;
}

Config config_for(const Product& product, int width, int blocks) {
  const int n_blocks = div_up(product.n, width);
  const int most = tile_pixels(width, blocks);
  const int pixels = div_up(product.m, div_up(product.m, most));
  const int groups = div_up(n_blocks, blocks);
  const int64_t group_floats = product.k * blocks * width;
  int64_t groups_per_task = std::clamp<int64_t>(kTaskWeights / std::max<int64_t>(1, group_floats), 1, groups);
  groups_per_task = div_up(groups, div_up(groups, groups_per_task));
  const int rows = product.m <= 64 ? static_cast<int>(product.m) : div_up(64, pixels) * pixels;
  return {{pixels, blocks, static_cast<int32_t>(groups_per_task) * blocks, rows}};
}

}  // namespace

template <int width, WeightKind kind>
Refusal Gemm<width, kind>::supports(const Problem& problem) {
  const bool is_matmul = first_as<op::MatMul>(problem) != nullptr;
  if (!is_matmul && first_as<op::Gemm>(problem) == nullptr) return Refusal::other_operator;
  if (!is_f32(problem)) return Refusal::other_type;
  const Operand& src = first_input(problem, 0);
  if (src.layout != Layout::plain || problem.output().layout != Layout::plain) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  const Product p = product_of(problem);
  if (!p.valid) return Refusal::attributes;
  if (p.m == 0 || p.n == 0 || p.k == 0 || !has_row_bias(problem, p.n)) return Refusal::other_shape;
  if (p.m > kMostSize || p.n > kMostSize || p.k > kMostSize || p.m * p.k > (int64_t{1} << 31))
    return Refusal::too_large;
  return check_epilogue(problem);
}

template <int width, WeightKind kind>
std::vector<Config> Gemm<width, kind>::configs(const Problem& problem) {
  const Product product = product_of(problem);
  const int n_blocks = div_up(product.n, width);
  std::vector<Config> configs;
  const int wide = width == 16 ? 4 : 3;
  const bool few_rows = product.m <= tile_pixels(width, wide);
  for (int blocks : {few_rows ? wide : 2, few_rows ? 2 : wide}) {
    const Config config = config_for(product, width, std::min(blocks, n_blocks));
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  }
  return configs;
}

template <int width, WeightKind kind>
double Gemm<width, kind>::estimate(const Problem& problem, const Config& config, int threads) {
  const double compute = problem.flops() / 85e9 / threads;
  const double memory = problem.bytes() * static_cast<double>(size_of(kind)) / kFloat / (15e9 + 5e9 * threads);
  return std::max(compute, memory) + 3e-6 + config.v[1] * 1e-9;
}

template <int width, WeightKind kind>
Booking Gemm<width, kind>::book(const Problem& problem, const Config& config) {
  const GemmParams p = gemm_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = div_up(p.m, p.copy_rows);
  booking.tasks[1] = p.n_chunks * p.row_blocks;
  const int64_t floats = static_cast<int64_t>(p.n_blocks) * p.k_blocks * width * width;
  booking.weights_bytes = static_cast<size_t>(p.weights) * kFloat + static_cast<size_t>(floats) * size_of(kind);
  booking.scratch_bytes = align_up(static_cast<size_t>(p.k_blocks) * static_cast<size_t>(p.m) * width * kFloat);
  booking.worker_scratch_bytes = align_up(static_cast<size_t>(p.rows) * p.blocks * width * kFloat);
  return booking;
}

template <int width, WeightKind kind>
void Gemm<width, kind>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                             std::byte* weights) {
  const GemmParams p = gemm_params(problem, config, width);
  const Product product = product_of(problem);
  const Tensor matrix = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), p.n, p.weights, out);
  for (int i = 0; i < p.n; ++i) out[i] *= product.beta;
  std::vector<float> packed(static_cast<size_t>(p.n_blocks) * static_cast<size_t>(p.k_blocks) * width * width);
  const WeightView view{static_cast<const float*>(matrix.data()), product.weight_n, product.weight_k, 0, 0};
  pack_tiles(view, p.n, p.k, 1, 1, width, p.blocks, packed.data());
  if (product.alpha != 1) {
    for (float& w : packed) w *= product.alpha;
  }
  store_weights(kind, packed.data(), static_cast<int64_t>(packed.size()),
                reinterpret_cast<std::byte*>(out + p.weights));
}

template struct Gemm<8>;
template struct Gemm<16>;
template struct Gemm<8, WeightKind::half>;
template struct Gemm<16, WeightKind::half>;

}  // namespace stretto::kernels
