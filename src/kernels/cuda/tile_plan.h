// The planning side of kernels/cuda/tile.h: a convolution as a geometry, its configurations, and the host's imitation
// of what the kernels compute.
#pragma once

#include <vector>

#include "kernels/cuda/common.h"
#include "kernels/cuda/tile.h"

namespace stretto::kernels::cuda {

/// Node 0 is a convolution over two axes, without groups, that reads an input of channels last and constants;
/// `config`: tile and splits.
MmaGeometry geometry_of(const Problem &problem, const op::Conv &a, Multiply multiply, const Config &config);

/// Tiles and splits of the depth worth timing, best guess first; `make` gives the geometry of one.
template <class Make>
std::vector<Config> tile_configs(Make make);

/// Expected seconds, for ranking.
double seconds_of(const MmaGeometry &p);

/// Calls store(row, column, part, dot), column a multiple of eight, for every group of eight results of every part of
/// the depth; dot(row, column, part) is the sum of `product(element of the source or −1, element of the weights)`.
template <class Sum, class Product, class Store>
void for_each_dot(const MmaGeometry &p, Product product, Store store) {
  const uint32_t lanes = kMmaChunkBytes / bytes_of(p.multiply);
  const auto dot = [&](uint32_t row, uint32_t column, uint32_t part) {
    const MmaRow from = mma_row(p, row);
    Sum sum{};
    for (uint32_t chunk = 0; chunk < kMmaChunks; ++chunk) {
      MmaDepth depth = MmaDepth::at(p, p.slice_begin(part) * kMmaChunks + chunk);
      for (uint32_t s = p.slice_begin(part); s < p.slice_begin(part + 1); ++s, depth.advance(p)) {
        const int64_t source = mma_source(p, from, depth);
        const uint32_t weight = (column * p.slices * kMmaChunks + depth.chunk) * lanes;
        for (uint32_t lane = 0; lane < lanes; ++lane) {
          sum += product(source < 0 ? source : source * lanes + lane, weight + lane);
        }
      }
    }
    return sum;
  };
  for (uint32_t row = 0; row < p.rows; ++row) {
    for (uint32_t column = 0; column < p.stored_columns; column += 8) {
      for (uint32_t part = 0; part < p.splits; ++part) {
        Sum v[8];
        for (uint32_t k = 0; k < 8; ++k) v[k] = dot(row, column + k, part);
        store(row, column, part, v);
      }
    }
  }
}

std::vector<Config> sorted_by_time(std::vector<std::pair<double, Config>> found);

template <class Make>
std::vector<Config> tile_configs(Make make) {
  constexpr int32_t kSplits[] = {1, 2, 3, 4, 6, 8, 12, 16};
  std::vector<std::pair<double, Config>> found;
  for (int32_t tile = 0; tile < kMmaTileCount; ++tile) {
    for (int32_t splits : kSplits) {
      const Config config{{tile, splits, 0, 0}};
      const MmaGeometry p = make(config);
      if (splits > 1 && p.slices < 2 * p.splits) continue;
      found.emplace_back(seconds_of(p), config);
    }
  }
  return sorted_by_time(std::move(found));
}

}  // namespace stretto::kernels::cuda
