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
constexpr int kMostTasks = 64;

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

/// Channels and rows of a task for about `tasks` tasks in all.
Config split_for(const ConvParams& p, int width, Tile tile, double tasks) {
  const ConvPass& pass = p.pass[0];
  const int64_t tap_bytes = static_cast<int64_t>(ic_chunk_of(p, width, tile.pixels)) * width * width * pass.kh *
                            pass.kw * static_cast<int64_t>(element_bytes(width));
  const int64_t weight_bytes = width == 32 ? kHalfWeightBytes : kWeightBytes;
  const int groups_of_blocks = div_up(p.oc_blocks, tile.blocks);
  const int by_cache = std::clamp<int>(static_cast<int>(weight_bytes / (tap_bytes * tile.blocks)), 1, groups_of_blocks);
  const double wanted = std::max(1.0, tasks / (static_cast<double>(p.batch) * p.groups * p.passes));
  const int64_t pixels = pixels_of(p) / p.passes;
  const double by_pixels = std::max<double>(1, static_cast<double>(pixels) / 112);
  int oc_chunks = std::max(div_up(groups_of_blocks, by_cache), static_cast<int>(std::ceil(wanted / by_pixels)));
  oc_chunks = std::min(oc_chunks, groups_of_blocks);
  const int oc_chunk = div_up(groups_of_blocks, oc_chunks) * tile.blocks;
  oc_chunks = div_up(p.oc_blocks, oc_chunk);
  const int lines = pass.oh == 1 ? div_up(pass.ow, tile.pixels) : pass.oh;
  const int parts = std::clamp(static_cast<int>(std::ceil(wanted / oc_chunks)), 1, lines);
  const int rows = div_up(lines, parts) * (pass.oh == 1 ? tile.pixels : 1);
  return Config{{tile.pixels, tile.blocks, oc_chunk, rows}};
}

}  // namespace

std::vector<Config> conv_splits(const ConvParams& p, int width) {
  std::vector<Tile> tiles;
  for (int blocks = 1; blocks <= std::min(p.oc_blocks, kMaxTileBlocks); ++blocks) {
    const int most_pixels = tile_pixels(width, blocks);
    if (most_pixels == 0) continue;
    const int columns = p.pass[0].ow;
    tiles.push_back({div_up(columns, div_up(columns, most_pixels)), blocks});
  }
  auto cost = [&](const Tile& t) { return step_cycles(t, p.pass[0].ow, p.oc_blocks, width); };
  std::stable_sort(tiles.begin(), tiles.end(), [&](const Tile& a, const Tile& b) { return cost(a) < cost(b); });
  const double tasks = std::clamp(flops_of(p, width) / kTaskFlops, 1.0, static_cast<double>(kMostTasks));
  std::vector<Config> configs;
  auto add = [&](const Config& config) {
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  };
  const size_t kept = std::min<size_t>(tiles.size(), 2);
  for (size_t i = 0; i < kept; ++i) add(split_for(p, width, tiles[i], tasks));
  for (size_t i = 0; i < kept; ++i) add(split_for(p, width, tiles[i], std::max(8.0, tasks / 4)));
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
