#include "kernels/cuda/hopper/conv_choice.h"

#include <algorithm>
#include <cmath>

#include "kernels/cuda/common.h"
#include "kernels/cuda/hopper/common.h"
#include "kernels/cuda/hopper/weights.h"

namespace stretto::kernels::cuda::hopper {
namespace {

constexpr size_t kMostConfigs = 16;
constexpr int kMaxSplitLog2 = 3;

/// Whether a configuration is one at all, and not plainly wasteful.
bool fits(const ConvParams &p) {
  const Tile &tile = kTiles[p.tile];
  if (p.spread % tile.columns != 0) return false;
  if (tile.engine == Engine::wgmma_rows) return p.split_log2 == 0 && p.columns % tile.columns == 0;
  if (tile.columns > 64 && p.columns <= tile.columns / 2) return false;
  if (tile.rows > 64 && p.rows <= tile.rows / 2) return false;
  if (p.split_log2 == 0) return true;
  return tile.rows * tile.columns <= 128 * 128 && p.slices >= 2 << p.split_log2;
}

}  // namespace

Booking booking_of(const ConvParams &p) {
  Booking booking;
  booking.set_params(p);
  booking.tasks = {1};
  booking.weights_bytes = packed_bytes(static_cast<uint32_t>(p.slices), static_cast<uint32_t>(p.packed_columns));
  return booking;
}

double seconds_of(const ConvParams &p) {
  const Tile &tile = kTiles[p.tile];
  const int splits = 1 << p.split_log2;
  const double down = std::ceil(p.rows / static_cast<double>(tile.rows));
  const double blocks = down * p.tiles_across() * splits;
  // Cycles of a slice, from shared memory and the tensor cores; while a block is alone, a slice waits for its loads.
  const double resident = std::clamp(std::ceil(blocks / kMultiprocessors), 1.0, static_cast<double>(tile.blocks));
  const double rate = tile.engine == Engine::mma ? 1500 : 2600;  // products a cycle
  const double bytes = (tile.rows + tile.columns) * kSlice * 2.0;
  const double slice = std::max({tile.rows * tile.columns * double{kSlice} / rate, bytes / 36, 150 / resident});
  const double each = std::ceil(p.slices / static_cast<double>(splits)) * slice + 50;
  const double results = tile.rows * tile.columns / 7.2 / (splits > 1 ? 2 : 1);
  const double cycles = 2700 + waves_of(blocks, 1) * (each + results) + (splits > 1 ? 1200 + 320 * p.split_log2 : 0);
  const double moved = 2.0 * p.rows * (p.columns * (p.epilogue.other < 0 ? 1 : 2) + p.in_c);
  return std::max(cycles / kClock, moved / (tile.engine == Engine::wgmma_rows ? 2.6e12 : 2.2e12));
}

std::vector<Config> configs_by(ConvParams (*params)(const Problem &, const Config &), const Problem &problem) {
  std::vector<Guess> guesses;
  for (int32_t tile = 0; tile < kTileCount; ++tile) {
    for (int32_t split = 0; split <= kMaxSplitLog2; ++split) {
      const Config config{{tile, split, 0, 0}};
      const ConvParams p = params(problem, config);
      if (fits(p)) guesses.push_back({seconds_of(p), config});
    }
  }
  return best_of(std::move(guesses), kMostConfigs);
}

void emulate_conv(const StepArgs &args, TaskId) {
  const auto &p = args.params_as<ConvParams>();
  const Tile &tile = kTiles[p.tile];
  const void *src = args.src[p.source], *other = p.epilogue.other < 0 ? nullptr : args.src[p.epilogue.other];
  const auto *bias = reinterpret_cast<const float *>(args.weights + bias_offset(p.slices, p.packed_columns));
  const auto part = [&](int row, int column, int rank) {
    const TapRow from = tap_row(p, row);
    float sum = 0;
    for (int chunk = 0; chunk < kSlice / 8; ++chunk) {
      TapWalk walk = TapWalk::at(p, p.slice_begin(rank) * kSlice + chunk * 8);
      for (int slice = p.slice_begin(rank); slice < p.slice_begin(rank + 1); ++slice, walk.advance(p)) {
        if (!walk.is_inside(from.inside)) continue;
        for (int k = 0; k < 8; ++k) {
          const size_t weight = weight_at(slice * kSlice + chunk * 8 + k, column, p.packed_columns);
          sum += load(src, true, from.offset + walk.offset + walk.c + k) *
                 load(args.weights, true, static_cast<uint32_t>(weight));
        }
      }
    }
    return sum;
  };
  const int tiles = (p.rows + tile.rows - 1) / tile.rows * p.tiles_across();
  for (int t = 0; t < tiles; ++t) {
    const int row0 = t / p.tiles_across() * tile.rows, column0 = t % p.tiles_across() * tile.columns;
    for (int row = row0; row < std::min(row0 + tile.rows, p.rows); ++row) {
      for (int column = column0; column < std::min(column0 + tile.columns, p.columns); ++column) {
        float sum = 0;
        for (int rank = 0; rank < 1 << p.split_log2; ++rank) sum += part(row, column, rank);
        const int columns = p.spread == 0 ? p.columns : p.spread;
        const int pixel = result_row(p, row, column / columns);
        const auto to = static_cast<uint32_t>(pixel * columns + column % columns);
        store(args.dst, true, to, p.epilogue.apply(sum, bias[column], other == nullptr ? 0 : load(other, true, to)));
      }
    }
  }
}

}  // namespace stretto::kernels::cuda::hopper
