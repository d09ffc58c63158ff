#include "kernels/cpu/x86/conv_integer_split.h"

#include <algorithm>
#include <cmath>

#include "device/memory.h"
#include "kernels/cpu/x86/blocked.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kKeptWeightBytes = 28 << 10;  // of a level 1 of 32 or 48 KiB
constexpr int64_t kSumBytes = 96 << 10;         // that rest between chunks, of a level 2 of 512 KiB or more
constexpr int64_t kCopyBytes = 256 << 10;       // a task's input, the same
constexpr double kTaskCycles = 3e4;             // about 10 µs
constexpr size_t kMostScratch = 16 << 20;       // bytes of a worker
constexpr int kMostTasks = 64;
constexpr int kSumsMargin = 3 * 64;  // bytes: pixels are stored in fours

struct Tile {
  int pixels, blocks;
};

/// Cycles of one step (a tap and four channels) over `columns` pixels of all output blocks, on a core with two
/// multipliers and two loads a cycle.
double step_cycles(Tile tile, int columns, int oc_blocks, IntegerIsa isa) {
  const double vectors = 16.0 / integer_lanes(isa), products = has_vnni(isa) ? 1 : 4;
  const double widening = has_vnni(isa) ? 0 : 2;  // of four channels of a pixel
  const int tiles = div_up(columns, tile.pixels);
  double cycles = 0;
  for (int oc = 0; oc < oc_blocks; oc += tile.blocks) {
    const int blocks = std::min(tile.blocks, oc_blocks - oc);
    for (int t = 0; t < tiles; ++t) {
      const int pixels = columns / tiles + (t < columns % tiles);
      const double work = pixels * (blocks * vectors * products + widening) / 2;
      const double loads = (pixels + blocks * vectors * (has_vnni(isa) ? 1 : 2)) / 2;
      cycles += std::max({work, loads, 5.0}) + 0.3 * blocks + 0.4;
    }
  }
  return cycles;
}

/// Cycles of one pass over one image and group: products, and what each sum costs afterwards.
double pass_cycles(const ConvIntegerParams& p, const IntegerPass& pass, Tile tile, IntegerIsa isa) {
  const double steps = static_cast<double>(pass.kh) * pass.kw * (4.0 * (p.ic_blocks - 1) + p.last_quads);
  const double sums = static_cast<double>(pass.ow) * p.oc_blocks * 16 / integer_lanes(isa);
  return pass.oh * (steps * step_cycles(tile, pass.ow, p.oc_blocks, isa) + 2.5 * sums);
}

double total_cycles(const ConvIntegerParams& p, Tile tile, IntegerIsa isa) {
  double cycles = 0;
  for (int i = 0; i < p.passes; ++i) cycles += pass_cycles(p, p.pass[i], tile, isa);
  return cycles * p.batch * p.groups;
}

IntegerPass largest_pass(const ConvIntegerParams& p) {
  IntegerPass most = p.pass[0];
  for (int i = 1; i < p.passes; ++i) {
    most.kh = std::max(most.kh, p.pass[i].kh);
    most.kw = std::max(most.kw, p.pass[i].kw);
    most.oh = std::max(most.oh, p.pass[i].oh);
    most.ow = std::max(most.ow, p.pass[i].ow);
    most.direct = std::min(most.direct, p.pass[i].direct);
  }
  return most;
}

int ic_chunk_of(const ConvIntegerParams& p, int blocks, IntegerIsa isa) {
  const IntegerPass pass = largest_pass(p);
  const int64_t block = std::max<int64_t>(1, pass.kh * pass.kw * blocks * 4 * integer_weight_bytes(isa));
  const int most = static_cast<int>(std::clamp<int64_t>(kKeptWeightBytes / block, 1, p.ic_blocks));
  return div_up(p.ic_blocks, div_up(p.ic_blocks, most));
}

int64_t copied_bytes(const ConvIntegerParams& p, int rows, int columns) {
  int64_t most = 0;
  for (int i = 0; i < p.passes; ++i) {
    const IntegerPass& pass = p.pass[i];
    if (pass.direct) continue;
    const int64_t span = static_cast<int64_t>(pass.kw - 1) * p.dw;
    const int64_t phases = std::min<int64_t>(p.sw, span + 1);
    const int64_t in_rows = pass.kh == 1 ? rows : (rows - int64_t{1}) * p.sh + (pass.kh - int64_t{1}) * p.dh + 1;
    most = std::max(most, p.ic_blocks * in_rows * phases * (columns + span / p.sw) * kIntegerBlock);
  }
  return most;
}

/// A task of about 1 / `tasks` of the work. First cut: rows or columns, or (`by_channels`) output channels.
Config split_for(const ConvIntegerParams& p, IntegerIsa isa, Tile tile, double tasks, bool by_channels) {
  const IntegerPass pass = largest_pass(p);
  const bool one_row = pass.oh == 1;
  const int unit = one_row ? tile.pixels : 1, lines = one_row ? div_up(pass.ow, tile.pixels) : pass.oh;
  const int groups = div_up(p.oc_blocks, tile.blocks);
  const double wanted = std::max(1.0, tasks / (static_cast<double>(p.batch) * p.groups * p.passes));
  int parts = 1, oc_chunks = 1;
  if (by_channels) {
    oc_chunks = std::clamp(static_cast<int>(wanted), 1, groups);
    parts = std::clamp(static_cast<int>(wanted / oc_chunks), 1, lines);
  } else {
    parts = std::clamp(static_cast<int>(wanted), 1, std::max(1, lines / (one_row ? 4 : 1)));
    oc_chunks = std::clamp(static_cast<int>(std::ceil(wanted / parts)), 1, groups);
  }
  int rows = div_up(lines, parts);
  const bool chunked = ic_chunk_of(p, tile.blocks, isa) < p.ic_blocks;
  const auto too_large = [&](int r) {
    const int64_t pixels = static_cast<int64_t>(r) * (one_row ? tile.pixels : pass.ow);
    if (chunked && pixels * tile.blocks * 64 > kSumBytes) return true;
    return copied_bytes(p, one_row ? 1 : r, one_row ? r * tile.pixels : pass.ow) > kCopyBytes;
  };
  while (rows > 1 && too_large(rows)) rows = div_up(rows, 2);
  return Config{{tile.pixels, tile.blocks, div_up(groups, oc_chunks) * tile.blocks, rows * unit}};
}

}  // namespace

std::vector<Config> integer_splits(const ConvIntegerParams& p, IntegerIsa isa) {
  const int columns = largest_pass(p).ow;
  const bool pointwise = p.passes == 1 && p.pass[0].kh * p.pass[0].kw == 1 && p.pass[0].oh == 1;
  const int stored = integer_lanes(isa) / 4;  // pixels at once
  std::vector<Tile> tiles;
  for (int blocks = 1; blocks <= std::min(p.oc_blocks, kMaxIntegerTileBlocks); ++blocks) {
    int most_pixels = integer_tile_pixels(isa, blocks);
    if (pointwise && most_pixels > stored) most_pixels -= most_pixels % stored;
    if (most_pixels == 0) continue;
    const int even = div_up(columns, div_up(columns, most_pixels));
    tiles.push_back({pointwise && columns >= 16 * most_pixels ? most_pixels : even, blocks});
  }
  const auto cost = [&](const Tile& t) { return total_cycles(p, t, isa); };
  std::stable_sort(tiles.begin(), tiles.end(), [&](const Tile& a, const Tile& b) { return cost(a) < cost(b); });
  std::vector<Config> configs;
  const auto add = [&](const Config& config) {
    if (std::find(configs.begin(), configs.end(), config) == configs.end()) configs.push_back(config);
  };
  const size_t kept = std::min<size_t>(tiles.size(), 2);
  for (double share : {1.0, 0.25}) {
    for (size_t i = 0; i < kept; ++i) {
      const double tasks = std::clamp(share * cost(tiles[i]) / kTaskCycles, 2.0, static_cast<double>(kMostTasks));
      const double even = 2 * std::ceil(tasks / 2);
      const IntegerPass pass = largest_pass(p);
      const bool few_pixels = pass.oh * pass.ow < 400;
      add(split_for(p, isa, tiles[i], even, few_pixels));
      add(split_for(p, isa, tiles[i], even, !few_pixels));
    }
  }
  return configs;
}

void apply_integer_split(const Config& config, IntegerIsa isa, ConvIntegerParams& p) {
  const IntegerPass pass = largest_pass(p);
  const bool one_row = pass.oh == 1;
  p.pixels = config.v[0];
  p.blocks = config.v[1];
  p.oc_chunk = config.v[2];
  p.row_block = one_row ? 1 : config.v[3];
  p.col_block = one_row ? config.v[3] : pass.ow;
  p.ic_chunk = ic_chunk_of(p, p.blocks, isa);
  p.oc_chunks = div_up(p.oc_blocks, p.oc_chunk);
  p.row_blocks = div_up(pass.oh, p.row_block);
  p.col_blocks = div_up(pass.ow, p.col_block);
  p.sum_pixels = p.ic_chunk < p.ic_blocks ? p.row_block * p.col_block : p.pixels;
  p.copy = static_cast<int64_t>(
      align_up(static_cast<size_t>(p.sum_pixels) * static_cast<size_t>(p.blocks) * 64 + kSumsMargin));
}

double integer_seconds(const ConvIntegerParams& p, IntegerIsa isa, int threads) {
  const int tasks = integer_tasks(p);
  const double rounds = std::ceil(static_cast<double>(tasks) / threads);
  return total_cycles(p, {p.pixels, p.blocks}, isa) / 3e9 * rounds / tasks + 2e-6;
}

int integer_tasks(const ConvIntegerParams& p) {
  return p.batch * p.groups * p.passes * p.oc_chunks * p.row_blocks * p.col_blocks;
}

size_t integer_scratch_bytes(const ConvIntegerParams& p) {
  return static_cast<size_t>(p.copy) + align_up(static_cast<size_t>(copied_bytes(p, p.row_block, p.col_block)));
}

Refusal check_integer_scratch(ConvIntegerParams p, IntegerIsa isa) {
  for (const Config& config : integer_splits(p, isa)) {
    apply_integer_split(config, isa, p);
    if (integer_scratch_bytes(p) > kMostScratch) return Refusal::too_large;
  }
  return Refusal::none;
}

}  // namespace stretto::kernels
