// Moving whole channels between layouts: reformat, concat and slice along channels, channel shuffle. Channel c of the
// output comes from one channel of one source; source and output each lie plain or in blocks of their own.
#include "kernels/cpu/generic/common.h"
#include "kernels/cpu/generic/rows.h"

namespace stretto::kernels::generic {
namespace {

constexpr int64_t kLanes = 16;   // channels of a plain output that are written together
constexpr int64_t kArea = 1024;  // pixels of a unit
constexpr int kMaxSources = Problem::kMaxOperands;

struct Source {
  Place place;
  int64_t first = 0, channels = 1, block = 1;  // `first`: the output channel of its channel 0 (concat)
};

struct Params {
  int32_t element = 4, tasks = 1, sources = 1;
  int64_t batch = 1, channels = 1, block = 1, area = 1;
  // Of a single source: channel c comes from start + (c % inner)·minor + (c / inner)·major.
  int64_t start = 0, inner = 1, minor = 0, major = 1;
  Source source[kMaxSources];

  int64_t lanes() const { return block > 1 ? block : kLanes; }
  int64_t groups() const { return (channels + lanes() - 1) / lanes(); }
  int64_t stretches() const { return (area + kArea - 1) / kArea; }
  int64_t units() const { return batch * groups() * stretches(); }
};

Refusal supports_reformat(const Problem& problem) {
  Refusal r = single<op::Reformat>(problem);
  if (r != Refusal::none) return r;
  return problem.output().type.shape.size() == 4 ? Refusal::none : Refusal::other_shape;
}

Refusal supports_concat(const Problem& problem) {
  Refusal r = single<op::Concat>(problem);
  if (r != Refusal::none) return r;
  if (problem.output().type.shape.size() != 4) return Refusal::other_shape;
  return first_as<op::Concat>(problem)->axis == 1 ? Refusal::none : Refusal::attributes;
}

Refusal supports_slice(const Problem& problem) {
  Refusal r = single<op::Slice>(problem);
  if (r != Refusal::none) return r;
  const op::Slice& a = *first_as<op::Slice>(problem);
  const Shape& src = source_of(problem, 0).type.shape;
  if (src.size() != 4) return Refusal::other_shape;
  for (int i = 0; i < 4; ++i) {
    if (i != 1 && !(a.starts[i] == 0 && a.sizes[i] == src[i] && (a.steps[i] == 1 || src[i] == 1))) {
      return Refusal::attributes;
    }
  }
  return Refusal::none;
}

/// reshape to [N, g, C/g, …], swap axes 1 and 2, reshape back.
Refusal supports_shuffle(const Problem& problem) {
  const auto* split = first_as<op::Reshape>(problem);
  if (!split || problem.nodes.size() != 3) return Refusal::other_operator;
  const auto* swap = std::get_if<op::Transpose>(&problem.nodes[1].attrs);
  if (!swap || !std::holds_alternative<op::Reshape>(problem.nodes[2].attrs)) return Refusal::other_operator;
  if (has_half_operand(problem)) return Refusal::other_layout;
  if (problem.nodes[1].inputs[0] != problem.nodes[0].output || problem.nodes[2].inputs[0] != problem.nodes[1].output) {
    return Refusal::fused_operators;
  }
  const Shape &src = source_of(problem, 0).type.shape, &mid = split->shape;
  if (src.size() < 2 || mid.size() < 3 || !(src == problem.output().type.shape)) return Refusal::other_shape;
  if (mid[0] != src[0] || mid[1] * mid[2] != src[1]) return Refusal::other_shape;
  for (int i = 0; i < mid.size(); ++i) {
    if (swap->perm[i] != (i == 1 ? 2 : i == 2 ? 1 : i)) return Refusal::attributes;
  }
  return Refusal::none;
}

Params params_of(const Problem& problem) {
  const Shape& dst = problem.output().type.shape;
  Params p;
  p.element = static_cast<int32_t>(size_of(problem.output().type.dtype));
  p.batch = dst[0];
  p.channels = dst[1];
  p.block = block_of(problem.output().layout);
  p.area = product(dst, 2, dst.size());
  p.sources = source_count(problem);
  int64_t first = 0;
  for (int i = 0; i < p.sources; ++i) {
    const Operand& o = source_of(problem, i);
    p.source[i] = {source_place(problem, i), first, o.type.shape[1], block_of(o.layout)};
    first += o.type.shape[1];
  }
  if (const auto* slice = first_as<op::Slice>(problem)) {
    p.start = slice->starts[1];
    p.major = slice->steps[1];
  } else if (const auto* split = first_as<op::Reshape>(problem)) {
    p.inner = split->shape[1];
    p.minor = split->shape[2];
  }
  p.tasks = tasks_for(p.units(), 2 * seconds_for_bytes(problem.bytes()));
  return p;
}

Booking book(const Problem& problem, const Config&) {
  Params p = params_of(problem);
  Booking b;
  b.set_params(p);
  b.tasks = {p.tasks};
  b.weights_bytes = copied_bytes(problem);
  return b;
}

/// Elements of one channel: the first of a plane, and the step from pixel to pixel. Null: zeros.
template <class T>
struct Lane {
  const T* first = nullptr;
  int64_t step = 0;
};

template <class T>
Lane<T> lane_of(const StepArgs& args, const Params& p, int64_t n, int64_t c) {
  if (c >= p.channels) return {};
  int s = 0;
  while (s + 1 < p.sources && c >= p.source[s + 1].first) ++s;
  const Source& from = p.source[s];
  int64_t channel = p.sources > 1 ? c - from.first : p.start + c % p.inner * p.minor + c / p.inner * p.major;
  int64_t blocks = (from.channels + from.block - 1) / from.block;
  int64_t at = (n * blocks + channel / from.block) * p.area * from.block + channel % from.block;
  return {from.place.as<T>(args) + at, from.block};
}

/// Whether the lanes adjoin in the source as they do in a blocked output, so that pixels can be copied whole.
template <class T>
bool adjoin(const Params& p, const Lane<T>* lanes) {
  for (int64_t i = 0; i < p.block; ++i) {
    if (!lanes[i].first || lanes[i].step != p.block || lanes[i].first != lanes[0].first + i) return false;
  }
  return p.block > 1;
}

template <class T>
void copy_unit(const StepArgs& args, const Params& p, int64_t unit) {
  int64_t stretch = unit % p.stretches(), group = unit / p.stretches() % p.groups();
  int64_t n = unit / p.stretches() / p.groups(), count = p.lanes();
  Lane<T> lanes[kLanes];
  for (int64_t i = 0; i < count; ++i) lanes[i] = lane_of<T>(args, p, n, group * count + i);
  int64_t begin = stretch * kArea, end = std::min(p.area, begin + kArea);
  int64_t blocks = (p.channels + p.block - 1) / p.block;
  T* dst = static_cast<T*>(args.dst) + (n * blocks + group * (p.block > 1 ? 1 : kLanes)) * p.area * p.block;
  if (adjoin(p, lanes)) {
    const T* from = lanes[0].first + begin * p.block;
    std::memcpy(dst + begin * p.block, from, static_cast<size_t>((end - begin) * p.block) * sizeof(T));
    return;
  }
  for (int64_t first = begin; first < end; first += 16) {
    int64_t pixels = std::min<int64_t>(16, end - first);
    for (int64_t i = 0; i < count; ++i) {
      const Lane<T>& lane = lanes[i];
      if (!lane.first && p.block == 1) break;
      T* to = p.block > 1 ? dst + first * p.block + i : dst + i * p.area + first;
      for (int64_t k = 0; k < pixels; ++k) to[k * p.block] = lane.first ? lane.first[(first + k) * lane.step] : T{0};
    }
  }
}

void task(const StepArgs& args, TaskId id) {
  const auto& p = args.params_as<Params>();
  Range r = part_of(p.units(), p.tasks, id.index);
  with_element(p.element, [&](auto type) {
    for (int64_t unit = r.begin; unit < r.end; ++unit) copy_unit<decltype(type)>(args, p, unit);
  });
}

Tactic row(const char* name, Refusal (*supports)(const Problem&)) {
  return {name, 1, Isa::scalar, Numerics::bit_exact, supports, one_config, estimate_compute, book, pack_copied, task};
}

}  // namespace

Tactic reformat_row() {
  return row("cpu.generic.reformat", supports_reformat);
}
Tactic concat_channels_row() {
  return row("cpu.generic.concat_channels", supports_concat);
}
Tactic slice_channels_row() {
  return row("cpu.generic.slice_channels", supports_slice);
}
Tactic channel_shuffle_row() {
  return row("cpu.generic.channel_shuffle", supports_shuffle);
}

}  // namespace stretto::kernels::generic
