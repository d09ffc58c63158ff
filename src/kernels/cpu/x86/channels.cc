#include <algorithm>
#include <cstring>
#include <optional>

#include "kernels/cpu/x86/bytes.h"
#include "kernels/cpu/x86/move.h"
#include "kernels/cpu/x86/move_params.h"

namespace stretto::kernels {
namespace {

constexpr int64_t kMostChannels = 1 << 16;

int32_t i32(int64_t v) {
  return static_cast<int32_t>(v);
}

/// Where a channel of a value comes from: an input's position and its channel.
struct Origin {
  int32_t input = 0, channel = 0;
};
using Origins = std::vector<Origin>;

/// Whether a reshape of `from` to `to` splits or merges channel axes alone: N, channels…, H, W.
bool keeps_image(const Shape& from, const Shape& to) {
  if (from.size() < 3 || to.size() < 3) return false;
  const int a = from.size(), b = to.size();
  return from[0] == to[0] && from[a - 2] == to[b - 2] && from[a - 1] == to[b - 1];
}

/// Channels of a transpose that moves channel axes alone.
std::optional<Origins> transposed(const Origins& src, const Shape& shape, const Dims& perm) {
  const int rank = shape.size();
  if (rank != 5 || perm != Dims{0, 2, 1, 3, 4}) return std::nullopt;
  Origins dst;
  for (int64_t j = 0; j < shape[2]; ++j) {
    for (int64_t i = 0; i < shape[1]; ++i) dst.push_back(src[static_cast<size_t>(i * shape[2] + j)]);
  }
  return dst;
}

std::optional<Origins> sliced(const Origins& src, const Shape& shape, const op::Slice& slice) {
  if (shape.size() != 4) return std::nullopt;
  for (int axis : {0, 2, 3}) {
    if (slice.starts[axis] != 0 || slice.steps[axis] != 1 || slice.sizes[axis] != shape[axis]) return std::nullopt;
  }
  Origins dst;
  for (int64_t c = 0; c < slice.sizes[1]; ++c) {
    dst.push_back(src[static_cast<size_t>(slice.starts[1] + c * slice.steps[1])]);
  }
  return dst;
}

/// Origins of the output's channels; nothing if a node does more than move whole channels.
std::optional<Origins> origins_of(const Problem& problem) {
  std::vector<Origins> values(problem.operands.size());
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    const Operand& in = problem.operands[i];
    if (in.role == Role::constant) return std::nullopt;
    if (in.role != Role::input) continue;
    if (in.type.shape.size() != 4 || in.type.shape[1] > kMostChannels) return std::nullopt;
    for (int64_t c = 0; c < in.type.shape[1]; ++c) {
      values[i].push_back({i32(input_position(problem, static_cast<int>(i))), i32(c)});
    }
  }
  for (const Problem::Node& node : problem.nodes) {
    const Shape& from = operand(problem, node.inputs[0]).type.shape;
    const Shape& to = operand(problem, node.output).type.shape;
    const Origins& src = values[static_cast<size_t>(node.inputs[0])];
    std::optional<Origins> dst;
    if (const auto* concat = std::get_if<op::Concat>(&node.attrs)) {
      if (concat->axis != 1 || from.size() != 4) return std::nullopt;
      dst.emplace();
      for (int input : node.inputs) {
        const Origins& part = values[static_cast<size_t>(input)];
        dst->insert(dst->end(), part.begin(), part.end());
      }
    } else if (const auto* slice = std::get_if<op::Slice>(&node.attrs)) {
      dst = sliced(src, from, *slice);
    } else if (std::holds_alternative<op::Reshape>(node.attrs)) {
      if (keeps_image(from, to)) dst = src;
    } else if (const auto* transpose = std::get_if<op::Transpose>(&node.attrs)) {
      dst = transposed(src, from, transpose->perm);
    }
    if (!dst) return std::nullopt;
    values[static_cast<size_t>(node.output)] = std::move(*dst);
  }
  return values[static_cast<size_t>(problem.nodes.back().output)];
}

template <Moved moved>
void set_lane(ChannelSource& source, int lane, int from, int width) {
  if constexpr (moved == Moved::bytes) {
    reinterpret_cast<int8_t*>(source.from)[lane] = static_cast<int8_t>(from);
    return;
  }
  if (width < 32) {
    source.from[lane] = from;
    return;
  }
  const auto narrow = static_cast<int16_t>(from);
  std::memcpy(reinterpret_cast<std::byte*>(source.from) + lane * sizeof narrow, &narrow, sizeof narrow);
}

/// Sources of output block `block`, each input block once.
template <Moved moved>
std::vector<ChannelSource> sources_of(const Origins& origins, int block, int width) {
  std::vector<ChannelSource> sources;
  const int end = std::min<int>((block + 1) * width, i32(static_cast<int64_t>(origins.size())));
  for (int c = block * width; c < end; ++c) {
    const Origin& o = origins[static_cast<size_t>(c)];
    const int32_t from = o.channel / width;
    auto same = [&](const ChannelSource& s) { return s.input == o.input && s.block == from; };
    auto found = std::find_if(sources.begin(), sources.end(), same);
    if (found == sources.end()) {
      found = sources.insert(sources.end(), ChannelSource{o.input, from, 0, {}});
      if (moved == Moved::bytes) std::memset(found->from, 0x80, sizeof(found->from));
    }
    found->lanes |= 1u << (c - block * width);
    set_lane<moved>(*found, c - block * width, o.channel % width, width);
  }
  return sources;
}

}  // namespace

template <int width, Moved moved>
Refusal Channels<width, moved>::supports(const Problem& problem) {
  for (const Problem::Node& node : problem.nodes) {
    const bool known =
        std::holds_alternative<op::Concat>(node.attrs) || std::holds_alternative<op::Slice>(node.attrs) ||
        std::holds_alternative<op::Reshape>(node.attrs) || std::holds_alternative<op::Transpose>(node.attrs);
    if (!known) return Refusal::other_operator;
  }
  if (moved == Moved::bytes ? !is_bytes(problem) : !is_f32(problem)) return Refusal::other_type;
  constexpr Layout layout = blocked_layout(width);
  int inputs = 0;
  for (const Operand& o : problem.operands) {
    if ((o.role == Role::input || o.role == Role::output) && o.layout != layout) return Refusal::other_layout;
    inputs += o.role == Role::input;
  }
  const Operand& dst = problem.output();
  if (dst.type.shape.size() != 4 || dst.type.elements() == 0) return Refusal::other_shape;
  if (inputs > ChannelsParams::kInputs || dst.type.shape[1] > kMostChannels) return Refusal::too_large;
  if (dst.type.shape[2] * dst.type.shape[3] > (1 << 26) || dst.type.shape[0] > (1 << 12)) return Refusal::too_large;
  return origins_of(problem) ? Refusal::none : Refusal::attributes;
}

template <int width, Moved moved>
std::vector<Config> Channels<width, moved>::configs(const Problem&) {
  return {Config{}};
}

template <int width, Moved moved>
double Channels<width, moved>::estimate(const Problem& problem, const Config&, int threads) {
  return problem.bytes() / 20e9 / threads + 1.5e-6;
}

template <int width, Moved moved>
Booking Channels<width, moved>::book(const Problem& problem, const Config&) {
  const Origins origins = *origins_of(problem);
  const Shape& shape = problem.output().type.shape;
  ChannelsParams p;
  p.batch = i32(shape[0]);
  p.blocks = div_up(shape[1], width);
  p.pixels = shape[2] * shape[3];
  const PlaneSplit split = split_planes(int64_t{p.batch} * p.blocks, p.pixels, width);
  p.part = split.part;
  p.parts = split.parts;
  p.plane_block = split.plane_block;
  int input = 0;
  for (const Operand& o : problem.operands) {
    if (o.role == Role::input) p.input_blocks[input++] = div_up(o.type.shape[1], width);
  }
  std::vector<int32_t> first{0};
  std::vector<ChannelSource> sources;
  for (int block = 0; block < p.blocks; ++block) {
    const auto part = sources_of<moved>(origins, block, width);
    sources.insert(sources.end(), part.begin(), part.end());
    first.push_back(i32(static_cast<int64_t>(sources.size())));
  }
  p.sources_at = i32(static_cast<int64_t>(sizeof(p) + first.size() * sizeof(int32_t)));
  Booking booking;
  booking.set_params(p);
  append_bytes(booking.params, first.data(), first.size() * sizeof(int32_t));
  append_bytes(booking.params, sources.data(), sources.size() * sizeof(ChannelSource));
  booking.tasks[0] = div_up(int64_t{p.batch} * p.blocks, p.plane_block) * p.parts;
  return booking;
}

template struct Channels<8>;
template struct Channels<16>;
template struct Channels<32>;
template struct Channels<16, Moved::bytes>;

}  // namespace stretto::kernels
