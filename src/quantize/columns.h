// What an integer product multiplies its weights with: the columns of its source, sampled, and their sums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "op/op.h"

namespace stretto::quantize {

/// An integer product as this room sees it: conv_integer, conv_transpose_integer or gemm_integer.
struct ProductShape {
  op::Attrs attrs;
  Shape weights;  // as the operator takes them
  Shape output;
};

/// Columns by group: x[group, term, column] = src − zero, 0 where padding is read.
///
/// A column has the terms of one sum of a convolution or gemm. Of a conv_transpose it has one pixel's channels: each
/// row of weights by (output channel, kernel position) is then a product of its own.
struct Columns {
  int64_t groups = 1, terms = 0, count = 0;
  std::vector<int16_t> x;
  const int16_t* of(int64_t group, int64_t term) const { return x.data() + (group * terms + term) * count; }
};

/// The most columns that integer sums of squares are made of.
inline constexpr int64_t kMostColumns = ((int64_t{1} << 31) - 1) / (255 * 255);

/// Terms of a column of each group.
int64_t column_terms(const ProductShape& product);

/// Columns at `per_sample` places of each source (all where there are no more, kMostColumns in all): one at random in
/// each of as many equal parts of the images, by `seed` and the sample's number alone.
Columns sample_columns(const ProductShape& product, std::span<const Tensor> sources, int64_t per_sample, uint64_t seed,
                       int threads);

/// Σ over all output positions of what each weight is multiplied with (src − zero, and nothing for padding), added to
/// sums[group, terms of a row by output channel]: exact, whatever the order.
void add_term_sums(const ProductShape& product, const Tensor& source, std::span<int64_t> sums);
/// Groups times the terms of a row by output channel.
int64_t term_sum_count(const ProductShape& product);

}  // namespace stretto::quantize
