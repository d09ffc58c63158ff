// Integer products: convolutions and their transposes over any number of spatial axes, and matrices, alone or with what
// brings their sums back to bytes or real numbers.
//
// The values that one output pixel multiplies are gathered, less their zero point, into a row of i16; weights are
// widened to rows of the same order; a sum is the product of two rows.
#include "device/memory.h"
#include "kernels/cpu/generic/rescale.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int kMaxSpatial = kMaxRank - 2;
constexpr int64_t kMaxTile = 32;           // pixels
constexpr int64_t kTileBytes = 128 << 10;  // of gathered rows
constexpr int64_t kChannels = 4;           // output channels at a time
constexpr int64_t kStep = 16;              // rows are filled up with zeros to a multiple of it

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};

struct Params {
  Place src, weights, bias;
  bool transposed = false, has_bias = false;
  int32_t zero = 0, spatial = 0, tasks = 1;
  Axis axes[kMaxSpatial];
  int64_t groups = 1, icg = 1, ocg = 1;
  int64_t plane = 1, taps = 1, area = 1, image = 1;  // elements of a source plane, a kernel, an output plane, a source
  int64_t pixels = 1, tile = 1, tiles = 1, parts = 1;
  Rescale rescale;

  int64_t depth() const { return icg * taps; }
  int64_t row() const { return std::max(kStep, (depth() + kStep - 1) / kStep * kStep); }
  size_t offset_bytes() const { return align_up(static_cast<size_t>(tile * taps) * sizeof(int64_t)); }
  size_t panel_bytes() const { return align_up(static_cast<size_t>(tile * row()) * sizeof(int16_t)); }
  size_t weight_bytes() const { return static_cast<size_t>(kChannels * row()) * sizeof(int16_t); }
};

template <class T>
Refusal supports(const Problem& problem) {
  if (!first_as<T>(problem)) return Refusal::other_operator;
  if (!all_plain(problem)) return Refusal::other_layout;
  return match_rescale(problem, 1) ? Refusal::none : Refusal::fused_operators;
}

template <class T>
void set_sizes(const T& a, const Problem& problem, Params& p) {
  const Shape &src = source_of(problem, 0).type.shape, &weights = source_of(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  p.transposed = std::is_same_v<T, op::ConvTransposeInteger>;
  p.spatial = src.size() - 2;
  p.groups = a.group;
  p.icg = src[1] / a.group;
  p.ocg = dst[1] / a.group;
  for (int i = 0; i < p.spatial; ++i) {
    p.axes[i] = {src[2 + i], dst[2 + i], weights[2 + i], a.strides[i], a.dilations[i], a.pads[i]};
  }
  p.plane = product(src, 2, src.size());
  p.taps = product(weights, 2, weights.size());
  p.area = product(dst, 2, dst.size());
  p.image = src[1] * p.plane;
  p.pixels = src[0] * p.area;
}

/// A row of the left matrix is a picture of one pixel.
void set_sizes(const op::GemmInteger&, const Problem& problem, Params& p) {
  const Shape& src = source_of(problem, 0).type.shape;
  p.icg = p.image = src[1];
  p.ocg = problem.output().type.shape[1];
  p.pixels = src[0];
}

double seconds_of(const Problem& problem) {
  return std::max(problem.flops() / 1.5e10, seconds_for_bytes(problem.bytes()));
}

template <class T>
Booking book(const Problem& problem, const Config&) {
  const T& a = *first_as<T>(problem);
  Params p;
  p.src = source_place(problem, 0);
  p.weights = source_place(problem, 1);
  p.has_bias = source_count(problem) > 2;
  if (p.has_bias) p.bias = source_place(problem, 2);
  p.zero = static_cast<int32_t>(a.zero);
  set_sizes(a, problem, p);
  p.rescale = *match_rescale(problem, 1);
  const int64_t fitting = kTileBytes / (p.row() * static_cast<int64_t>(sizeof(int16_t)));
  p.tile = std::min(std::clamp<int64_t>(fitting / 2 * 2, 2, kMaxTile), p.pixels);
  p.tiles = (p.pixels + p.tile - 1) / p.tile;
  const int64_t wanted = tasks_for(kMaxTasks, seconds_of(problem));
  p.parts = std::clamp<int64_t>((wanted + p.tiles - 1) / p.tiles, 1, p.groups * p.ocg);
  p.tasks = tasks_for(p.tiles * p.parts, seconds_of(problem));
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  b.worker_scratch_bytes = p.offset_bytes() + p.panel_bytes() + p.weight_bytes();
  return b;
}

/// What one unit works on.
struct Unit {
  int64_t first, count;  // pixels
  bool inside = true;    // every tap of every pixel lies in the source
  int64_t* offsets;      // [pixel][tap] into channel 0 of a group, −1 where nothing lies
  int16_t *panel, *weights;
};

/// The index along one axis that tap k of output o reads, or −1.
int64_t input_of(const Params& p, const Axis& a, int64_t o, int64_t k) {
  int64_t at = p.transposed ? o + a.pad - k * a.dilation : o * a.stride - a.pad + k * a.dilation;
  if (at < 0 || (p.transposed && at % a.stride != 0)) return -1;
  if (p.transposed) at /= a.stride;
  return at < a.in ? at : -1;
}

void find_offsets(const Params& p, Unit& u) {
  for (int64_t i = 0; i < u.count; ++i) {
    const int64_t pixel = u.first + i, start = pixel / p.area * p.image;
    int64_t out[kMaxSpatial] = {}, k[kMaxSpatial] = {}, rest = pixel % p.area;
    for (int axis = p.spatial; axis-- > 0; rest /= p.axes[axis].out) out[axis] = rest % p.axes[axis].out;
    for (int64_t tap = 0; tap < p.taps; ++tap) {
      int64_t at = 0;
      bool inside = true;
      for (int axis = 0; axis < p.spatial; ++axis) {
        const int64_t in = input_of(p, p.axes[axis], out[axis], k[axis]);
        inside = inside && in >= 0;
        at = at * p.axes[axis].in + in;
      }
      u.offsets[i * p.taps + tap] = inside ? start + at : -1;
      u.inside = u.inside && inside;
      for (int axis = p.spatial; axis-- > 0;) {
        if (++k[axis] < p.axes[axis].kernel) break;
        k[axis] = 0;
      }
    }
  }
}

/// Rows of one group's values.
void gather(const Params& p, const Unit& u, const uint8_t* src) {
  const auto zero = static_cast<int16_t>(p.zero);
  for (int64_t i = 0; i < u.count; ++i) {
    const int64_t* offsets = u.offsets + i * p.taps;
    int16_t* row = u.panel + i * p.row();
    if (p.plane == 1 && p.taps == 1 && u.inside) {  // a row of a matrix
      for (int64_t k = 0; k < p.icg; ++k) row[k] = static_cast<int16_t>(src[offsets[0] + k] - zero);
      std::fill(row + p.icg, row + p.row(), int16_t{0});
      continue;
    }
    for (int64_t ic = 0; ic < p.icg; ++ic) {
      const uint8_t* plane = src + ic * p.plane;
      for (int64_t tap = 0; tap < p.taps; ++tap) {
        const int64_t at = offsets[tap];
        *row++ = u.inside || at >= 0 ? static_cast<int16_t>(plane[at] - zero) : int16_t{0};
      }
    }
    std::fill(row, u.panel + (i + 1) * p.row(), int16_t{0});
  }
}

/// Weights of `count` output channels of a group, from channel `first` on.
void widen_weights(const Params& p, const int8_t* weights, int64_t group, int64_t first, int64_t count, int16_t* out) {
  for (int64_t c = first; c < first + count; ++c, out += p.row()) {
    if (p.transposed) {
      for (int64_t ic = 0; ic < p.icg; ++ic) {
        const int8_t* from = weights + ((group * p.icg + ic) * p.ocg + c) * p.taps;
        for (int64_t tap = 0; tap < p.taps; ++tap) out[ic * p.taps + tap] = from[tap];
      }
    } else {
      const int8_t* from = weights + (group * p.ocg + c) * p.depth();
      for (int64_t k = 0; k < p.depth(); ++k) out[k] = from[k];
    }
    std::fill(out + p.depth(), out + p.row(), int16_t{0});
  }
}

/// Sums of two rows of values with kCount rows of weights: sums[weights' row · step + values' row].
template <int kCount>
void multiply(const int16_t* a, const int16_t* b, const int16_t* weights, int64_t row, int64_t step, int32_t* sums) {
  int32_t s[kCount] = {}, t[kCount] = {};
  for (int64_t k = 0; k < row; ++k) {
    for (int c = 0; c < kCount; ++c) {
      s[c] += int32_t{a[k]} * int32_t{weights[c * row + k]};
      t[c] += int32_t{b[k]} * int32_t{weights[c * row + k]};
    }
  }
  for (int c = 0; c < kCount; ++c) {
    sums[c * step] = s[c];
    sums[c * step + 1] = t[c];
  }
}

/// Stores the sums of one output channel.
void finish(const StepArgs& args, const Params& p, const Unit& u, int64_t channel, int32_t* sums) {
  if (p.has_bias) {
    const auto bias = static_cast<uint32_t>(p.bias.as<int32_t>(args)[channel]);
    for (int64_t i = 0; i < u.count; ++i) sums[i] = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) + bias);
  }
  float scales[kMaxTile];
  std::fill_n(scales, u.count, p.rescale.scale(args, channel));
  for (int64_t i = 0; i < u.count;) {
    const int64_t pixel = u.first + i, n = pixel / p.area, run = std::min(u.count - i, p.area - pixel % p.area);
    const int64_t at = (n * p.groups * p.ocg + channel) * p.area + pixel % p.area;
    p.rescale.apply(args, sums + i, scales, at, run);
    i += run;
  }
}

/// Output channels of one group.
void compute_channels(const StepArgs& args, const Params& p, const Unit& u, int64_t group, Range channels) {
  int32_t sums[kChannels][kMaxTile + 1];
  for (int64_t c = channels.begin; c < channels.end; c += kChannels) {
    const int64_t count = std::min(kChannels, channels.end - c);
    widen_weights(p, p.weights.as<int8_t>(args), group, c, count, u.weights);
    for (int64_t i = 0; i < u.count; i += 2) {
      const int16_t* a = u.panel + i * p.row();
      const int16_t* b = i + 1 < u.count ? a + p.row() : a;
      for (int64_t k = 0; k < count && count < kChannels; ++k) {
        multiply<1>(a, b, u.weights + k * p.row(), p.row(), kMaxTile + 1, sums[k] + i);
      }
      if (count == kChannels) multiply<kChannels>(a, b, u.weights, p.row(), kMaxTile + 1, sums[0] + i);
    }
    for (int64_t k = 0; k < count; ++k) finish(args, p, u, group * p.ocg + c + k, sums[k]);
  }
}

/// One output channel that reads one input channel: too few products to gather rows for.
void compute_depthwise(const StepArgs& args, const Params& p, const Unit& u, int64_t channel) {
  const uint8_t* plane = p.src.as<uint8_t>(args) + channel * p.plane;
  const int8_t* weights = p.weights.as<int8_t>(args) + channel * p.taps;
  int32_t sums[kMaxTile];
  for (int64_t i = 0; i < u.count; ++i) {
    const int64_t* offsets = u.offsets + i * p.taps;
    int32_t sum = 0;
    for (int64_t tap = 0; tap < p.taps; ++tap) {
      if (u.inside || offsets[tap] >= 0) sum += (plane[offsets[tap]] - p.zero) * weights[tap];
    }
    sums[i] = sum;
  }
  finish(args, p, u, channel, sums);
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  std::byte* scratch = args.scratch_of(id.worker);
  Unit u;
  u.offsets = reinterpret_cast<int64_t*>(scratch);
  u.panel = reinterpret_cast<int16_t*>(scratch + p.offset_bytes());
  u.weights = reinterpret_cast<int16_t*>(scratch + p.offset_bytes() + p.panel_bytes());
  Range units = part_of(p.tiles * p.parts, p.tasks, id.index);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    u.first = unit / p.parts * p.tile;
    u.count = std::min(p.tile, p.pixels - u.first);
    u.inside = true;
    find_offsets(p, u);
    const Range channels = part_of(p.groups * p.ocg, p.parts, unit % p.parts);
    for (int64_t c = channels.begin; c < channels.end;) {
      if (p.icg == 1 && p.ocg == 1) {
        compute_depthwise(args, p, u, c++);
        continue;
      }
      const int64_t group = c / p.ocg, first = group * p.ocg, end = std::min(channels.end, first + p.ocg);
      gather(p, u, p.src.as<uint8_t>(args) + group * p.icg * p.plane);
      compute_channels(args, p, u, group, {c - first, end - first});
      c = end;
    }
  }
}

double estimate(const Problem& problem, const Config&, int threads) {
  return 2e-6 + seconds_of(problem) / threads;
}

template <class T>
Tactic row(const char* name) {
  return {name, 1, Isa::scalar, Numerics::bit_exact, supports<T>, one_config, estimate, book<T>, pack_copied, task};
}

}  // namespace

Tactic conv_integer_row() {
  return row<op::ConvInteger>("cpu.generic.conv_integer");
}
Tactic conv_transpose_integer_row() {
  return row<op::ConvTransposeInteger>("cpu.generic.conv_transpose_integer");
}
Tactic gemm_integer_row() {
  return row<op::GemmInteger>("cpu.generic.gemm_integer");
}

}  // namespace stretto::kernels::generic
