#include "kernels/cuda/tile_plan.h"

#include <algorithm>
#include <cmath>

namespace stretto::kernels::cuda {
namespace {

/// Multiprocessors of the GPU that estimates think of, its clock, and what one does in a cycle: bytes from the
/// second-level cache, and the cycles that a slice takes to arrive while some are on their way.
constexpr double kMultiprocessors = 132, kClock = 1.7e9, kBytes = 40, kSliceCycles = 200, kBlockCycles = 1500;

/// Cycles of a multiprocessor for a slice of one row and one column.
double cycles_of(Multiply multiply) {
  switch (multiply) {
    case Multiply::f16:
    case Multiply::bytes:
      return 32 / 1200.0;
    case Multiply::tf32:
      return 64 / 1200.0;
    case Multiply::f32:
      return 16 / 90.0;
  }
  return 1;
}

}  // namespace

MmaGeometry geometry_of(const Problem &problem, const op::Conv &a, Multiply multiply, const Config &config) {
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const Shape &weights = source_of(problem, 1).type.shape, &from = src.type.shape, &to = dst.type.shape;
  const auto u = [](int64_t v) { return static_cast<uint32_t>(v); };
  const auto i = [](int64_t v) { return static_cast<int32_t>(v); };
  MmaGeometry p{};
  p.multiply = multiply;
  p.source = input_position(problem, problem.nodes[0].inputs[0]);
  p.rows = u(to[0] * to[2] * to[3]);
  p.columns = u(to[1]);
  p.stored_columns = lanes_of(dst).stored;
  p.out_h = u(to[2]);
  p.out_w = u(to[3]);
  p.in_h = u(from[2]);
  p.in_w = u(from[3]);
  p.in_chunks = lanes_of(src).stored * bytes_of(multiply) / kMmaChunkBytes;
  p.kernel_w = u(weights[3]);
  p.taps = u(weights[2] * weights[3]);
  p.stride_h = i(a.strides[0]);
  p.stride_w = i(a.strides[1]);
  p.dilation_h = i(a.dilations[0]);
  p.dilation_w = i(a.dilations[1]);
  p.pad_h = i(a.pads[0]);
  p.pad_w = i(a.pads[1]);
  p.slices = (p.chunks() + kMmaChunks - 1) / kMmaChunks;
  p.tile = u(config.v[0]);
  p.splits = u(config.v[1]);
  return p;
}

double seconds_of(const MmaGeometry &p) {
  const MmaTile tile = kMmaTiles[p.tile];
  const double across = std::ceil(p.rows / static_cast<double>(tile.rows));
  const double blocks = across * std::ceil(p.stored_columns / static_cast<double>(tile.columns)) * p.splits;
  const double resident = std::clamp(std::floor(blocks / kMultiprocessors), 1.0, 3.0);
  const double products = tile.rows * tile.columns * cycles_of(p.multiply);
  const double bytes = (tile.rows + tile.columns) * static_cast<double>(kMmaSliceBytes) / kBytes;
  const double slice = std::max({products, bytes, kSliceCycles / resident});
  const double each = std::ceil(p.slices / static_cast<double>(p.splits)) * slice + kBlockCycles / resident;
  double seconds = 3e-6 + std::ceil(blocks / kMultiprocessors) * each / kClock;
  seconds += 2.5 * p.rows * p.stored_columns / 1e12;  // storing, and what is read for it
  if (p.splits > 1) seconds += 2e-6 + 8.0 * p.rows * p.stored_columns * p.splits / 3e12;
  return seconds;
}

std::vector<Config> sorted_by_time(std::vector<std::pair<double, Config>> found) {
  std::stable_sort(found.begin(), found.end(), [](const auto &x, const auto &y) { return x.first < y.first; });
  std::vector<Config> sorted;
  for (const auto &[seconds, config] : found) sorted.push_back(config);
  return sorted;
}

}  // namespace stretto::kernels::cuda
