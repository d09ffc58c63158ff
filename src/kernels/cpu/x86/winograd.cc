#include "kernels/cpu/x86/winograd.h"

#include <algorithm>
#include <array>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/winograd_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostFloats = int64_t{1} << 31;
constexpr int64_t kMostPositions = 81;
/// What a task's transformed input may take: it should stay in level 2 beside the weights that stream past.
constexpr int64_t kScratchBytes = 640 << 10;
constexpr int64_t kSharedScratchBytes = 1280 << 10, kHeavyBytes = 1 << 20;

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

int points_of(int size, int64_t stride) {
  return static_cast<int>((size - 1) * stride) + 3;
}

WinogradParams winograd_params(const Problem& problem, const Config& config, int width) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& dst = problem.output().type.shape;
  WinogradParams p;
  p.size = config.v[0];
  p.stride = static_cast<int32_t>(conv.strides[0]);
  p.points = points_of(p.size, p.stride);
  p.ih = static_cast<int32_t>(src[2]);
  p.iw = static_cast<int32_t>(src[3]);
  p.oh = static_cast<int32_t>(dst[2]);
  p.ow = static_cast<int32_t>(dst[3]);
  p.pt = static_cast<int32_t>(conv.pads[0]);
  p.pl = static_cast<int32_t>(conv.pads[1]);
  p.tiles_w = div_up(p.ow, p.size);
  p.tiles = p.tiles_w * div_up(p.oh, p.size);
  p.tile_block = config.v[1];
  p.tile_blocks = div_up(p.tiles, p.tile_block);
  p.ic_blocks = div_up(src[1], width);
  p.oc_blocks = div_up(dst[1], width);
  p.last_quads = div_up(src[1] - (p.ic_blocks - 1) * width, 4);
  p.blocks = config.v[2];
  p.pixels = tile_pixels(width, p.blocks);
  p.oc_chunk = div_up(div_up(p.oc_blocks, config.v[3]), p.blocks) * p.blocks;
  p.oc_chunks = div_up(p.oc_blocks, p.oc_chunk);
  p.weights = static_cast<int64_t>(align_up(static_cast<size_t>(p.oc_blocks) * width, 16));
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  p.epilogue = epilogue_params(problem, width);
  return p;
}

int64_t positions_of(const WinogradParams& p) {
  return static_cast<int64_t>(p.points) * p.points;
}

}  // namespace

template <int width, WeightKind kind>
Refusal Winograd<width, kind>::supports(const Problem& problem) {
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

template <int width, WeightKind kind>
std::vector<Config> Winograd<width, kind>::configs(const Problem& problem) {
  const Shape& src = first_input(problem, 0).type.shape;
  const Shape& dst = problem.output().type.shape;
  const int ic_blocks = div_up(src[1], width), oc_blocks = div_up(dst[1], width);
  std::vector<Config> found;
  auto add = [&](const Config& config) {
    if (std::find(found.begin(), found.end(), config) == found.end()) found.push_back(config);
  };
  const int64_t stride = first_as<op::Conv>(problem)->strides[0];
  for (int size : {4, 2, 6}) {
    if (stride == 2 && size == 6) break;
    // The output transforms of larger tiles make too much of the weights' rounding: 2e-3 and more with m = 4.
    if (kind == WeightKind::half && size != 2) continue;
    const int64_t points = points_of(size, stride);
    const int64_t tile_bytes = points * points * ic_blocks * width * static_cast<int64_t>(element_bytes(width));
    const int64_t tiles = static_cast<int64_t>(div_up(dst[2], size)) * div_up(dst[3], size);
    for (int blocks : {2, 4, 3, 1}) {
      const int pixels = tile_pixels(width, blocks);
      if (pixels == 0 || (blocks > 2 && oc_blocks % blocks != 0) || (blocks == 1 && width < 32)) continue;
      const int64_t room = std::max<int64_t>(pixels, kScratchBytes / tile_bytes);
      for (int64_t times : {room / pixels, room / pixels / 2}) {
        const int64_t most = std::min<int64_t>(std::max<int64_t>(1, times), 8) * pixels;
        // Tasks of equal size.
        const int64_t count = div_up(tiles, most);
        add({{size, div_up(tiles, count), blocks, count == 1 && oc_blocks >= 2 * blocks ? 2 : 1}});
      }
      // Where the weights are much: every task transforms all tiles and reads half the weights.
      const bool heavy =
          points * points * ic_blocks * oc_blocks * width * width * static_cast<int64_t>(size_of(kind)) > kHeavyBytes;
      if (heavy && tiles * tile_bytes <= kSharedScratchBytes && oc_blocks >= 2 * blocks) {
        add({{size, static_cast<int32_t>(tiles), blocks, 2}});
      }
    }
  }
  return found;
}

template <int width, WeightKind kind>
double Winograd<width, kind>::estimate(const Problem& problem, const Config& config, int threads) {
  const WinogradParams p = winograd_params(problem, config, width);
  const double batch = static_cast<double>(problem.output().type.shape[0]);
  const double positions = static_cast<double>(positions_of(p));
  const double vectors = positions * p.tiles * batch;
  // Cycles: products at nearly the peak, transforms by the vectors they touch, weights streamed once for each task.
  const double products = vectors * p.ic_blocks * p.oc_blocks * width / 1.7;
  const double transforms = vectors * 3.0 * (p.ic_blocks * p.oc_chunks + p.oc_blocks);
  const double streamed = positions * p.ic_blocks * p.oc_blocks * width * width * kFloat * p.tile_blocks * batch / 24;
  const double tasks = p.tile_blocks * p.oc_chunks * batch;
  const double balance =
      tasks / (std::max(1.0, static_cast<double>(div_up(static_cast<int64_t>(tasks), threads))) * threads);
  return (products + transforms + streamed) / (3.3e9 * threads * std::max(0.05, balance));
}

template <int width, WeightKind kind>
Booking Winograd<width, kind>::book(const Problem& problem, const Config& config) {
  const WinogradParams p = winograd_params(problem, config, width);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = static_cast<int32_t>(problem.output().type.shape[0] * p.tile_blocks * p.oc_chunks);
  const auto positions = static_cast<size_t>(positions_of(p));
  const auto blocks = static_cast<size_t>(p.ic_blocks) * static_cast<size_t>(p.oc_blocks);
  booking.weights_bytes = static_cast<size_t>(p.weights) * kFloat + positions * blocks * width * width * size_of(kind);
  const size_t row = static_cast<size_t>(p.tile_block) * width;
  booking.worker_scratch_bytes =
      positions * row * (static_cast<size_t>(p.ic_blocks) * element_bytes(width) + p.blocks * kFloat);
  if (width == 32) {
    booking.worker_scratch_bytes +=
        kHalfTileSums * sizeof(uint16_t) + static_cast<size_t>(p.ic_blocks + kUnitsAhead) * sizeof(HalfUnit);
  }
  return booking;
}

template <int width, WeightKind kind>
void Winograd<width, kind>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                                 std::byte* weights) {
  const WinogradParams p = winograd_params(problem, config, width);
  const Tensor kernel = constant_of(problem, constants, 1), bias = constant_of(problem, constants, 2);
  const int64_t oc = kernel.shape()[0], ic = kernel.shape()[1];
  auto* out = reinterpret_cast<float*>(weights);
  copy_padded(static_cast<const float*>(bias.data()), oc, p.weights, out);
  std::vector<float> packed(static_cast<size_t>(positions_of(p)) * static_cast<size_t>(p.ic_blocks) *
                            static_cast<size_t>(p.oc_blocks) * width * width);
  const int n = p.points;
  const WeightTransform& g = weight_transform(p);
  const auto* from = static_cast<const float*>(kernel.data());
  // [blocks of oc][position][ic block][channel][block][width], as pack_tiles lays one position out.
  const int64_t block_weights = static_cast<int64_t>(p.ic_blocks) * width * width;
  for (int64_t o = 0; o < static_cast<int64_t>(p.oc_blocks) * width; ++o) {
    const int64_t oc_block = o / width;
    const int64_t chunk_begin = oc_block / p.oc_chunk * p.oc_chunk;
    const int64_t chunk_end = std::min<int64_t>(chunk_begin + p.oc_chunk, p.oc_blocks);
    const int64_t group = chunk_begin + (oc_block - chunk_begin) / p.blocks * p.blocks;
    const int64_t blocks = std::min<int64_t>(p.blocks, chunk_end - group);
    for (int64_t c = 0; c < static_cast<int64_t>(p.ic_blocks) * width; ++c) {
      double rows[9][3] = {};
      const bool there = o < oc && c < ic;
      const float* w = from + (o * ic + c) * 9;
      for (int i = 0; there && i < n; ++i) {
        for (int x = 0; x < 3; ++x) {
          for (int y = 0; y < 3; ++y) rows[i][x] += g[static_cast<size_t>(i)][static_cast<size_t>(y)] * w[y * 3 + x];
        }
      }
      float* to =
          packed.data() + group * n * n * block_weights + place_in_tile(width, blocks, c, oc_block - group, o % width);
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) {
          double sum = 0;
          for (int x = 0; x < 3; ++x) sum += rows[i][x] * g[static_cast<size_t>(j)][static_cast<size_t>(x)];
          to[(i * n + j) * blocks * block_weights] = static_cast<float>(sum);
        }
      }
    }
  }
  store_weights(kind, packed.data(), static_cast<int64_t>(packed.size()),
                reinterpret_cast<std::byte*>(out + p.weights));
}

template struct Winograd<8>;
template struct Winograd<16>;
template struct Winograd<8, WeightKind::half>;
template struct Winograd<16, WeightKind::half>;
template struct Winograd<32, WeightKind::half>;

}  // namespace stretto::kernels
