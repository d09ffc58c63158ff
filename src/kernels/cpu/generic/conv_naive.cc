// Convolutions and their transposes over any number of spatial axes with any sizes, one output after another: the last
// resort for what the blocked rows refuse.
#include "kernels/cpu/generic/epilogue.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int kMaxSpatial = kMaxRank - 2;

struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};

struct Params {
  Place src, weights, bias;
  bool transposed = false, has_bias = false;
  int32_t spatial = 1, tasks = 1;
  int64_t icg = 1, ocg = 1, groups = 1;
  int64_t plane = 1, kernel = 1, area = 1, total = 1;  // elements of a source plane, kernel, output plane, output
  Axis axes[kMaxSpatial];
  EpilogueParams epilogue;
};

template <class T>
Params params_of(const Problem& problem) {
  const T& a = *first_as<T>(problem);
  const Shape &src = source_of(problem, 0).type.shape, &weights = source_of(problem, 1).type.shape;
  const Shape& dst = problem.output().type.shape;
  Params p;
  p.src = source_place(problem, 0);
  p.weights = source_place(problem, 1);
  p.has_bias = source_count(problem) > 2;
  if (p.has_bias) p.bias = source_place(problem, 2);
  p.transposed = std::is_same_v<T, op::ConvTranspose>;
  p.spatial = src.size() - 2;
  p.groups = a.group;
  p.icg = src[1] / a.group;
  p.ocg = dst[1] / a.group;
  for (int i = 0; i < p.spatial; ++i) {
    p.axes[i] = {src[2 + i], dst[2 + i], weights[2 + i], a.strides[i], a.dilations[i], a.pads[i]};
  }
  p.plane = product(src, 2, src.size());
  p.kernel = product(weights, 2, weights.size());
  p.area = product(dst, 2, dst.size());
  p.total = problem.output().type.elements();
  p.tasks = tasks_for(p.total, problem.flops() / 5e8);
  p.epilogue = epilogue_of(problem);
  return p;
}

template <class T>
Booking book(const Problem& problem, const Config&) {
  Params p = params_of<T>(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// The input along one axis that tap k of output o reads, or −1.
int64_t input_of(const Params& p, const Axis& a, int64_t o, int64_t k) {
  int64_t at = p.transposed ? o + a.pad - k * a.dilation : o * a.stride - a.pad + k * a.dilation;
  if (at < 0 || (p.transposed && at % a.stride != 0)) return -1;
  if (p.transposed) at /= a.stride;
  return at < a.in ? at : -1;
}

/// Sum over the kernel's axes from `axis` on; `src` and `weight` are offsets so far.
double sum_taps(const Params& p, const float* src, const float* weights, const int64_t* out, int axis, int64_t s,
                int64_t w) {
  if (axis == p.spatial) return static_cast<double>(src[s]) * static_cast<double>(weights[w]);
  const Axis& a = p.axes[axis];
  double sum = 0;
  for (int64_t k = 0; k < a.kernel; ++k) {
    int64_t in = input_of(p, a, out[axis], k);
    if (in >= 0) sum += sum_taps(p, src, weights, out, axis + 1, s * a.in + in, w * a.kernel + k);
  }
  return sum;
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.total, p.tasks, id.index);
  const float *src = p.src.as<float>(args), *weights = p.weights.as<float>(args), *other = p.epilogue.other_of(args);
  auto* dst = static_cast<float*>(args.dst);
  for (int64_t i = r.begin; i < r.end; ++i) {
    int64_t rest = i % p.area, channels = p.groups * p.ocg, oc = i / p.area % channels, n = i / p.area / channels;
    int64_t out[kMaxSpatial];
    for (int axis = p.spatial; axis-- > 0; rest /= p.axes[axis].out) out[axis] = rest % p.axes[axis].out;
    int64_t group = oc / p.ocg;
    double sum = 0;
    for (int64_t ic = 0; ic < p.icg; ++ic) {
      int64_t w = p.transposed ? (group * p.icg + ic) * p.ocg + oc % p.ocg : oc * p.icg + ic;
      sum += sum_taps(p, src + ((n * p.groups + group) * p.icg + ic) * p.plane, weights + w * p.kernel, out, 0, 0, 0);
    }
    if (p.has_bias) sum += static_cast<double>(p.bias.as<float>(args)[oc]);
    dst[i] = static_cast<float>(sum);
    p.epilogue.apply(dst + i, other ? other + i : nullptr, 1);
  }
}

}  // namespace

Tactic conv_naive_row() {
  return {"cpu.generic.conv_naive",
          1,
          Isa::scalar,
          Numerics::rounding,
          with_epilogue<op::Conv>,
          one_config,
          estimate_slow,
          book<op::Conv>,
          pack_copied,
          task};
}
Tactic conv_transpose_naive_row() {
  return {"cpu.generic.conv_transpose_naive",
          1,
          Isa::scalar,
          Numerics::rounding,
          with_epilogue<op::ConvTranspose>,
          one_config,
          estimate_slow,
          book<op::ConvTranspose>,
          pack_copied,
          task};
}

}  // namespace stretto::kernels::generic
