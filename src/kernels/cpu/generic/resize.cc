// Resize of H and W, plain or in blocks of channels. The first phase writes, for every row and column of the output,
// which elements it takes and their weights; the second takes them.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"
#include "op/resize_map.h"

namespace stretto::kernels::generic {
namespace {

/// What one row or column takes: one, two or four elements.
struct Tap {
  int32_t at[4];
  float weight[4];
};

struct Params {
  Place src;
  op::ResizeMode mode = op::ResizeMode::nearest;
  op::ResizeCoordinate coordinate = op::ResizeCoordinate::half_pixel;
  op::ResizeRounding rounding = op::ResizeRounding::round_prefer_floor;
  float scale_h = 1, scale_w = 1, cubic_a = 0;
  int32_t element = 4, tasks = 1;
  int64_t block = 1, planes = 1, ih = 1, iw = 1, oh = 1, ow = 1;
};

Refusal supports(const Problem& problem) {
  Refusal r = single<op::Resize>(problem);
  if (r != Refusal::none) return r;
  if (source_of(problem, 0).layout != problem.output().layout) return Refusal::other_layout;
  bool copies = first_as<op::Resize>(problem)->mode == op::ResizeMode::nearest;
  return copies || all_of_type(problem, DType::f32) ? Refusal::none : Refusal::other_type;
}

Params params_of(const Problem& problem) {
  const op::Resize& a = *first_as<op::Resize>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.mode = a.mode;
  p.coordinate = a.coordinate;
  p.rounding = a.rounding;
  p.scale_h = a.scale_h;
  p.scale_w = a.scale_w;
  p.cubic_a = a.cubic_a;
  p.element = static_cast<int32_t>(size_of(problem.output().type.dtype));
  p.block = block_of(problem.output().layout);
  p.planes = src[0] * ((src[1] + p.block - 1) / p.block);
  p.ih = src[2];
  p.iw = src[3];
  p.oh = dst[2];
  p.ow = dst[3];
  double each = a.mode == op::ResizeMode::nearest ? 0.3e-9 : a.mode == op::ResizeMode::linear ? 2e-9 : 8e-9;
  p.tasks = tasks_for(p.planes * p.oh, static_cast<double>(problem.output().type.elements()) * each);
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {1, p.tasks};
  b.weights_bytes = copied_bytes(problem);
  b.scratch_bytes = static_cast<size_t>(p.oh + p.ow) * sizeof(Tap);
  return b;
}

void write_taps(const Params& p, int64_t in, int64_t out, float scale, Tap* taps) {
  for (int64_t i = 0; i < out; ++i) {
    float x = op::resize_coordinate(p.coordinate, i, in, out, scale);
    Tap& t = taps[i];
    t = {};
    if (p.mode == op::ResizeMode::nearest) {
      t.at[0] = static_cast<int32_t>(op::resize_nearest(p.rounding, x, in));
    } else if (p.mode == op::ResizeMode::linear) {
      op::ResizeLinear v = op::resize_linear(x, in);
      t = {{static_cast<int32_t>(v.first), static_cast<int32_t>(v.second)}, {1 - v.fraction, v.fraction}};
    } else {
      op::ResizeCubic v = op::resize_cubic(x, in, p.cubic_a);
      for (size_t k = 0; k < 4; ++k) {
        t.at[k] = static_cast<int32_t>(v.at[k]);
        t.weight[k] = v.weight[k];
      }
    }
  }
}

template <class T>
void copy_row(const Params& p, const T* row, const Tap* columns, T* dst) {
  for (int64_t x = 0; x < p.ow; ++x) {
    const T* from = row + columns[x].at[0] * p.block;
    for (int64_t lane = 0; lane < p.block; ++lane) dst[x * p.block + lane] = from[lane];
  }
}

template <int kTaps, int kBlock>
void blend_row(const Params& p, const float* plane, const Tap& row, const Tap* columns, float* dst) {
  const float* rows[kTaps];
  for (int i = 0; i < kTaps; ++i) rows[i] = plane + row.at[i] * p.iw * kBlock;
  for (int64_t x = 0; x < p.ow; ++x) {
    const Tap& column = columns[x];
    float sum[kBlock] = {};
    for (int i = 0; i < kTaps; ++i) {
      float line[kBlock] = {};
      for (int j = 0; j < kTaps; ++j) {
        const float* from = rows[i] + int64_t{column.at[j]} * kBlock;
        for (int lane = 0; lane < kBlock; ++lane) line[lane] += column.weight[j] * from[lane];
      }
      for (int lane = 0; lane < kBlock; ++lane) sum[lane] += row.weight[i] * line[lane];
    }
    for (int lane = 0; lane < kBlock; ++lane) dst[x * kBlock + lane] = sum[lane];
  }
}

template <int kTaps>
void blend(const Params& p, const float* plane, const Tap& row, const Tap* columns, float* dst) {
  if (p.block == 1) return blend_row<kTaps, 1>(p, plane, row, columns, dst);
  return p.block == 8 ? blend_row<kTaps, 8>(p, plane, row, columns, dst)
                      : blend_row<kTaps, 16>(p, plane, row, columns, dst);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  auto* rows = reinterpret_cast<Tap*>(args.scratch);
  Tap* columns = rows + p.oh;
  if (id.phase == 0) {
    write_taps(p, p.ih, p.oh, p.scale_h, rows);
    write_taps(p, p.iw, p.ow, p.scale_w, columns);
    return;
  }
  Range r = part_of(p.planes * p.oh, p.tasks, id.index);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const Tap& row = rows[unit % p.oh];
    int64_t plane = unit / p.oh * p.ih * p.iw * p.block, to = unit * p.ow * p.block;
    if (p.mode == op::ResizeMode::nearest) {
      with_element(p.element, [&](auto type) {
        using T = decltype(type);
        const T* from = p.src.as<T>(args) + plane + row.at[0] * p.iw * p.block;
        copy_row(p, from, columns, static_cast<T*>(args.dst) + to);
      });
      continue;
    }
    const float* src = p.src.as<float>(args) + plane;
    float* dst = static_cast<float*>(args.dst) + to;
    p.mode == op::ResizeMode::linear ? blend<2>(p, src, row, columns, dst) : blend<4>(p, src, row, columns, dst);
  }
}

}  // namespace

Tactic resize_row() {
  return {"cpu.generic.resize", 1,   Isa::scalar, Numerics::rounding, supports, one_config, estimate_compute, book,
          pack_copied,          task};
}

}  // namespace stretto::kernels::generic
