// Gemm and MatMul: rows of A are gathered into the worker's scratch, B lies packed in panels of eight columns (packed
// beforehand if it is a constant, else in a phase of its own).
#include "device/memory.h"
#include "kernels/cpu/generic/epilogue.h"
#include "kernels/cpu/generic/micro.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kTileRows = 64;
constexpr int64_t kTileFloats = kTileRows * 384;  // of A in the worker's scratch
constexpr int kMaxBatch = kMaxRank;

struct Params {
  Place a, b, c;  // b: used only if `dynamic`
  bool dynamic = false, has_c = false;
  int64_t m = 1, n = 1, k = 1;
  int64_t a_row = 0, a_column = 0, b_row = 0, b_column = 0, c_row = 0, c_column = 0;  // elements
  float alpha = 1, beta = 1;
  int32_t batch_rank = 0;
  int64_t batch = 1, b_matrices = 1;
  int64_t batch_size[kMaxBatch] = {}, a_step[kMaxBatch] = {}, b_step[kMaxBatch] = {};  // in matrices
  int64_t row_tiles = 1, tile_rows = 1, chunk = 1, parts = 1;
  int32_t pack_tasks = 0, tasks = 1;
  EpilogueParams epilogue;

  int64_t panels() const { return (n + kColumns - 1) / kColumns; }
  int64_t matrix_floats() const { return panels() * k * kColumns; }
  size_t packed_bytes() const { return align_up(static_cast<size_t>(b_matrices * matrix_floats()) * sizeof(float)); }
  int64_t block_rows() const { return m == 1 ? 1 : kRows; }
};

bool is_constant(const Problem& problem, int i) {
  return source_of(problem, i).role == Role::constant;
}

void set_gemm(const op::Gemm& g, const Problem& problem, Params& p) {
  const Shape &sa = source_of(problem, 0).type.shape, &sb = source_of(problem, 1).type.shape;
  p.k = sa[g.trans_a ? 0 : 1];
  p.m = sa[g.trans_a ? 1 : 0];
  p.n = sb[g.trans_b ? 0 : 1];
  p.a_row = g.trans_a ? 1 : sa[1];
  p.a_column = g.trans_a ? sa[1] : 1;
  p.b_row = g.trans_b ? 1 : sb[1];
  p.b_column = g.trans_b ? sb[1] : 1;
  p.alpha = g.alpha;
  p.beta = g.beta;
  p.has_c = source_count(problem) > 2;
  if (!p.has_c) return;
  const Shape& sc = source_of(problem, 2).type.shape;
  int rank = sc.size();
  int64_t columns = rank > 0 ? sc[rank - 1] : 1, rows = rank > 1 ? sc[rank - 2] : 1;
  p.c_column = columns > 1 ? 1 : 0;
  p.c_row = rows > 1 ? columns : 0;
}

void set_matmul(const Problem& problem, Params& p) {
  Shape sa = source_of(problem, 0).type.shape, sb = source_of(problem, 1).type.shape;
  if (sa.size() == 1) sa = Shape{1, sa[0]};
  if (sb.size() == 1) sb = Shape{sb[0], 1};
  p.m = sa[sa.size() - 2];
  p.k = sa.back();
  p.n = sb.back();
  p.a_row = p.k;
  p.a_column = 1;
  p.b_row = p.n;
  p.b_column = 1;
  int rank_a = sa.size() - 2, rank_b = sb.size() - 2;
  p.batch_rank = std::max(rank_a, rank_b);
  int64_t step_a = 1, step_b = 1;
  for (int i = p.batch_rank; i-- > 0;) {
    int ia = i - (p.batch_rank - rank_a), ib = i - (p.batch_rank - rank_b);
    int64_t da = ia >= 0 ? sa[ia] : 1, db = ib >= 0 ? sb[ib] : 1;
    p.batch_size[i] = std::max(da, db);
    p.a_step[i] = da > 1 ? step_a : 0;
    p.b_step[i] = db > 1 ? step_b : 0;
    step_a *= da;
    step_b *= db;
    p.batch *= p.batch_size[i];
  }
  p.b_matrices = step_b;
  // One matrix B for all: the batch of A is more rows of one product.
  if (p.b_matrices == 1) {
    p.m *= p.batch;
    p.batch = 1;
    p.batch_rank = 0;
  }
}

Params params_of(const Problem& problem) {
  Params p;
  if (const auto* g = first_as<op::Gemm>(problem)) {
    set_gemm(*g, problem, p);
  } else {
    set_matmul(problem, p);
  }
  p.a = source_place(problem, 0);
  p.dynamic = is_constant(problem, 0) || !is_constant(problem, 1);
  if (p.dynamic) p.b = source_place(problem, 1);
  if (p.has_c) p.c = source_place(problem, 2);
  if (p.has_c && !p.dynamic && is_constant(problem, 2)) p.c = {-1, static_cast<int64_t>(p.packed_bytes())};
  p.epilogue = epilogue_of(problem);
  p.row_tiles = (p.m + kTileRows - 1) / kTileRows;
  p.tile_rows = (p.m + p.row_tiles - 1) / p.row_tiles;
  p.tile_rows = (p.tile_rows + p.block_rows() - 1) / p.block_rows() * p.block_rows();
  p.row_tiles = (p.m + p.tile_rows - 1) / p.tile_rows;
  p.chunk = std::min(p.k, kTileFloats / p.tile_rows);
  double bytes = static_cast<double>(p.packed_bytes());
  double seconds = std::max(seconds_for_flops(problem.flops()), seconds_for_bytes(bytes));
  int64_t spread = p.batch * p.row_tiles;
  p.parts = std::clamp<int64_t>((tasks_for(kMaxTasks, seconds) + spread - 1) / spread, 1, p.panels());
  p.tasks = tasks_for(spread * p.parts, seconds);
  if (p.dynamic) p.pack_tasks = tasks_for(p.b_matrices * p.panels(), 4 * seconds_for_bytes(bytes));
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  if (p.dynamic) {
    b.tasks = {p.pack_tasks, p.tasks};
    b.scratch_bytes = p.packed_bytes();
    b.weights_bytes = copied_bytes(problem);
  } else {
    b.tasks = {p.tasks};
    b.weights_bytes = p.packed_bytes();
    if (p.has_c && is_constant(problem, 2)) b.weights_bytes += align_up(source_of(problem, 2).type.bytes());
  }
  b.worker_scratch_bytes = kTileFloats * sizeof(float);
  return b;
}

void pack_panel(const Params& p, const float* b, int64_t matrix, int64_t panel, float* packed) {
  float* out = packed + matrix * p.matrix_floats() + panel * p.k * kColumns;
  const float* in = b + matrix * p.k * p.n;
  for (int64_t i = 0; i < p.k; ++i) {
    for (int64_t c = 0; c < kColumns; ++c) {
      int64_t column = panel * kColumns + c;
      *out++ = column < p.n ? in[i * p.b_row + column * p.b_column] : 0.0f;
    }
  }
}

void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights) {
  Params p = params_of(problem);
  if (p.dynamic) return pack_copied(problem, config, constants, weights);
  auto constant = [&](int i) -> const Tensor& {
    int at = constant_position(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
    return constants[static_cast<size_t>(at)];
  };
  std::memset(weights, 0, p.packed_bytes());
  const float* b = constant(1).as<float>().data();
  for (int64_t matrix = 0; matrix < p.b_matrices; ++matrix) {
    for (int64_t panel = 0; panel < p.panels(); ++panel) {
      pack_panel(p, b, matrix, panel, reinterpret_cast<float*>(weights));
    }
  }
  if (!p.has_c || !is_constant(problem, 2)) return;
  const Tensor& c = constant(2);
  std::memset(weights + p.packed_bytes(), 0, align_up(c.bytes()));
  std::memcpy(weights + p.packed_bytes(), c.data(), c.bytes());
}

/// Rows [first, first + count) of A, steps [k0, k1): [block][k][block_rows], missing rows zero.
void gather_rows(const Params& p, const float* a, int64_t first, int64_t count, int64_t k0, int64_t k1, float* out) {
  int64_t in_block = p.block_rows();
  for (int64_t block = 0; block < count; block += in_block) {
    for (int64_t r = 0; r < in_block; ++r) {
      float* to = out + block * (k1 - k0) + r;
      if (block + r >= count) {
        for (int64_t k = k0; k < k1; ++k, to += in_block) *to = 0;
        continue;
      }
      const float* from = a + (first + block + r) * p.a_row;
      for (int64_t k = k0; k < k1; ++k, to += in_block) *to = from[k * p.a_column];
    }
  }
}

struct Store {
  const Params& p;
  const float* c;
  bool first, last;

  /// `t`: kRows × kColumns results at `dst`, `rows` and `columns` of them wanted; `other` lies like dst.
  void operator()(float* t, int64_t row, int64_t column, int64_t rows, int64_t columns, float* dst,
                  const float* other) const {
    alignas(16) float values[kRows * kColumns] = {};
    for (int64_t r = 0; r < rows; ++r) {
      const float* from = first ? other : dst;
      for (int64_t i = 0; i < columns && from; ++i) values[r * kColumns + i] = from[r * p.n + i];
      for (int64_t i = 0; i < columns && !first; ++i) t[r * kColumns + i] += values[r * kColumns + i];
      for (int64_t i = 0; i < columns && !first && other; ++i) values[r * kColumns + i] = other[r * p.n + i];
    }
    if (last) {
      for (int64_t r = 0; r < rows; ++r) finish_row(t + r * kColumns, row + r, column, columns);
      p.epilogue.apply(t, values, rows * kColumns);
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < columns; ++i) dst[r * p.n + i] = t[r * kColumns + i];
    }
  }

  void finish_row(float* t, int64_t row, int64_t column, int64_t columns) const {
    if (p.alpha != 1) {
      for (int64_t i = 0; i < kColumns; ++i) t[i] *= p.alpha;
    }
    if (!c) return;
    for (int64_t i = 0; i < columns; ++i) t[i] += p.beta * c[row * p.c_row + (column + i) * p.c_column];
  }
};

void compute_unit(const StepArgs& args, const Params& p, const float* packed, int64_t index, float* rows_of_a) {
  int64_t part = index % p.parts, tile = index / p.parts % p.row_tiles, batch = index / p.parts / p.row_tiles;
  int64_t matrix_a = 0, matrix_b = 0, rest = batch;
  for (int i = p.batch_rank; i-- > 0; rest /= p.batch_size[i]) {
    matrix_a += rest % p.batch_size[i] * p.a_step[i];
    matrix_b += rest % p.batch_size[i] * p.b_step[i];
  }
  const float* a = p.a.as<float>(args) + matrix_a * p.m * p.k;
  const float* b = packed + matrix_b * p.matrix_floats();
  const float* other = p.epilogue.other_of(args);
  auto* dst = static_cast<float*>(args.dst);
  int64_t first = tile * p.tile_rows, count = std::min(p.tile_rows, p.m - first);
  Range panels = part_of(p.panels(), p.parts, part);
  Store store{p, p.has_c ? p.c.as<float>(args) : nullptr, true, false};
  for (int64_t k0 = 0; k0 < p.k; k0 += p.chunk) {
    int64_t k1 = std::min(p.k, k0 + p.chunk);
    store.first = k0 == 0;
    store.last = k1 == p.k;
    gather_rows(p, a, first, count, k0, k1, rows_of_a);
    for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
      const float* columns = b + (panel * p.k + k0) * kColumns;
      int64_t column = panel * kColumns, wanted = std::min(kColumns, p.n - column);
      for (int64_t block = 0; block < count; block += p.block_rows()) {
        alignas(16) float t[kRows * kColumns];
        const float* block_a = rows_of_a + block * (k1 - k0);
        if (p.m == 1) {
          multiply<1>(k1 - k0, block_a, columns, t);
        } else {
          multiply<kRows>(k1 - k0, block_a, columns, t);
        }
        int64_t at = (batch * p.m + first + block) * p.n + column, rows = std::min(p.block_rows(), count - block);
        store(t, first + block, column, rows, wanted, dst + at, other ? other + at : nullptr);
      }
    }
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  if (p.dynamic && id.phase == 0) {
    Range r = part_of(p.b_matrices * p.panels(), p.pack_tasks, id.index);
    for (int64_t i = r.begin; i < r.end; ++i) {
      pack_panel(p, p.b.as<float>(args), i / p.panels(), i % p.panels(), reinterpret_cast<float*>(args.scratch));
    }
    return;
  }
  const auto* packed = reinterpret_cast<const float*>(p.dynamic ? args.scratch : args.weights);
  auto* rows_of_a = reinterpret_cast<float*>(args.scratch_of(id.worker));
  Range r = part_of(p.batch * p.row_tiles * p.parts, p.tasks, id.index);
  for (int64_t i = r.begin; i < r.end; ++i) compute_unit(args, p, packed, i, rows_of_a);
}

}  // namespace

Tactic gemm_row() {
  return {"cpu.generic.gemm",
          1,
          Isa::scalar,
          Numerics::rounding,
          with_epilogue<op::Gemm>,
          one_config,
          estimate_compute,
          book,
          pack,
          task};
}
Tactic matmul_row() {
  return {"cpu.generic.matmul",
          1,
          Isa::scalar,
          Numerics::rounding,
          with_epilogue<op::MatMul>,
          one_config,
          estimate_compute,
          book,
          pack,
          task};
}

}  // namespace stretto::kernels::generic
