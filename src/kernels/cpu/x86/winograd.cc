#include "kernels/cpu/x86/winograd.h"

#include <algorithm>
#include <array>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/winograd_split.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostFloats = int64_t{1} << 31;
constexpr int64_t kMostPositions = 81;

/// Where the weight from channel c to lane `lane` of block `block` lies among those of one position.
int64_t place_in_tile(int width, int64_t blocks, int64_t c, int64_t block, int64_t lane) {
  if (width < 32) return (c * blocks + block) * width + lane;
  return ((c / 2 * blocks + block) * 2 + lane % 2) * 32 + lane / 2 * 2 + c % 2;  // conv_half_params.h
}

/// G of F(m, 3): the transform of a row of three weights, to the points of winograd_transforms.h.
using WeightTransform = std::array<std::array<double, 3>, 9>;
constexpr WeightTransform kWeights2 = {{{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}}};
constexpr WeightTransform kWeights4 = {{{1. / 4, 0, 0},
                                        {-1. / 6, -1. / 6, -1. / 6},
                                        {-1. / 6, 1. / 6, -1. / 6},
                                        {1. / 24, 1. / 12, 1. / 6},
                                        {1. / 24, -1. / 12, 1. / 6},
                                        {0, 0, 1}}};
constexpr WeightTransform kWeights6 = {{{1, 0, 0},
                                        {-2. / 9, -2. / 9, -2. / 9},
                                        {-2. / 9, 2. / 9, -2. / 9},
                                        {1. / 90, 1. / 45, 2. / 45},
                                        {1. / 90, -1. / 45, 2. / 45},
                                        {1. / 45, 1. / 90, 1. / 180},
                                        {1. / 45, -1. / 90, 1. / 180},
                                        {0, 0, 1}}};

/// With stride 2: the outer weights' transform, then the middle weight for each odd input.
constexpr WeightTransform kWeights2Stride2 = {{{-1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}}};
constexpr WeightTransform kWeights4Stride2 = {{{.5, 0, 0},
                                               {-.5, 0, -.5},
                                               {-1. / 6, 0, 1. / 6},
                                               {1. / 6, 0, 1. / 3},
                                               {0, 0, 1},
                                               {0, 1, 0},
                                               {0, 1, 0},
                                               {0, 1, 0},
                                               {0, 1, 0}}};

const WeightTransform& weight_transform(const WinogradParams& p) {
  if (p.stride == 2) return p.size == 2 ? kWeights2Stride2 : kWeights4Stride2;
  return p.size == 2 ? kWeights2 : p.size == 4 ? kWeights4 : kWeights6;
}

WinogradParams shape_of(const Problem& problem, int width) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& dst = problem.output().type.shape;
  WinogradParams p;
  p.stride = static_cast<int32_t>(conv.strides[0]);
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.oh = static_cast<int32_t>(dst[2]);
  p.ow = static_cast<int32_t>(dst[3]);
  p.pt = static_cast<int32_t>(conv.pads[0]);
  p.pl = static_cast<int32_t>(conv.pads[1]);
  p.ic_blocks = div_up(src[1], width);
  p.oc_blocks = div_up(dst[1], width);
  p.last_quads = div_up(src[1] - (p.ic_blocks - 1) * width, 4);
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.oc_blocks) * width, 16));
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.epilogue = epilogue_params(problem, width);
  return p;
}

template <int width, WeightKind kind, bool raw>
WinogradKind kind_of() {
  // Output transforms of larger tiles make too much of the rounding of transformed weights: 2e-3 and more with m = 4.
  if (kind == WeightKind::half && !raw) return {width, raw, 2, {2}};
  return {width, raw, static_cast<int>(size_of(kind)), {4, 2, 6}};
}

int batch_of(const Problem& problem) {
  return static_cast<int>(problem.output().type.shape[0]);
}

/// Floats of the stored weights.
int64_t stored_weights(const WinogradParams& p, int width, bool raw) {
  return int64_t{raw ? 9 : winograd_positions(p)} * p.ic_blocks * p.oc_blocks * width * width;
}

/// Calls `place(o, c, group, block, blocks)` for every output and input channel, padding included: the first block of
/// the register tile that o belongs to, o's block in it, and how many blocks that tile has.
template <class Place>
void for_each_weight(const WinogradParams& p, int width, Place place) {
  for (int o = 0; o < p.oc_blocks * width; ++o) {
    const int oc_block = o / width, chunk_begin = oc_block / p.oc_chunk * p.oc_chunk;
    const int chunk_end = std::min(chunk_begin + p.oc_chunk, p.oc_blocks);
    const int group = chunk_begin + (oc_block - chunk_begin) / p.blocks * p.blocks;
    for (int c = 0; c < p.ic_blocks * width; ++c)
      place(o, c, group, oc_block - group, std::min(p.blocks, chunk_end - group));
  }
}

/// [group][ic block][channel][block][tap][width]
void pack_raw(const WinogradParams& p, int width, const Tensor& kernel, float* out) {
  const int64_t oc = kernel.shape()[0], ic = kernel.shape()[1];
  const auto* from = static_cast<const float*>(kernel.data());
  for_each_weight(p, width, [&](int o, int c, int group, int block, int blocks) {
    const int64_t vector = int64_t{group} * p.ic_blocks * width + int64_t{c} * blocks + block;
    for (int tap = 0; tap < 9; ++tap) {
      out[(vector * 9 + tap) * width + o % width] = o < oc && c < ic ? from[(o * ic + c) * 9 + tap] : 0.0f;
    }
  });
}

/// [group][chunk of ic blocks][position][ic block][channel][block][width]
void pack_transformed(const WinogradParams& p, int width, const Tensor& kernel, float* out) {
  const int64_t oc = kernel.shape()[0], ic = kernel.shape()[1], positions = winograd_positions(p);
  const int n = p.points;
  const WeightTransform& g = weight_transform(p);
  const auto* from = static_cast<const float*>(kernel.data());
  for_each_weight(p, width, [&](int o, int c, int group, int block, int blocks) {
    double rows[9][3] = {};
    const float* w = from + (o * ic + c) * 9;
    for (int i = 0; o < oc && c < ic && i < n; ++i) {
      for (int x = 0; x < 3; ++x) {
        for (int y = 0; y < 3; ++y) rows[i][x] += g[static_cast<size_t>(i)][static_cast<size_t>(y)] * w[y * 3 + x];
      }
    }
    const int begin = c / width / p.ic_chunk * p.ic_chunk, chunk = std::min(p.ic_chunk, p.ic_blocks - begin);
    const int64_t tap = int64_t{blocks} * width * width;
    float* to = out + int64_t{group} * positions * p.ic_blocks * width * width + begin * positions * tap +
                place_in_tile(width, blocks, c - begin * width, block, o % width);
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < n; ++j) {
        double sum = 0;
        for (int x = 0; x < 3; ++x) sum += rows[i][x] * g[static_cast<size_t>(j)][static_cast<size_t>(x)];
        to[(i * n + j) * chunk * tap] = static_cast<float>(sum);
      }
    }
  });
}

}  // namespace

template <int width, WeightKind kind, bool raw>
Refusal Winograd<width, kind, raw>::supports(const Problem& problem) {
  const auto* conv = first_as<op::Conv>(problem);
  if (conv == nullptr) return Refusal::other_operator;
  const Operand& src = first_input(problem, 0);
  if (src.type.shape.size() != 4) return Refusal::other_shape;
  if (!is_f32(problem)) return Refusal::other_type;
  constexpr Layout layout = blocked_layout(width);
  if (src.layout != layout || problem.output().layout != layout) return Refusal::other_layout;
  if (src.role != Role::input || !has_constant_weights(problem)) return Refusal::dynamic_weights;
  const Shape& weights = first_input(problem, 1).type.shape;
  if (weights[2] != 3 || weights[3] != 3) return Refusal::other_shape;
  if (conv->group != 1) return Refusal::grouped;
  if (conv->strides != Dims{1, 1} && conv->strides != Dims{2, 2}) return Refusal::strided;
  if (conv->dilations != Dims{1, 1}) return Refusal::dilated;
  const Shape& dst = problem.output().type.shape;
  const int64_t ic_blocks = div_up(src.type.shape[1], width), oc_blocks = div_up(dst[1], width);
  const bool large = stored_elements(src.type.shape, layout) >= kMostFloats ||
                     stored_elements(dst, layout) >= kMostFloats || ic_blocks > 1024 || oc_blocks > 1024 ||
                     kMostPositions * ic_blocks * oc_blocks * width * width >= kMostFloats;
  if (large) return Refusal::too_large;
  return check_epilogue(problem);
}

template <int width, WeightKind kind, bool raw>
std::vector<Config> Winograd<width, kind, raw>::configs(const Problem& problem) {
  return winograd_splits(shape_of(problem, width), batch_of(problem), kind_of<width, kind, raw>());
}

template <int width, WeightKind kind, bool raw>
double Winograd<width, kind, raw>::estimate(const Problem& problem, const Config& config, int threads) {
  const WinogradKind k = kind_of<width, kind, raw>();
  return winograd_seconds(winograd_split(shape_of(problem, width), config, k), batch_of(problem), k, threads);
}

template <int width, WeightKind kind, bool raw>
Booking Winograd<width, kind, raw>::book(const Problem& problem, const Config& config) {
  const WinogradParams p = winograd_split(shape_of(problem, width), config, kind_of<width, kind, raw>());
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = batch_of(problem) * p.tile_blocks * p.oc_chunks;
  booking.weights_bytes =
      static_cast<size_t>(p.weights) * kFloat + static_cast<size_t>(stored_weights(p, width, raw)) * size_of(kind);
  booking.worker_scratch_bytes = static_cast<size_t>(p.scratch) * kFloat;
  return booking;
}

template <int width, WeightKind kind, bool raw>
void Winograd<width, kind, raw>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                      std::byte* weights) {
  const WinogradParams p = winograd_split(shape_of(problem, width), config, kind_of<width, kind, raw>());
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), kernel.shape()[0], p.weights, out);
  std::vector<float> packed(static_cast<size_t>(stored_weights(p, width, raw)));
  (raw ? pack_raw : pack_transformed)(p, width, kernel, packed.data());
  store_weights(kind, packed.data(), static_cast<int64_t>(packed.size()),
                reinterpret_cast<std::byte*>(out + p.weights));
}

template struct Winograd<8>;
template struct Winograd<16>;
template struct Winograd<8, WeightKind::half>;
template struct Winograd<16, WeightKind::half>;
template struct Winograd<32, WeightKind::half>;
template struct Winograd<8, WeightKind::full, true>;
template struct Winograd<16, WeightKind::full, true>;
template struct Winograd<8, WeightKind::half, true>;
template struct Winograd<16, WeightKind::half, true>;

}  // namespace stretto::kernels
