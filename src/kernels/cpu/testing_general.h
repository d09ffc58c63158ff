// For tests of kernels: problems of Map and of operators that pick, order, accumulate and sample.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/testing.h"

namespace stretto::kernels::testing {

using NamedProblems = std::vector<std::pair<std::string, Problem>>;

inline void add_maps(NamedProblems& cases) {
  auto add = [&](op::MapKind kind, DType dtype) {
    Builder b;
    const op::Map map{kind, 0.5f, 1};
    std::vector<int> in{b.in({2, 3, 1, 41}, Layout::plain, kind == op::MapKind::select ? DType::boolean : dtype)};
    if (op::arity(map).first > 1) in.push_back(b.constant({5, 41}, dtype));
    if (op::arity(map).first > 2) in.push_back(b.in({3, 5, 1}, Layout::plain, dtype));
    b.node(map, in);
    cases.push_back({"map " + std::string(op::display_name(map)) + " " + std::string(name_of(dtype)), b.done()});
  };
  for (int kind = 0; kind < static_cast<int>(op::MapKind::bit_not); ++kind) {
    add(static_cast<op::MapKind>(kind), DType::f32);
  }
  for (DType dtype : {DType::f32, DType::u8, DType::i16, DType::i32, DType::i64, DType::u64, DType::boolean}) {
    for (auto kind : {op::MapKind::equal, op::MapKind::less, op::MapKind::less_or_equal, op::MapKind::select}) {
      add(kind, dtype);
    }
    if (dtype != DType::boolean) add(op::MapKind::mod, dtype);
    if (dtype != DType::boolean) add(op::MapKind::remainder, dtype);
    if (dtype == DType::f32) continue;
    for (auto kind : {op::MapKind::bit_not, op::MapKind::bit_and, op::MapKind::bit_or, op::MapKind::bit_xor}) {
      add(kind, dtype);
    }
  }
  add(op::MapKind::shift_left, DType::u8);
  add(op::MapKind::shift_right, DType::u64);
}

inline void add_picks(NamedProblems& cases) {
  auto add = [&](const std::string& name, op::Attrs attrs, std::vector<std::pair<Shape, DType>> inputs) {
    Builder b;
    std::vector<int> in;
    for (const auto& [shape, dtype] : inputs) in.push_back(b.in(shape, Layout::plain, dtype));
    b.node(std::move(attrs), in);
    cases.push_back({name, b.done()});
  };
  const DType real = DType::f32;
  for (DType dtype : {DType::f32, DType::i32, DType::i64}) {
    for (int64_t axis : {0, 1, 2}) {
      add("running sum", op::Cumulate{op::CumulateKind::sum, axis, axis == 1, axis == 2}, {{{3, 40, 5}, dtype}});
      add("running product", op::Cumulate{op::CumulateKind::product, axis, false, axis == 1}, {{{3, 4, 5}, dtype}});
    }
  }
  for (DType dtype : {DType::f32, DType::u8, DType::i64}) {
    for (int64_t k : {1, 3}) {
      add("top k", op::TopK{1, k, k == 3}, {{{3, 90, 5}, dtype}});
      add("top k last", op::TopK{2, k, k == 1}, {{{3, 7, 9}, dtype}});
    }
  }
  const op::Pool pool{op::PoolKind::max, {3, 2}, {2, 1}, {1, 2}, {1, 0, 1, 1}, false, true};
  add("pool indices", op::PoolIndices{pool}, {{{2, 3, 9, 8}, real}});
  add("pool indices of bytes", op::PoolIndices{pool}, {{{2, 3, 9, 8}, DType::u8}});
  add("pool indices 1-d", op::PoolIndices{{op::PoolKind::max, {3}, {2}, {1}, {1, 1}}}, {{{2, 3, 9}, real}});
  for (int kind = 0; kind < 5; ++kind) {
    for (DType dtype : {DType::f32, DType::i32, DType::i64}) {
      add("scatter", op::Scatter{static_cast<op::ScatterKind>(kind)},
          {{{9, 5}, dtype}, {{7}, DType::i64}, {{7, 5}, dtype}});
    }
  }
  add("scatter bytes", op::Scatter{}, {{{90}, DType::u8}, {{40}, DType::i32}, {{40}, DType::u8}});
  for (int mode = 0; mode < 3; ++mode) {
    for (int padding = 0; padding < 3; ++padding) {
      const op::GridSample a{static_cast<op::GridMode>(mode), static_cast<op::GridPadding>(padding), mode == padding};
      add("grid sample", a, {{{2, 3, 5, 7}, real}, {{2, 6, 4, 2}, real}});
      if (mode < 2) add("grid sample 3-d", a, {{{1, 3, 4, 5, 6}, real}, {{1, 2, 3, 4, 3}, real}});
    }
  }
  for (auto kind : {op::PoolKind::max, op::PoolKind::average}) {
    for (int64_t sampling : {0, 2}) {
      add("roi align", op::RoiAlign{kind, 3, 2, sampling, 1.5f, sampling == 0},
          {{{2, 3, 9, 7}, real}, {{5, 4}, real}, {{5}, DType::i64}});
    }
  }
  add("suppression", op::NonMaxSuppression{9, 0.2f, 0.5f, false}, {{{2, 40, 4}, real}, {{2, 3, 40}, real}});
  add("suppression centred", op::NonMaxSuppression{99, 0.5f, -1e9f, true}, {{{1, 30, 4}, real}, {{1, 2, 30}, real}});
}

inline NamedProblems general_problems() {
  NamedProblems cases;
  add_maps(cases);
  add_picks(cases);
  return cases;
}

}  // namespace stretto::kernels::testing
