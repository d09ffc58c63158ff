// Convolutions of one or two spatial axes, and their transposes, as products: tiles of output pixels are gathered into
// panels in the worker's scratch and multiplied with packed weights, a chunk of the sum at a time.
#include "kernels/cpu/generic/conv_params.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kTile = 64;    // pixels
constexpr int64_t kChunk = 384;  // steps of the sum
constexpr size_t kPanelBytes = kTile * kChunk * sizeof(float);

Refusal supports_shape(const Problem& problem, const Dims& strides) {
  const Shape &src = source_of(problem, 0).type.shape, &weights = source_of(problem, 1).type.shape;
  if (src.size() > 4) return Refusal::other_shape;
  for (int i = 2; i < src.size(); ++i) {
    if (weights[i] > Taps::kMax || strides[i - 2] > Taps::kMax) return Refusal::too_large;
  }
  return Refusal::none;
}

bool is_constant(const Problem& problem, int i) {
  return source_of(problem, i).role == Role::constant;
}

/// Weights and bias are packed beforehand if they are the constants of the problem; else in a phase of their own.
bool is_dynamic(const Problem& problem) {
  return is_constant(problem, 0) || !is_constant(problem, 1) || (source_count(problem) > 2 && !is_constant(problem, 2));
}

ConvAxis axis_of(const Problem& problem, int i, const Dims& strides, const Dims& dilations, const Dims& pads,
                 bool transposed) {
  ConvAxis a;
  a.in = source_of(problem, 0).type.shape[2 + i];
  a.out = problem.output().type.shape[2 + i];
  a.kernel = source_of(problem, 1).type.shape[2 + i];
  a.stride = strides[i];
  a.dilation = dilations[i];
  a.pad = pads[i];
  a.phases = transposed ? a.stride : 1;
  a.in_step = transposed ? 1 : a.stride;
  return a;
}

/// Without windows rows need not be told apart: the plane is one long row.
void flatten(ConvParams& p) {
  bool pointwise = !p.transposed && p.h.kernel == 1 && p.w.kernel == 1 && p.h.stride == 1 && p.w.stride == 1 &&
                   p.h.in == p.h.out && p.w.in == p.w.out && p.h.pad == 0 && p.w.pad == 0;
  if (!pointwise) return;
  p.w.in = p.w.out = p.h.in * p.w.in;
  p.h.in = p.h.out = 1;
}

template <class T>
ConvParams params_of(const Problem& problem) {
  constexpr bool kTransposed = std::is_same_v<T, op::ConvTranspose>;
  const T& a = *first_as<T>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &dst = problem.output().type.shape;
  ConvParams p;
  p.src = source_place(problem, 0);
  p.transposed = kTransposed;
  p.dynamic = is_dynamic(problem);
  p.has_bias = source_count(problem) > 2;
  if (p.dynamic) {
    p.weights = source_place(problem, 1);
    if (p.has_bias) p.bias = source_place(problem, 2);
  }
  p.batch = src[0];
  p.groups = a.group;
  p.icg = src[1] / a.group;
  p.ocg = dst[1] / a.group;
  if (src.size() == 4) p.h = axis_of(problem, 0, a.strides, a.dilations, a.pads, kTransposed);
  // For one spatial axis pads are {begin, end}; axis_of reads the begin of its axis.
  p.w = axis_of(problem, src.size() - 3, a.strides, a.dilations, a.pads, kTransposed);
  flatten(p);
  p.epilogue = epilogue_of(problem);

  int64_t pixels = p.h.outputs(0) * p.w.outputs(0);
  p.tiles = (pixels + kTile - 1) / kTile;
  int64_t even = (pixels + p.tiles - 1) / p.tiles;
  p.tile = (even + kColumns - 1) / kColumns * kColumns;
  int64_t spread = p.batch * p.groups * p.h.phases * p.w.phases * p.tiles;
  int64_t wanted = tasks_for(kMaxTasks, seconds_for_flops(problem.flops()));
  p.parts = std::clamp<int64_t>((wanted + spread - 1) / spread, 1, std::max<int64_t>(1, p.ocg / 32));
  p.tasks = tasks_for(p.units(), seconds_for_flops(problem.flops()));
  double pack_seconds = 4 * seconds_for_bytes(static_cast<double>(p.packed_bytes()));
  if (p.dynamic) p.pack_tasks = tasks_for(p.groups * p.panels(), pack_seconds);
  return p;
}

ConvParams params_of(const Problem& problem) {
  return first_as<op::Conv>(problem) ? params_of<op::Conv>(problem) : params_of<op::ConvTranspose>(problem);
}

template <class T>
Refusal supports(const Problem& problem) {
  Refusal r = with_epilogue<T>(problem);
  if (r != Refusal::none) return r;
  const T& a = *first_as<T>(problem);
  bool depthwise = std::is_same_v<T, op::Conv> && a.group > 1 && source_of(problem, 1).type.shape[1] == 1;
  if (depthwise) return Refusal::grouped;
  return supports_shape(problem, a.strides);
}

Booking book(const Problem& problem, const Config&) {
  ConvParams p = params_of(problem);
  Booking b;
  b.set_params(p);
  if (p.dynamic) {
    b.tasks = {p.pack_tasks, p.tasks};
    b.scratch_bytes = p.packed_bytes();
    b.weights_bytes = copied_bytes(problem);
  } else {
    b.tasks = {p.tasks};
    b.weights_bytes = p.packed_bytes();
  }
  b.worker_scratch_bytes = kPanelBytes;
  return b;
}

void pack(const Problem& problem, const Config& config, std::span<const Tensor> constants, std::byte* weights) {
  ConvParams p = params_of(problem);
  if (p.dynamic) return pack_copied(problem, config, constants, weights);
  auto constant = [&](int i) {
    int at = constant_position(problem, problem.nodes[0].inputs[static_cast<size_t>(i)]);
    return constants[static_cast<size_t>(at)].as<float>().data();
  };
  const float* w = constant(1);
  const float* bias = p.has_bias ? constant(2) : nullptr;
  for (int64_t g = 0; g < p.groups; ++g) {
    for (int64_t panel = 0; panel < p.panels(); ++panel) {
      pack_conv_panel(p, w, bias, g, panel, reinterpret_cast<float*>(weights));
    }
  }
}

/// A run of pixels of a tile that lie on one row of the phase's outputs.
struct Segment {
  int64_t row, column, count, at;  // `at`: position in the tile
};

/// What one unit of work computes.
struct Unit {
  int64_t n, group, phase_h, phase_w, first, count;  // pixels [first, first + count) of the phase
  Range panels;
  Taps th, tw;
  Segment segments[kTile];
  int segment_count = 0;
};

Unit unit_of(const ConvParams& p, int64_t index) {
  Unit u;
  int64_t part = index % p.parts;
  index /= p.parts;
  int64_t tile = index % p.tiles;
  index /= p.tiles;
  u.phase_w = index % p.w.phases;
  index /= p.w.phases;
  u.phase_h = index % p.h.phases;
  index /= p.h.phases;
  u.group = index % p.groups;
  u.n = index / p.groups;
  u.panels = part_of(p.panels(), p.parts, part);
  int64_t columns = p.w.outputs(u.phase_w), pixels = p.h.outputs(u.phase_h) * columns;
  u.first = tile * p.tile;
  u.count = std::clamp<int64_t>(pixels - u.first, 0, p.tile);
  u.th = p.h.taps(u.phase_h, p.transposed);
  u.tw = p.w.taps(u.phase_w, p.transposed);
  for (int64_t at = 0; at < u.count;) {
    int64_t row = (u.first + at) / columns, column = (u.first + at) % columns;
    int64_t count = std::min(u.count - at, columns - column);
    u.segments[u.segment_count++] = {row, column, count, at};
    at += count;
  }
  return u;
}

/// One tap for all pixels of a tile: row[at] for every pixel, zero outside the input.
void gather_row(const ConvParams& p, const Unit& u, const float* plane, int64_t off_h, int64_t off_w, float* row) {
  for (int s = 0; s < u.segment_count; ++s) {
    const Segment& g = u.segments[s];
    float* out = row + g.at;
    int64_t y = g.row * p.h.in_step + off_h, step = p.w.in_step, x = g.column * step + off_w;
    if (y < 0 || y >= p.h.in) {
      for (int64_t i = 0; i < g.count; ++i) out[i] = 0;
      continue;
    }
    // Pixels [low, high) of the segment read inside the row.
    int64_t low = x >= 0 ? 0 : (-x + step - 1) / step;
    int64_t high = x + (g.count - 1) * step < p.w.in ? g.count : x >= p.w.in ? 0 : (p.w.in - x + step - 1) / step;
    low = std::min(low, g.count);
    high = std::max(high, low);
    const float* in = plane + y * p.w.in;
    for (int64_t i = 0; i < low; ++i) out[i] = 0;
    if (step == 1) {
      std::memcpy(out + low, in + x + low, static_cast<size_t>(high - low) * sizeof(float));
    } else {
      for (int64_t i = low; i < high; ++i) out[i] = in[x + i * step];
    }
    for (int64_t i = high; i < g.count; ++i) out[i] = 0;
  }
}

/// Steps [k0, k1) of the sum for all pixels of a tile: panel[column block][k][kColumns].
void gather_chunk(const ConvParams& p, const Unit& u, const float* src, int64_t k0, int64_t k1, float* panel) {
  alignas(16) float row[kTile] = {};
  int64_t blocks = (u.count + kColumns - 1) / kColumns, taps = u.th.count * u.tw.count;
  for (int64_t k = k0; k < k1; ++k) {
    int64_t ic = k / taps, tap = k % taps;
    gather_row(p, u, src + ic * p.h.in * p.w.in, u.th.offset[tap / u.tw.count], u.tw.offset[tap % u.tw.count], row);
    float* out = panel + (k - k0) * kColumns;
    for (int64_t b = 0; b < blocks; ++b, out += (k1 - k0) * kColumns) {
      store4(out, load4(row + b * kColumns));
      store4(out + 4, load4(row + b * kColumns + 4));
    }
  }
}

/// Where the pixels of one block of columns lie in the output plane.
struct Pixels {
  int64_t count = 0;
  bool adjoining = true;
  int64_t at[kColumns];
};

Pixels pixels_of(const ConvParams& p, const Unit& u, int64_t block) {
  Pixels x;
  x.count = std::min(kColumns, u.count - block * kColumns);
  x.adjoining = !p.transposed;
  int64_t columns = p.w.outputs(u.phase_w);
  for (int64_t i = 0; i < x.count; ++i) {
    int64_t pixel = u.first + block * kColumns + i;
    x.at[i] = x.adjoining
                  ? pixel
                  : (pixel / columns * p.h.phases + u.phase_h) * p.w.out + pixel % columns * p.w.phases + u.phase_w;
  }
  return x;
}

void read_pixels(const Pixels& x, const float* plane, float* t) {
  if (x.adjoining && x.count == kColumns) {
    std::memcpy(t, plane + x.at[0], kColumns * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < x.count; ++i) t[i] = plane[x.at[i]];
}

void write_pixels(const Pixels& x, const float* t, float* plane) {
  if (x.adjoining && x.count == kColumns) {
    std::memcpy(plane + x.at[0], t, kColumns * sizeof(float));
    return;
  }
  for (int64_t i = 0; i < x.count; ++i) plane[x.at[i]] = t[i];
}

/// A block of kRows × kColumns results of one chunk: joined with those before, finished after the last, stored.
struct Store {
  const ConvParams& p;
  float* dst;
  const float* other;
  const float* bias;
  bool first, last;

  void operator()(const Pixels& x, int64_t plane, int64_t rows, float* t) const {
    int64_t area = p.h.out * p.w.out;
    if (!first) {
      alignas(16) float before[kRows * kColumns] = {};
      for (int64_t r = 0; r < rows; ++r) read_pixels(x, dst + (plane + r) * area, before + r * kColumns);
      for (int64_t i = 0; i < kRows * kColumns; ++i) t[i] += before[i];
    }
    if (last) finish(x, plane, rows, t);
    for (int64_t r = 0; r < rows; ++r) write_pixels(x, t + r * kColumns, dst + (plane + r) * area);
  }

  void finish(const Pixels& x, int64_t plane, int64_t rows, float* t) const {
    for (int64_t r = 0; r < kRows; ++r) {
      for (int64_t i = 0; i < kColumns; ++i) t[r * kColumns + i] += bias[r];
    }
    alignas(16) float values[kRows * kColumns] = {};
    if (other) {
      int64_t area = p.h.out * p.w.out;
      for (int64_t r = 0; r < rows; ++r) read_pixels(x, other + (plane + r) * area, values + r * kColumns);
    }
    p.epilogue.apply(t, values, kRows * kColumns);
  }
};

void compute_unit(const StepArgs& args, const ConvParams& p, const float* packed, int64_t index, float* panel) {
  Unit u = unit_of(p, index);
  if (u.count == 0) return;
  int64_t steps = p.icg * u.th.count * u.tw.count, blocks = (u.count + kColumns - 1) / kColumns;
  const float* group = packed + u.group * p.group_floats();
  const float* weights = group + phase_offset(p, u.phase_h, u.phase_w);
  const float* biases = group + p.oc_padded() * p.icg * p.h.kernel * p.w.kernel;
  const float* src = p.src.as<float>(args) + (u.n * p.groups + u.group) * p.icg * p.h.in * p.w.in;
  Pixels pixels[kTile / kColumns];
  for (int64_t b = 0; b < blocks; ++b) pixels[b] = pixels_of(p, u, b);
  Store store{p, static_cast<float*>(args.dst), p.epilogue.other_of(args), biases, true, false};
  for (int64_t k0 = 0; k0 == 0 || k0 < steps; k0 += kChunk) {
    int64_t k1 = std::min(steps, k0 + kChunk);
    store.first = k0 == 0;
    store.last = k1 == steps;
    gather_chunk(p, u, src, k0, k1, panel);
    for (int64_t row = u.panels.begin; row < u.panels.end; ++row) {
      store.bias = biases + row * kRows;
      int64_t rows = std::min(kRows, p.ocg - row * kRows), plane = (u.n * p.groups + u.group) * p.ocg + row * kRows;
      for (int64_t b = 0; b < blocks; ++b) {
        alignas(16) float t[kRows * kColumns];
        multiply<kRows>(k1 - k0, weights + (row * steps + k0) * kRows, panel + b * (k1 - k0) * kColumns, t);
        store(pixels[b], plane, rows, t);
      }
    }
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<ConvParams>();
  if (p.dynamic && id.phase == 0) {
    Range r = part_of(p.groups * p.panels(), p.pack_tasks, id.index);
    const float* bias = p.has_bias ? p.bias.as<float>(args) : nullptr;
    for (int64_t i = r.begin; i < r.end; ++i) {
      pack_conv_panel(p, p.weights.as<float>(args), bias, i / p.panels(), i % p.panels(),
                      reinterpret_cast<float*>(args.scratch));
    }
    return;
  }
  const auto* packed = reinterpret_cast<const float*>(p.dynamic ? args.scratch : args.weights);
  auto* panel = reinterpret_cast<float*>(args.scratch_of(id.worker));
  Range r = part_of(p.units(), p.tasks, id.index);
  for (int64_t i = r.begin; i < r.end; ++i) compute_unit(args, p, packed, i, panel);
}

}  // namespace

Tactic conv_row() {
  return {"cpu.generic.conv",
          1,
          Isa::scalar,
          Numerics::rounding,
          supports<op::Conv>,
          one_config,
          estimate_compute,
          book,
          pack,
          task};
}
Tactic conv_transpose_row() {
  return {"cpu.generic.conv_transpose",
          1,
          Isa::scalar,
          Numerics::rounding,
          supports<op::ConvTranspose>,
          one_config,
          estimate_compute,
          book,
          pack,
          task};
}

}  // namespace stretto::kernels::generic
