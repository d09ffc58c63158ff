#include "kernels/cpu/x86/conv_split.h"

#include <algorithm>
#include <cmath>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kPanelBytes = 16 << 10;      // input of one tile, of a level 1 of 32 KiB
constexpr int64_t kWeightBytes = 384 << 10;    // weights of one task and chunk, of a level 2 of 512 KiB or more
constexpr int64_t kHalfWeightBytes = 1 << 20;  // the same in f16: processors with its arithmetic have 2 MiB
constexpr double kTaskFlops = 3e6;             // about 30 µs
constexpr int kMostTasks = 64, kFewTasks = 8;
constexpr int64_t kKeptWeightBytes = 128 << 10;  // of a level 2 of 256 KiB or more: sums rest in dst seldom
constexpr int kStreamedTiles = 4;
constexpr size_t kBestTiles = 2;

struct Tile {
  int pixels, blocks;
};

/// Cycles of one step (a tap and an input channel) over `columns` pixels of all output blocks, on a core with one
/// 512-bit or two 256-bit FMAs and loads a cycle. In f16 an operation takes two channels.
double step_cycles(Tile tile, int columns, int oc_blocks, int width) {
  const double lanes = width >= 16 ? 1.0 : 0.5;
  const int tiles = div_up(columns, tile.pixels);
  double cycles = 0;
  for (int oc = 0; oc < oc_blocks; oc += tile.blocks) {
    const int blocks = std::min(tile.blocks, oc_blocks - oc);
    for (int t = 0; t < tiles; ++t) {
      const int pixels = columns / tiles + (t < columns % tiles);
      const double work = std::max({pixels * blocks * lanes, (pixels + blocks) * lanes, 4.0});
      cycles += work + 0.25 * blocks * lanes + 0.4;
    }
  }
  return cycles;
}

int64_t pixels_of(const ConvParams& p) {
  int64_t pixels = 0;
  for (int i = 0; i < p.passes; ++i) pixels += static_cast<int64_t>(p.pass[i].oh) * p.pass[i].ow;
  return pixels;
}

double flops_of(const ConvParams& p, int width) {
  double flops = 0;
  for (int i = 0; i < p.passes; ++i) {
    flops += 2.0 * p.pass[i].oh * p.pass[i].ow * p.pass[i].kh * p.pass[i].kw;
  }
  return flops * p.batch * p.groups * p.ic_blocks * p.oc_blocks * width * width;
}

/// In f16 all: sums do not rest in dst.
int ic_chunk_of(const ConvParams& p, int width, int pixels) {
  if (width == 32) return p.ic_blocks;
  const ConvPass& pass = p.pass[0];
  const int64_t block = static_cast<int64_t>(pixels * p.sw + pass.kw - 1) * pass.kh * width * 4;
  const int most_blocks = static_cast<int>(std::max<int64_t>(1, kPanelBytes / block));
  return div_up(p.ic_blocks, div_up(p.ic_blocks, most_blocks));
}

bool is_pointwise(const ConvParams& p) {
  return p.passes == 1 && p.pass[0].kh == 1 && p.pass[0].kw == 1 && p.sh == 1 && p.sw == 1;
}

/// A pointwise task with one group of output blocks and pixels enough keeps a chunk's weights near and lets the pixels
/// stream past; others keep a tile's pixels near and stream the weights.
bool keeps_weights(const ConvParams& p) {
  return is_pointwise(p) && p.oc_chunk <= p.blocks && p.row_block * p.col_block >= kStreamedTiles * p.pixels;
}

/// All pixels of a task for one group of output blocks, at least kFewTasks tasks.
Config streaming_split(const ConvParams& p, Tile tile) {
  const ConvPass& pass = p.pass[0];
  const int groups = div_up(p.oc_blocks, tile.blocks) * p.batch * p.groups;
  const int lines = pass.oh == 1 ? div_up(pass.ow, tile.pixels) : pass.oh;
  const int parts = std::clamp(div_up(kFewTasks, groups), 1, lines);
  return Config{{tile.pixels, tile.blocks, tile.blocks, div_up(lines, parts) * (pass.oh == 1 ? tile.pixels : 1)}};
}

/// Channels and rows of a task for about `tasks` tasks in all: channels are divided where there are few rows, or, with
/// `whole`, only where the caches ask for it.
Config split_for(const ConvParams& p, int width, Tile tile, double tasks, bool whole = false) {
  const ConvPass& pass = p.pass[0];
  const int64_t tap_bytes = static_cast<int64_t>(ic_chunk_of(p, width, tile.pixels)) * width * width * pass.kh *
                            pass.kw * static_cast<int64_t>(element_bytes(width));
  const int64_t weight_bytes = width == 32 ? kHalfWeightBytes : kWeightBytes;
  const int groups_of_blocks = div_up(p.oc_blocks, tile.blocks);
  const int by_cache = std::clamp<int>(static_cast<int>(weight_bytes / (tap_bytes * tile.blocks)), 1, groups_of_blocks);
  const double wanted = std::max(1.0, tasks / (static_cast<double>(p.batch) * p.groups * p.passes));
  const int64_t pixels = pixels_of(p) / p.passes;
  const double by_pixels = std::max<double>(1, static_cast<double>(pixels) / 112);
  int oc_chunks = div_up(groups_of_blocks, by_cache);
  if (!whole) oc_chunks = std::max(oc_chunks, static_cast<int>(std::ceil(wanted / by_pixels)));
  oc_chunks = std::min(oc_chunks, groups_of_blocks);
  const int oc_chunk = div_up(groups_of_blocks, oc_chunks) * tile.blocks;
  oc_chunks = div_up(p.oc_blocks, oc_chunk);
  const int lines = pass.oh == 1 ? div_up(pass.ow, tile.pixels) : pass.oh;
  const int parts = std::clamp(static_cast<int>(std::ceil(wanted / oc_chunks)), 1, lines);
  const int rows = div_up(lines, parts) * (pass.oh == 1 ? tile.pixels : 1);
  return Config{{tile.pixels, tile.blocks, oc_chunk, rows}};
}

/// The tiles worth trying: some by their count of cycles, best first, and the one of most blocks.
struct Tiles {
  std::vector<Tile> best;
  Tile widest{1, 1};
};

Tiles tiles_for(const ConvParams& p, int width) {
  Tiles tiles;
  const int columns = p.pass[0].ow;
  for (int blocks = 1; blocks <= std::min(p.oc_blocks, kMaxTileBlocks); ++blocks) {
    const int most_pixels = tile_pixels(width, blocks);
    if (most_pixels == 0) continue;
    tiles.widest = {div_up(columns, div_up(columns, most_pixels)), blocks};
    tiles.best.push_back(tiles.widest);
  }
  auto cost = [&](const Tile& t) { return step_cycles(t, columns, p.oc_blocks, width); };
  std::stable_sort(tiles.best.begin(), tiles.best.end(),
                   [&](const Tile& a, const Tile& b) { return cost(a) < cost(b); });
  tiles.best.resize(std::min(tiles.best.size(), kBestTiles));
  return tiles;
}

void add_new(const Config& config, std::vector<Config>& to) {
  if (std::find(to.begin(), to.end(), config) == to.end()) to.push_back(config);
}

}  // namespace

std::vector<Config> streaming_splits(const ConvParams& p, int width) {
  const Tiles tiles = tiles_for(p, width);
  // What streams is read once for each group of output blocks: the widest tile reads the least.
  std::vector<Config> configs{streaming_split(p, tiles.widest)};
  for (const Tile& tile : tiles.best) add_new(streaming_split(p, tile), configs);
  return configs;
}

std::vector<Config> conv_splits(const ConvParams& p, int width) {
  const Tiles tiles = tiles_for(p, width);
  const double tasks = std::clamp(flops_of(p, width) / kTaskFlops, 1.0, static_cast<double>(kMostTasks));
  std::vector<Config> configs;
  for (const Tile& tile : tiles.best) add_new(split_for(p, width, tile, tasks), configs);
  for (const Tile& tile : tiles.best) add_new(split_for(p, width, tile, std::max(8.0, tasks / 4)), configs);
  // With a stride the input is large beside the work, and copied for every chunk of output channels.
  if (p.sw > 1) {
    for (const Tile& tile : tiles.best) add_new(split_for(p, width, tile, tasks / 4, true), configs);
  }
  if (!is_pointwise(p)) return configs;
  for (const Config& config : streaming_splits(p, width)) add_new(config, configs);
  return configs;
}

void apply_split(const Config& config, int width, ConvParams& p) {
  p.pixels = config.v[0];
  p.blocks = config.v[1];
  p.oc_chunk = config.v[2];
  int oh = 1, ow = 1, kw = 1;
  for (int i = 0; i < p.passes; ++i) {
    oh = std::max(oh, p.pass[i].oh);
    ow = std::max(ow, p.pass[i].ow);
    kw = std::max(kw, p.pass[i].kw);
  }
  const bool one_row = p.pass[0].oh == 1;
  p.row_block = one_row ? 1 : config.v[3];
  p.col_block = one_row ? config.v[3] : ow;
  p.ic_chunk = ic_chunk_of(p, width, p.pixels);
  if (keeps_weights(p)) {
    const int64_t block_bytes = static_cast<int64_t>(p.blocks) * width * width * 4;
    const int most = static_cast<int>(std::max<int64_t>(1, kKeptWeightBytes / block_bytes));
    p.ic_chunk = std::min(p.ic_chunk, div_up(p.ic_blocks, div_up(p.ic_blocks, most)));
  }
  p.oc_chunks = div_up(p.oc_blocks, p.oc_chunk);
  p.row_blocks = div_up(oh, p.row_block);
  p.col_blocks = div_up(ow, p.col_block);
  p.panel_pixels = p.pixels + (kw - 1) * p.dw / p.sw;
  p.panel_phases = std::min(p.sw, (kw - 1) * p.dw + 1);
}

double conv_seconds(const ConvParams& p, int width, int threads) {
  double cycles = 0;
  for (int i = 0; i < p.passes; ++i) {
    const ConvPass& pass = p.pass[i];
    cycles += step_cycles({p.pixels, p.blocks}, pass.ow, p.oc_blocks, width) * pass.oh * pass.kh * pass.kw;
  }
  cycles *= static_cast<double>(p.batch) * p.groups * p.ic_blocks * width;
  const int tasks = conv_tasks(p);
  const double rounds = std::ceil(static_cast<double>(tasks) / threads);
  return cycles / 3.5e9 * rounds / tasks + 2e-6;
}

int conv_tasks(const ConvParams& p) {
  return p.batch * p.groups * p.passes * p.oc_chunks * p.row_blocks * p.col_blocks;
}

size_t panel_bytes(const ConvParams& p, int width) {
  int kh = 1;
  for (int i = 0; i < p.passes; ++i) kh = std::max(kh, p.pass[i].kh);
  return align_up(static_cast<size_t>(p.ic_chunk) * kh * p.panel_phases * p.panel_pixels * width *
                  element_bytes(width));
}

}  // namespace stretto::kernels
