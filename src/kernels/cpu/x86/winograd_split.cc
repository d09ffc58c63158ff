#include "kernels/cpu/x86/winograd_split.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_half_params.h"
#include "kernels/cpu/x86/conv_tile_params.h"

namespace stretto::kernels {
namespace {

/// A task's scratch should stay in a level 2 of 1 MiB, beside what streams past.
constexpr int64_t kScratchFloats = (768 << 10) / 4;
/// A row of transformed weights that a level 1 of 48 KiB still mostly holds.
constexpr int64_t kRowBytes = 56 << 10;
constexpr int kMostTiles = 64;
constexpr size_t kMostConfigs = 6;
/// Cycles a second, and bytes a cycle that all threads together get from the memory and one from the outer caches.
constexpr double kClock = 3e9, kMemoryBytes = 7, kCacheBytes = 12;

/// Elements from one position to the next: an odd number of cache lines.
int64_t odd_lines(int64_t elements, size_t element_size) {
  const auto line = static_cast<int64_t>(64 / element_size);
  return (div_up(elements, line) | 1) * line;
}

/// Cycles of one channel of one position for all tiles and oc blocks of a task, on a core with two FMAs and two loads
/// a cycle.
double product_cycles(int tiles, int oc_blocks, int blocks, int pixels) {
  double cycles = 0;
  const int strips = div_up(tiles, pixels);
  for (int oc = 0; oc < oc_blocks; oc += blocks) {
    const int b = std::min(blocks, oc_blocks - oc);
    const double r = static_cast<double>(tiles) / strips;
    const double loads = b < 3 ? 1.2 : 1.05;  // two blocks need more loads for a product than a core comfortably makes
    cycles += strips * (std::max({r * b * loads, r + b, 8.0}) / 2 + 0.5);
  }
  return cycles;
}

/// The register tile that wastes least.
void choose_tile(WinogradParams& p, int width) {
  double best = 0;
  for (int blocks = 1; blocks <= std::min(p.oc_chunk, kMaxWinogradBlocks); ++blocks) {
    const int most = tile_pixels(width, blocks);
    if (most == 0) continue;
    const double cycles = product_cycles(p.tile_block, p.oc_chunk, blocks, most);
    if (best > 0 && cycles >= best) continue;
    best = cycles;
    p.blocks = blocks;
    p.pixels = most;
  }
}

}  // namespace

int winograd_positions(const WinogradParams& p) {
  return p.points * p.points;
}

WinogradParams winograd_split(WinogradParams p, const Config& config, const WinogradKind& kind) {
  const int width = kind.width;
  p.size = config.v[0];
  p.points = (p.size - 1) * p.stride + 3;
  p.tiles_w = div_up(p.ow, p.size);
  p.tiles = p.tiles_w * div_up(p.oh, p.size);
  p.tile_block = std::min(config.v[1], p.tiles);
  p.tile_blocks = div_up(p.tiles, p.tile_block);
  p.oc_chunk = std::min(config.v[2], p.oc_blocks);
  p.oc_chunks = div_up(p.oc_blocks, p.oc_chunk);
  p.ic_chunk = std::min(config.v[3], p.ic_blocks);
  choose_tile(p, width);
  const int64_t positions = winograd_positions(p), row = static_cast<int64_t>(p.tile_block) * width;
  p.input_position = odd_lines(p.ic_chunk * row, element_bytes(width));
  p.product_position = odd_lines(p.blocks * row, kFloat);
  p.weight_position = odd_lines(static_cast<int64_t>(p.ic_chunk) * width * p.blocks * width, kFloat);
  const bool one_chunk = p.ic_chunk == p.ic_blocks;
  p.products = positions * p.input_position / static_cast<int64_t>(kFloat / element_bytes(width));
  p.group_products = one_chunk ? 0 : positions * p.product_position;
  const int groups = one_chunk ? 1 : div_up(p.oc_chunk, p.blocks);
  p.raw = p.products + groups * positions * p.product_position;
  p.scratch = p.raw + (kind.raw ? p.points * p.weight_position : 0);
  if (width == 32) {
    p.scratch += static_cast<int64_t>(kHalfTileSums * sizeof(uint16_t) +
                                      static_cast<size_t>(p.ic_blocks + kUnitsAhead) * sizeof(HalfUnit)) /
                 static_cast<int64_t>(kFloat);
  }
  return p;
}

double winograd_seconds(const WinogradParams& p, int batch, const WinogradKind& kind, int threads) {
  const double positions = winograd_positions(p), width = kind.width, tiles = p.tile_block;
  const double channels = p.ic_blocks * width, chunks = div_up(p.ic_blocks, p.ic_chunk);
  const double weights = (kind.raw ? 9 : positions) * channels * p.oc_chunk * width * kind.weight_bytes;  // of a task
  double cycles = tiles * p.ic_blocks * positions * 2.2 + tiles * p.oc_chunk * positions * 2.2;
  cycles += positions * channels * product_cycles(p.tile_block, p.oc_chunk, p.blocks, p.pixels);
  cycles += positions * chunks * div_up(p.oc_chunk, p.blocks) * div_up(p.tile_block, p.pixels) * 20;
  cycles += (chunks - 1) * positions * tiles * p.oc_chunk * 2;
  const bool in_level1 = p.points * p.weight_position * 4 <= kRowBytes;
  if (kind.raw) cycles += channels * p.oc_chunk * positions * (in_level1 ? 2.5 : 5);
  cycles += weights / kCacheBytes;
  const int tasks = batch * p.tile_blocks * p.oc_chunks;
  const double memory = weights * p.oc_chunks / kMemoryBytes;
  return (cycles * div_up(tasks, threads) + memory * 0.5) / kClock * (width == 16 ? 1 : 2);
}

std::vector<Config> winograd_splits(const WinogradParams& shape, int batch, const WinogradKind& kind) {
  std::vector<Config> configs;
  for (const int size : kind.sizes) {
    if (shape.stride == 2 && size == 6) continue;
    const int tiles = div_up(shape.oh, size) * div_up(shape.ow, size);
    for (const int parts : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256}) {
      const int block = div_up(tiles, parts);
      if (block > kMostTiles || (block < 6 && parts > 1)) continue;
      for (const int oc_parts : {1, 2, 4, 8, 16, 32}) {
        const int oc_chunk = div_up(shape.oc_blocks, oc_parts);
        if (oc_chunk == 1 && oc_parts > 1 && shape.oc_blocks > 2) break;
        for (const int ic_parts : {1, 2, 4, 8, 16, 32}) {
          const Config config{{size, block, oc_chunk, div_up(shape.ic_blocks, ic_parts)}};
          if (ic_parts > (kind.width == 32 ? 1 : shape.ic_blocks)) break;  // f16 sums are widened once
          if (winograd_split(shape, config, kind).scratch > kScratchFloats) continue;
          if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
          // Smaller chunks only add to the sums' traffic, unless they bring transformed weights into level 1.
          const WinogradParams p = winograd_split(shape, config, kind);
          if (!kind.raw || p.points * p.weight_position * 4 <= kRowBytes) break;
        }
      }
    }
  }
  if (configs.empty()) configs.push_back({{kind.sizes.front(), 6, 1, kind.width == 32 ? shape.ic_blocks : 1}});
  auto cost = [&](const Config& c) { return winograd_seconds(winograd_split(shape, c, kind), batch, kind, 2); };
  std::stable_sort(configs.begin(), configs.end(), [&](const Config& a, const Config& b) { return cost(a) < cost(b); });
  // The best few, but some of each size: what a size costs beside its products is known least.
  std::vector<Config> kept;
  for (const Config& c : configs) {
    const auto same = std::count_if(kept.begin(), kept.end(), [&](const Config& k) { return k.v[0] == c.v[0]; });
    if (kept.size() < kMostConfigs && same < static_cast<std::ptrdiff_t>(kMostConfigs / 2)) kept.push_back(c);
  }
  return kept;
}

}  // namespace stretto::kernels
