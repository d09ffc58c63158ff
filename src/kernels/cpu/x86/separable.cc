#include "kernels/cpu/x86/separable.h"

#include <algorithm>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_half_pack.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_tile_params.h"
#include "kernels/cpu/x86/separable_params.h"
#include "kernels/cpu/x86/separable_parts.h"
#include "kernels/cpu/x86/window.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kScratchBytes = 448 << 10;       // of a task, in a level 2 of 1 MiB
constexpr int64_t kHalfScratchBytes = 1024 << 10;  // the same in f16: processors with its arithmetic have 2 MiB
constexpr int64_t kMostScratchBytes = 16 << 20;
constexpr int kMostTasks = 64;
constexpr size_t kMostConfigs = 5;

/// The epilogue of the last part reads inputs of the whole.
EpilogueParams epilogue_of(const Problem& whole, const SeparablePart& part, int width) {
  EpilogueParams e = epilogue_params(part.problem, width);
  if (e.other < 0) return e;
  const int conv_output = whole.nodes[static_cast<size_t>(part.conv)].output;
  for (size_t i = static_cast<size_t>(part.conv) + 1; i < whole.nodes.size(); ++i) {
    for (int input : whole.nodes[i].inputs) {
      if (input != conv_output && input_position(whole, input) >= 0) e.other = input_position(whole, input);
    }
  }
  return e;
}

PointwiseParams pointwise_params(const Problem& whole, const SeparablePart& part, int width) {
  const int64_t ic = first_input(part.problem, 0).type.shape[1], oc = part.problem.output().type.shape[1];
  PointwiseParams p;
  p.exists = 1;
  p.ic_blocks = div_up(ic, width);
  p.oc_blocks = div_up(oc, width);
  p.last_quads = div_up(ic - static_cast<int64_t>(p.ic_blocks - 1) * width, 4);
  p.epilogue = epilogue_of(whole, part, width);
  return p;
}

/// The tile that wastes least: blocks of at most `most`, pixels of a row shared out evenly.
void choose_tile(PointwiseParams& p, int most, int pixels, int width) {
  double best = 0;
  for (int blocks = 1; blocks <= std::min({most, p.oc_blocks, kMaxTileBlocks}); ++blocks) {
    const int limit = tile_pixels(width, blocks);
    if (limit == 0) continue;
    const int tiles = div_up(pixels, limit);
    const double mean = static_cast<double>(pixels) / tiles;  // pixels of a tile
    const double lanes = static_cast<double>(most) / (div_up(most, blocks) * blocks);
    const double rate = lanes * mean * blocks / std::max(mean * blocks + 0.7 * blocks + 0.5, mean + blocks);
    if (rate <= best) continue;
    best = rate;
    p.pixels = div_up(pixels, tiles);
    p.blocks = blocks;
  }
}

int expanded_rows(const WindowParams& w, int rows, int image_h) {
  return std::min(image_h, (rows - 1) * w.sh + (w.kh - 1) * w.dh + 1);
}

/// Elements of worker scratch that hold values.
int64_t scratch_elements(const SeparableParams& p, int group, int rows, int width) {
  const WindowParams& w = p.window;
  int64_t elements = 0;
  if (p.expand.exists) elements += static_cast<int64_t>(group) * expanded_rows(w, rows, p.image_h) * w.iw * width;
  const int kept = width == 32 ? w.channel_blocks : group;
  if (p.project.exists) elements += static_cast<int64_t>(kept) * rows * w.ow * width;
  return elements;
}

int64_t scratch_bytes(const SeparableParams& p, int group, int rows, int width) {
  const int64_t values = scratch_elements(p, group, rows, width) * static_cast<int64_t>(element_bytes(width));
  if (width < 32) return values;
  const int units = (p.expand.exists ? p.expand.ic_blocks + kUnitsAhead : 0) +
                    (p.project.exists ? p.project.ic_blocks + kUnitsAhead : 0);
  return values + kHalfTileSums * static_cast<int64_t>(kFloat + sizeof(uint16_t)) +
         units * static_cast<int64_t>(sizeof(HalfUnit));
}

/// Shapes and weights; the split is missing.
template <int width>
SeparableParams shape_params(const Problem& problem) {
  SeparableGroup group;
  divide_separable<width>(problem, group);
  const Problem& depthwise = group.depthwise.problem;
  const auto& conv = *first_as<op::Conv>(depthwise);
  const Shape& kernel = first_input(depthwise, 1).type.shape;
  SeparableParams p;
  WindowParams& w = p.window;
  w = window_params(depthwise, width, {kernel[2], kernel[3]}, conv.strides, conv.dilations, conv.pads, {{1, 1, 0, 0}});
  p.epilogue = epilogue_params(depthwise, width);
  p.batch = w.planes / w.channel_blocks;
  p.image_h = w.ih;
  p.image_w = w.iw;
  p.src = input_position(problem, problem.nodes[0].inputs[0]);
  int64_t floats = 0;
  auto reserve = [&](int64_t count, size_t bytes) {
    const int64_t at = floats;
    floats += static_cast<int64_t>(align_up(static_cast<size_t>(count) * bytes) / kFloat);
    return at;
  };
  auto reserve_pointwise = [&](PointwiseParams& q) {
    q.bias = reserve(static_cast<int64_t>(q.oc_blocks) * width, kFloat);
    q.weights = reserve(static_cast<int64_t>(q.oc_blocks) * q.ic_blocks * width * width, element_bytes(width));
  };
  if (group.expand) {
    p.expand = pointwise_params(problem, *group.expand, width);
    p.pad_left = w.pl;
    w.iw = std::max(w.pl + w.iw, (w.ow - 1) * w.sw + (w.kw - 1) * w.dw + 1);
    w.pl = 0;
    w.inner_begin = 0;
    w.inner_end = w.ow;
    reserve_pointwise(p.expand);
  }
  p.bias = reserve(static_cast<int64_t>(w.channel_blocks) * width, element_bytes(width));
  p.weights = reserve(static_cast<int64_t>(w.channel_blocks) * w.kh * w.kw * width, element_bytes(width));
  if (group.project) {
    p.project = pointwise_params(problem, *group.project, width);
    reserve_pointwise(p.project);
  }
  p.floats = floats;
  return p;
}

/// Config: {rows of a task, channel blocks at a time, channel blocks of a task}.
template <int width>
SeparableParams separable_params(const Problem& problem, const Config& config) {
  SeparableParams p = shape_params<width>(problem);
  WindowParams& w = p.window;
  w.row_block = config.v[0];
  w.row_blocks = div_up(w.oh, w.row_block);
  p.group = config.v[1];
  p.chunk = config.v[2];
  p.chunks = div_up(w.channel_blocks, p.chunk);
  if (p.expand.exists) {
    p.rows = expanded_rows(w, w.row_block, p.image_h);
    p.depthwise_scratch = static_cast<int64_t>(p.group) * p.rows * w.iw * width;
    choose_tile(p.expand, p.group, p.image_w, width);
  }
  if (p.project.exists) choose_tile(p.project, p.project.oc_blocks, w.row_block * w.ow, width);
  p.product_scratch = scratch_elements(p, p.group, w.row_block, width);
  return p;
}

int task_count(const SeparableParams& p) {
  return p.batch * p.chunks * p.window.row_blocks;
}

/// Vector operations of one task, from counts of tiles' steps.
double task_cycles(const SeparableParams& p, int width) {
  const WindowParams& w = p.window;
  const double blocks = std::min(p.chunk, w.channel_blocks), pixels = static_cast<double>(w.row_block) * w.ow;
  double cycles = blocks * pixels * (w.kh * w.kw + 4) * 1.3;
  if (p.expand.exists) {
    const double tile = 1.1 + 2.0 / p.expand.pixels;
    cycles += blocks * p.rows * p.image_w * (p.expand.ic_blocks * width * tile + 6);
  }
  if (p.project.exists) {
    const double tile = 1.1 + 2.0 / p.project.pixels, groups = div_up(w.channel_blocks, p.group);
    cycles += p.project.oc_blocks * pixels * (blocks * width * tile + 4 * groups);
  }
  return width >= 16 ? cycles : cycles / 2;
}

template <int width>
double seconds_of(const SeparableParams& p, int threads) {
  const int tasks = task_count(p);
  return task_cycles(p, width) / 3.5e9 * div_up(tasks, std::min(threads, tasks)) + 2e-6;
}

}  // namespace

template <int width>
Refusal Separable<width>::supports(const Problem& problem) {
  SeparableGroup group;
  if (Refusal r = divide_separable<width>(problem, group); r != Refusal::none) return r;
  const SeparableParams p = shape_params<width>(problem);
  return scratch_bytes(p, 1, 1, width) > kMostScratchBytes ? Refusal::too_large : Refusal::none;
}

template <int width>
std::vector<Config> Separable<width>::configs(const Problem& problem) {
  const SeparableParams p = shape_params<width>(problem);
  const WindowParams& w = p.window;
  std::vector<Config> configs;
  auto add = [&](int parts, int group, int chunks) {
    if (parts > w.oh || chunks > div_up(w.channel_blocks, group)) return;
    const int chunk = p.project.exists ? w.channel_blocks : div_up(div_up(w.channel_blocks, chunks), group) * group;
    const Config config{{div_up(w.oh, parts), group, chunk, 0}};
    if (task_count(separable_params<width>(problem, config)) > kMostTasks * p.batch) return;
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  };
  for (int group : {1, 2, 4}) {
    if (group > w.channel_blocks) break;
    int parts = 1;
    const int64_t room = width == 32 ? kHalfScratchBytes : kScratchBytes;
    while (parts < w.oh && scratch_bytes(p, group, div_up(w.oh, parts), width) > room) ++parts;
    if (parts > 1) parts += parts % 2;
    if (p.project.exists) {
      for (int more : {1, 2, 4}) add(parts * more, group, 1);
    } else {
      for (int chunks : {1, 2, 4, 8, 16}) add(parts, group, chunks);
    }
  }
  if (configs.empty()) add(w.oh, 1, 1);
  auto cost = [&](const Config& c) { return seconds_of<width>(separable_params<width>(problem, c), 2); };
  std::stable_sort(configs.begin(), configs.end(), [&](const Config& a, const Config& b) { return cost(a) < cost(b); });
  if (configs.size() > kMostConfigs) configs.resize(kMostConfigs);
  return configs;
}

template <int width>
double Separable<width>::estimate(const Problem& problem, const Config& config, int threads) {
  return seconds_of<width>(separable_params<width>(problem, config), threads);
}

template <int width>
Booking Separable<width>::book(const Problem& problem, const Config& config) {
  const SeparableParams p = separable_params<width>(problem, config);
  Booking booking;
  booking.set_params(p);
  booking.tasks[0] = task_count(p);
  booking.weights_bytes = static_cast<size_t>(p.floats) * kFloat;
  booking.worker_scratch_bytes = static_cast<size_t>(scratch_bytes(p, p.group, p.window.row_block, width));
  return booking;
}

template <int width>
void Separable<width>::pack(const Problem& problem, const Config& config, std::span<const Tensor> constants,
                            std::byte* weights) {
  const SeparableParams p = separable_params<width>(problem, config);
  SeparableGroup group;
  divide_separable<width>(problem, group);
  auto* out = reinterpret_cast<float*>(weights);
  std::fill_n(out, p.floats, 0.0f);
  auto constant = [&](const SeparablePart& part, size_t input) -> const float* {
    const auto& inputs = problem.nodes[static_cast<size_t>(part.conv)].inputs;
    if (input >= inputs.size()) return nullptr;
    const int position = constant_position(problem, inputs[input]);
    return static_cast<const float*>(constants[static_cast<size_t>(position)].data());
  };
  auto pack_pointwise = [&](const SeparablePart& part, const PointwiseParams& q, int group_blocks) {
    const int64_t ic = first_input(part.problem, 0).type.shape[1], oc = part.problem.output().type.shape[1];
    const float* data = constant(part, 1);
    copy_padded(constant(part, 2), oc, static_cast<int64_t>(q.oc_blocks) * width, out + q.bias);
    float* to = out + q.weights;
    auto* half = reinterpret_cast<uint16_t*>(to);
    for (int64_t first = 0; first < oc; first += static_cast<int64_t>(group_blocks) * width) {
      const int64_t count = std::min<int64_t>(oc - first, static_cast<int64_t>(group_blocks) * width);
      const WeightView view{data + first * ic, ic, 1, 1, 1};
      if constexpr (width == 32) {
        half = pack_half_tiles(view, static_cast<int>(count), static_cast<int>(ic), 1, 1, q.blocks, half);
      } else {
        to = pack_tiles(view, static_cast<int>(count), static_cast<int>(ic), 1, 1, width, q.blocks, to);
      }
    }
  };
  if (group.expand) pack_pointwise(*group.expand, p.expand, p.group);
  if (group.project) pack_pointwise(*group.project, p.project, p.project.oc_blocks);
  const int64_t channels = first_input(group.depthwise.problem, 1).type.shape[0];
  const int64_t lanes = static_cast<int64_t>(p.window.channel_blocks) * width,
                taps = int64_t{p.window.kh} * p.window.kw;
  std::vector<float> depthwise(static_cast<size_t>(lanes * taps)), bias(static_cast<size_t>(lanes));
  pack_depthwise(constant(group.depthwise, 1), channels, taps, width, depthwise.data());
  copy_padded(constant(group.depthwise, 2), channels, lanes, bias.data());
  const WeightKind kind = width == 32 ? WeightKind::half : WeightKind::full;
  store_weights(kind, depthwise.data(), lanes * taps, reinterpret_cast<std::byte*>(out + p.weights));
  store_weights(kind, bias.data(), lanes, reinterpret_cast<std::byte*>(out + p.bias));
}

template struct Separable<8>;
template struct Separable<16>;
template struct Separable<32>;

}  // namespace stretto::kernels
