#include "kernels/cuda/common.h"

#include <algorithm>
#include <cstring>

#include "device/memory.h"

namespace stretto::kernels::cuda {
namespace {

constexpr int64_t kMaxStored = int64_t{1} << 31;
constexpr int64_t kMaxWindow = 1 << 15;
/// What a launch inside a graph costs at least.
constexpr double kLaunchSeconds = 2e-6;

Function function_of(const op::Unary &u) {
  return {u.kind, u.a, u.b};
}

}  // namespace

Element stored_as(const Operand &operand) {
  switch (element_of(operand.type.dtype, operand.layout)) {
    case DType::f16:
      return Element::f16;
    case DType::i32:
      return Element::i32;
    case DType::u8:
      return Element::u8;
    case DType::i8:
      return Element::i8;
    default:
      return Element::f32;
  }
}

bool is_small(const Operand &operand) {
  return stored_elements(operand.type.shape, operand.layout) < kMaxStored;
}

Refusal refuse_values(const Problem &problem) {
  const DType first = problem.operands[0].type.dtype;
  if (first != DType::u8 && first != DType::i8) return refuse_types(problem);
  for (const Operand &o : problem.operands) {
    if (o.type.dtype != first) return Refusal::other_type;
    if (o.layout != Layout::plain && o.layout != Layout::nhwc16) return Refusal::other_layout;
    if (!is_small(o)) return Refusal::too_large;
  }
  return Refusal::none;
}

Refusal refuse_types(const Problem &problem) {
  for (const Operand &o : problem.operands) {
    if (o.type.dtype != DType::f32) return Refusal::other_type;
    if (!is_small(o)) return Refusal::too_large;
    if (o.layout != Layout::plain && !is_channels_last(o.layout)) return Refusal::other_layout;
  }
  return Refusal::none;
}

bool has_small_window(const Dims &kernel, const Dims &strides, const Dims &dilations, const Dims &pads) {
  const auto small = [](const Dims &d) {
    return std::all_of(d.begin(), d.end(), [](int64_t v) { return v <= kMaxWindow; });
  };
  return small(kernel) && small(strides) && small(dilations) && small(pads);
}

EpilogueParams epilogue_of(const Problem &problem) {
  const Epilogue e = *match_epilogue(problem);
  EpilogueParams p{};
  p.act1 = e.has_act1;
  p.binary = e.has_binary;
  p.act2 = e.has_act2;
  p.first = function_of(e.act1);
  p.second = function_of(e.act2);
  p.kind = e.binary;
  p.other = e.has_binary ? input_position(problem, e.other) : -1;
  p.other_half = e.has_binary && is_half(operand_of(problem, e.other).layout);
  return p;
}

Dims axes_in_storage(const Operand &operand) {
  if (is_channels_last(operand.layout)) return {0, 2, 3, 1};
  Dims axes;
  for (int i = 0; i < operand.type.shape.size(); ++i) axes.push_back(i);
  return axes;
}

Dims sizes_in_storage(const Operand &operand) {
  const int64_t block = block_of(operand.layout);
  Dims sizes;
  for (int64_t axis : axes_in_storage(operand)) {
    const int64_t size = operand.type.shape[static_cast<int>(axis)];
    sizes.push_back(axis == 1 ? (size + block - 1) / block * block : size);
  }
  return sizes;
}

Dims strides_of(const Operand &operand) {
  const Dims axes = axes_in_storage(operand), sizes = sizes_in_storage(operand);
  Dims strides = Dims::filled(axes.size(), 1);
  int64_t step = 1;
  for (int i = axes.size(); i-- > 0;) {
    strides[static_cast<int>(axes[i])] = step;
    step *= sizes[i];
  }
  return strides;
}

Strides4 strides4_of(const Operand &operand) {
  const Dims s = strides_of(operand);
  const auto at = [&](int i) { return static_cast<uint32_t>(s[i]); };
  return {at(0), at(1), at(2), at(3)};
}

Order4 order4_of(const Operand &operand) {
  const Shape &s = operand.type.shape;
  const auto at = [&](int i) { return static_cast<uint32_t>(s[i]); };
  const uint32_t stored = is_channels_last(operand.layout) ? static_cast<uint32_t>(sizes_in_storage(operand)[3]) : 0;
  return {at(1), at(2), at(3), stored, stored_count(operand)};
}

uint32_t stored_count(const Operand &operand) {
  return static_cast<uint32_t>(stored_elements(operand.type.shape, operand.layout));
}

Lanes lanes_of(const Operand &operand) {
  if (!is_channels_last(operand.layout)) return {1, 1};
  return {static_cast<uint32_t>(sizes_in_storage(operand)[3]), static_cast<uint32_t>(operand.type.shape[1])};
}

Walk walk_of(const Dims &sizes, const Dims &steps, int64_t base) {
  Walk walk{};
  walk.base = static_cast<uint32_t>(base);
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 1) continue;
    const auto size = static_cast<uint32_t>(sizes[i]);
    const auto step = static_cast<int32_t>(steps[i]);
    if (walk.rank > 0 && walk.step[walk.rank - 1] == steps[i] * sizes[i]) {
      walk.size[walk.rank - 1] *= size;
      walk.step[walk.rank - 1] = step;
      continue;
    }
    walk.size[walk.rank] = size;
    walk.step[walk.rank++] = step;
  }
  return walk;
}

ReduceWalks reduce_walks(const Problem &problem) {
  const op::Reduce &a = *first_as<op::Reduce>(problem);
  const Operand &src = source_of(problem, 0), &dst = problem.output();
  const int rank = src.type.shape.size();
  const Dims strides = strides_of(src);
  Dims own, sizes, within;  // own: the source's axis of each axis of the result, −1 where it is reduced
  ReduceWalks walks{};
  walks.reduced = 1;
  for (int axis = 0, next = 0; axis < rank; ++axis) {
    const bool reduced = next < a.axes.size() && a.axes[next] == axis;
    if (reduced) {
      ++next;
      sizes.push_back(src.type.shape[axis]);
      within.push_back(strides[axis]);
      walks.reduced *= static_cast<uint32_t>(src.type.shape[axis]);
    }
    if (!reduced || a.keepdims) own.push_back(reduced ? -1 : axis);
  }
  Dims steps;
  for (int64_t axis : axes_in_storage(dst)) {
    const int64_t from = own[static_cast<int>(axis)];
    steps.push_back(from < 0 ? 0 : strides[static_cast<int>(from)]);
  }
  walks.kept = walk_of(sizes_in_storage(dst), steps);
  walks.within = walk_of(sizes, within);
  return walks;
}

std::vector<Config> one_config(const Problem &) {
  return {Config{}};
}

double seconds_for(const Problem &problem, double flops_per_s, double bytes_per_s) {
  return kLaunchSeconds + std::max(problem.flops() / flops_per_s, problem.bytes() / bytes_per_s);
}

double estimate_elements(const Problem &problem, const Config &, int) {
  return seconds_for(problem, 1e12, 5e11);
}

size_t copied_bytes(const Problem &problem) {
  size_t bytes = 0;
  for (int operand : problem.with_role(Role::constant)) bytes += align_up(operand_of(problem, operand).type.bytes());
  return bytes;
}

void pack_copied(const Problem &problem, const Config &, std::span<const Tensor> constants, std::byte *weights) {
  std::memset(weights, 0, copied_bytes(problem));
  for (const Tensor &constant : constants) {
    std::memcpy(weights, constant.data(), constant.bytes());
    weights += align_up(constant.bytes());
  }
}

Place place_of(const Problem &problem, int operand) {
  if (const int input = input_position(problem, operand); input >= 0) return {input, 0};
  size_t offset = 0;
  for (int other : problem.with_role(Role::constant)) {
    if (other == operand) break;
    offset += align_up(operand_of(problem, other).type.bytes());
  }
  return {-1, offset};
}

}  // namespace stretto::kernels::cuda
