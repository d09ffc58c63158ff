// Regions of pictures: positions of pooled maxima, sampling by a grid, regions of interest.
#include <cmath>

#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"
#include "op/grid_map.h"

namespace stretto::kernels::generic {
namespace {

template <class T>
Booking booked(const Problem& problem, const T& params, PhaseTasks tasks) {
  Booking b;
  b.set_params(params);
  b.tasks = tasks;
  b.weights_bytes = copied_bytes(problem);
  return b;
}

template <class T>
Refusal single_plain(const Problem& problem) {
  Refusal r = single<T>(problem);
  if (r != Refusal::none) return r;
  return all_plain(problem) ? Refusal::none : Refusal::other_layout;
}

// --- positions of maxima

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};

struct IndicesParams {
  Place src;
  DType type = DType::f32;
  int32_t spatial = 1, tasks = 1;
  int64_t total = 1, plane = 1, area = 1, window = 1;
  Axis axes[kMaxRank - 2];
};

Refusal supports_indices(const Problem& problem) {
  Refusal r = single_plain<op::PoolIndices>(problem);
  if (r != Refusal::none) return r;
  const DType type = source_of(problem, 0).type.dtype;
  return type == DType::f32 || type == DType::u8 || type == DType::i8 ? Refusal::none : Refusal::other_type;
}

Booking book_indices(const Problem& problem, const Config&) {
  const op::PoolIndices& a = *first_as<op::PoolIndices>(problem);
  const TensorType& src = source_of(problem, 0).type;
  const Shape& out = problem.output().type.shape;
  IndicesParams p;
  p.src = source_place(problem, 0);
  p.type = src.dtype;
  p.spatial = out.size() - 2;
  p.total = problem.output().type.elements();
  p.plane = product(src.shape, 2, out.size());
  p.area = product(out, 2, out.size());
  p.window = product(a.kernel, 0, a.kernel.size());
  for (int i = 0; i < p.spatial; ++i) {
    p.axes[i] = {src.shape[2 + i], out[2 + i], a.kernel[i], a.strides[i], a.dilations[i], a.pads[i]};
  }
  p.tasks = tasks_for(p.total, problem.flops() * 5e-9);
  return booked(problem, p, {p.tasks});
}

template <class T>
int64_t position_of_maximum(const IndicesParams& p, const T* src, int64_t output) {
  int64_t start[kMaxRank], rest = output % p.area;
  for (int i = p.spatial; i-- > 0; rest /= p.axes[i].out)
    start[i] = rest % p.axes[i].out * p.axes[i].stride - p.axes[i].pad;
  const int64_t base = output / p.area * p.plane;
  int64_t best = -1;
  for (int64_t tap = 0; tap < p.window; ++tap) {
    int64_t at = 0, step = 1, k = tap;
    bool inside = true;
    for (int i = p.spatial; i-- > 0; k /= p.axes[i].kernel) {
      const int64_t x = start[i] + k % p.axes[i].kernel * p.axes[i].dilation;
      inside = inside && x >= 0 && x < p.axes[i].in;
      at += x * step;
      step *= p.axes[i].in;
    }
    if (inside && (best < 0 || src[base + at] > src[best])) best = base + at;
  }
  return best;
}

void indices_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<IndicesParams>();
  auto* dst = static_cast<int64_t*>(args.dst);
  const Range r = part_of(p.total, p.tasks, id.index);
  for (int64_t i = r.begin; i < r.end; ++i) {
    dst[i] = p.type == DType::f32  ? position_of_maximum(p, p.src.as<float>(args), i)
             : p.type == DType::u8 ? position_of_maximum(p, p.src.as<uint8_t>(args), i)
                                   : position_of_maximum(p, p.src.as<int8_t>(args), i);
  }
}

// --- sampling by a grid

struct GridParams {
  Place src, grid;
  op::GridMode mode = op::GridMode::linear;
  op::GridPadding padding = op::GridPadding::zeros;
  bool align_corners = false;
  int32_t axes = 2, tasks = 1;
  int64_t channels = 1, depth = 1, height = 1, width = 1, area = 1, points = 1;
};

Booking book_grid(const Problem& problem, const Config&) {
  const op::GridSample& a = *first_as<op::GridSample>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &out = problem.output().type.shape;
  GridParams p;
  p.src = source_place(problem, 0);
  p.grid = source_place(problem, 1);
  p.mode = a.mode;
  p.padding = a.padding;
  p.align_corners = a.align_corners;
  p.axes = src.size() - 2;
  p.channels = src[1];
  p.depth = p.axes == 3 ? src[2] : 1;
  p.height = src[p.axes];
  p.width = src[p.axes + 1];
  p.area = product(out, 2, out.size());
  p.points = out[0] * p.area;
  p.tasks = tasks_for(p.points, problem.flops() * 2e-9);
  return booked(problem, p, {p.tasks});
}

void grid_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<GridParams>();
  const op::GridSample a{p.mode, p.padding, p.align_corners};
  const int64_t plane = p.depth * p.height * p.width;
  auto* dst = static_cast<float*>(args.dst);
  const Range r = part_of(p.points, p.tasks, id.index);
  for (int64_t point = r.begin; point < r.end; ++point) {
    const float* at = p.grid.as<float>(args) + point * p.axes;
    const op::GridTaps columns = op::grid_taps(a, at[0], p.width), rows = op::grid_taps(a, at[1], p.height);
    const op::GridTaps planes = p.axes == 3 ? op::grid_taps(a, at[2], p.depth) : op::GridTaps{};
    const int64_t image = point / p.area;
    for (int64_t c = 0; c < p.channels; ++c) {
      const float* src = p.src.as<float>(args) + (image * p.channels + c) * plane;
      float sum = 0;
      for (int d = 0; d < planes.count; ++d) {
        for (int y = 0; planes.at[d] >= 0 && y < rows.count; ++y) {
          for (int x = 0; rows.at[y] >= 0 && x < columns.count; ++x) {
            if (columns.at[x] < 0) continue;
            sum += planes.weight[d] * rows.weight[y] * columns.weight[x] *
                   src[(planes.at[d] * p.height + rows.at[y]) * p.width + columns.at[x]];
          }
        }
      }
      dst[(image * p.channels + c) * p.area + point % p.area] = sum;
    }
  }
}

// --- regions of interest

struct RoiParams {
  Place src, rois, images;
  op::PoolKind kind = op::PoolKind::average;
  int64_t sampling = 0;
  float scale = 1;
  bool half_pixel = true, wide = false;  // indices of images are i64
  int32_t tasks = 1;
  int64_t batch = 1, channels = 1, height = 1, width = 1, bins_h = 1, bins_w = 1, units = 1;
};

Booking book_roi(const Problem& problem, const Config&) {
  const op::RoiAlign& a = *first_as<op::RoiAlign>(problem);
  const Shape& src = source_of(problem, 0).type.shape;
  RoiParams p;
  p.src = source_place(problem, 0);
  p.rois = source_place(problem, 1);
  p.images = source_place(problem, 2);
  p.kind = a.kind;
  p.sampling = a.sampling;
  p.scale = a.scale;
  p.half_pixel = a.half_pixel;
  p.wide = source_of(problem, 2).type.dtype == DType::i64;
  p.batch = src[0];
  p.channels = src[1];
  p.height = src[2];
  p.width = src[3];
  p.bins_h = a.height;
  p.bins_w = a.width;
  p.units = source_of(problem, 1).type.shape[0] * p.channels;
  p.tasks = tasks_for(p.units, problem.flops() * 2e-9);
  return booked(problem, p, {p.tasks});
}

float roi_bin(const RoiParams& p, const float* src, const op::RoiAxis& y, const op::RoiAxis& x, int64_t row,
              int64_t column) {
  float sum = 0, best = 0;
  for (int64_t i = 0; i < y.points; ++i) {
    const op::RoiTaps v = op::roi_taps(y, row, i, p.height);
    for (int64_t j = 0; j < x.points; ++j) {
      const op::RoiTaps u = op::roi_taps(x, column, j, p.width);
      float part[4] = {};
      if (v.inside && u.inside) {
        const float *low = src + v.low * p.width, *high = src + v.high * p.width;
        part[0] = (1 - v.fraction) * (1 - u.fraction) * low[u.low];
        part[1] = (1 - v.fraction) * u.fraction * low[u.high];
        part[2] = v.fraction * (1 - u.fraction) * high[u.low];
        part[3] = v.fraction * u.fraction * high[u.high];
      }
      sum += part[0] + part[1] + part[2] + part[3];
      const float largest = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
      best = i + j == 0 ? largest : std::max(best, largest);
    }
  }
  if (p.kind == op::PoolKind::max) return best;
  return sum / static_cast<float>(std::max<int64_t>(y.points * x.points, 1));
}

void roi_task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<RoiParams>();
  const op::RoiAlign a{p.kind, p.bins_h, p.bins_w, p.sampling, p.scale, p.half_pixel};
  auto* dst = static_cast<float*>(args.dst);
  const Range r = part_of(p.units, p.tasks, id.index);
  for (int64_t unit = r.begin; unit < r.end; ++unit) {
    const int64_t roi = unit / p.channels;
    int64_t image = p.wide ? p.images.as<int64_t>(args)[roi] : p.images.as<int32_t>(args)[roi];
    image = std::clamp<int64_t>(image, 0, p.batch - 1);
    const float* corners = p.rois.as<float>(args) + 4 * roi;
    const op::RoiAxis x = op::roi_axis(a, corners[0], corners[2], p.bins_w);
    const op::RoiAxis y = op::roi_axis(a, corners[1], corners[3], p.bins_h);
    const float* src = p.src.as<float>(args) + (image * p.channels + unit % p.channels) * p.height * p.width;
    for (int64_t i = 0; i < p.bins_h * p.bins_w; ++i) {
      dst[unit * p.bins_h * p.bins_w + i] = roi_bin(p, src, y, x, i / p.bins_w, i % p.bins_w);
    }
  }
}

}  // namespace

Tactic pool_indices_row() {
  return {"cpu.generic.pool_indices",
          1,
          Isa::scalar,
          Numerics::bit_exact,
          supports_indices,
          one_config,
          estimate_compute,
          book_indices,
          pack_copied,
          indices_task};
}
Tactic grid_sample_row() {
  return {
      "cpu.generic.grid_sample", 1,         Isa::scalar, Numerics::rounding, single_plain<op::GridSample>, one_config,
      estimate_compute,          book_grid, pack_copied, grid_task};
}
Tactic roi_align_row() {
  return {"cpu.generic.roi_align",
          1,
          Isa::scalar,
          Numerics::rounding,
          single_plain<op::RoiAlign>,
          one_config,
          estimate_compute,
          book_roi,
          pack_copied,
          roi_task};
}
}  // namespace stretto::kernels::generic
