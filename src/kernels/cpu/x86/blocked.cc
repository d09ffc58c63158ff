#include "kernels/cpu/x86/blocked.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/half.h"

namespace stretto::kernels {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

static_assert(static_cast<int>(UnaryCode::linear) == static_cast<int>(op::UnaryKind::linear));
static_assert(static_cast<int>(UnaryCode::tanh) == static_cast<int>(op::UnaryKind::tanh));

/// A unary that keeps x in lo…hi and maps 0 to 0.
bool as_clamp(const op::Unary& unary, EpilogueParams& e) {
  if (unary.kind == op::UnaryKind::relu) {
    e.lo = 0;
    return true;
  }
  if (unary.kind != op::UnaryKind::clip || !(unary.a <= 0 && unary.b >= 0)) return false;
  e.lo = unary.a;
  e.hi = unary.b;
  return true;
}

bool as_simple(const Epilogue& epilogue, EpilogueParams& e) {
  if (epilogue.has_binary) {
    if (epilogue.has_act1 || epilogue.binary != op::BinaryKind::add) return false;
    return !epilogue.has_act2 || as_clamp(epilogue.act2, e);
  }
  if (epilogue.has_act2) return false;
  return !epilogue.has_act1 || as_clamp(epilogue.act1, e);
}

}  // namespace

bool is_f32(const Problem& problem) {
  return std::all_of(problem.operands.begin(), problem.operands.end(),
                     [](const Operand& o) { return o.type.dtype == DType::f32; });
}

Refusal check_epilogue(const Problem& problem) {
  auto epilogue = match_epilogue(problem);
  if (!epilogue) return Refusal::fused_operators;
  if (epilogue->has_binary && operand(problem, epilogue->other).layout != problem.output().layout) {
    return Refusal::other_layout;
  }
  return Refusal::none;
}

PlaneSplit split_planes(int64_t planes, int64_t pixels, int width) {
  constexpr int64_t kTaskFloats = 12 << 10;
  int64_t tasks = std::clamp<int64_t>(planes * pixels * width / kTaskFloats, 1, 64);
  tasks += tasks > 1 && tasks % 2 != 0;
  PlaneSplit split;
  if (planes >= tasks) {
    split.plane_block = div_up(planes, tasks);
    split.part = pixels;
    return split;
  }
  const int64_t parts = div_up(tasks, planes);
  split.part = static_cast<int64_t>(div_up(div_up(pixels, parts), 16)) * 16;
  split.parts = div_up(pixels, split.part);
  return split;
}

UnaryParams unary_params(const op::Unary& unary) {
  return {static_cast<UnaryCode>(static_cast<int>(unary.kind)), unary.a, unary.b};
}

EpilogueParams epilogue_params(const Problem& problem, int block) {
  const Epilogue epilogue = *match_epilogue(problem);
  EpilogueParams e;
  e.lo = -kInf;
  e.hi = kInf;
  e.simple = as_simple(epilogue, e);
  if (epilogue.has_binary) {
    e.other = input_position(problem, epilogue.other);
    e.binary = epilogue.binary == op::BinaryKind::add ? BinaryCode::add : BinaryCode::mul;
  }
  e.has_act1 = epilogue.has_act1;
  e.has_act2 = epilogue.has_act2;
  e.act1 = unary_params(epilogue.act1);
  e.act2 = unary_params(epilogue.act2);
  e.tail = static_cast<int32_t>(problem.output().type.shape[1] % block);
  return e;
}

bool has_constant_weights(const Problem& problem) {
  for (size_t i = 1; i < problem.nodes[0].inputs.size(); ++i) {
    if (operand(problem, problem.nodes[0].inputs[i]).role != Role::constant) return false;
  }
  return true;
}

Tensor constant_of(const Problem& problem, std::span<const Tensor> constants, size_t input) {
  if (input >= problem.nodes[0].inputs.size()) return {};
  return constants[static_cast<size_t>(constant_position(problem, problem.nodes[0].inputs[input]))];
}

float* pack_tiles(const WeightView& view, int oc, int ic, int kh, int kw, int width, int blocks, float* out) {
  const int oc_blocks = div_up(oc, width), ic_blocks = div_up(ic, width);
  for (int first = 0; first < oc_blocks; first += blocks) {
    const int lanes = std::min(blocks, oc_blocks - first) * width;
    const int known = std::min(lanes, oc - first * width);
    for (int c_block = 0; c_block < ic_blocks; ++c_block) {
      for (int y = 0; y < kh; ++y) {
        for (int x = 0; x < kw; ++x) {
          for (int c = c_block * width; c < (c_block + 1) * width; ++c) {
            const int taken = c < ic ? known : 0;
            for (int o = 0; o < taken; ++o) *out++ = view.at(first * width + o, c, y, x);
            out = std::fill_n(out, lanes - taken, 0.0f);
          }
        }
      }
    }
  }
  return out;
}

void store_weights(WeightKind kind, const float* packed, int64_t n, std::byte* out) {
  if (kind == WeightKind::full) {
    std::memcpy(out, packed, static_cast<size_t>(n) * kFloat);
    return;
  }
  auto* half = reinterpret_cast<uint16_t*>(out);
  for (int64_t i = 0; i < n; ++i) half[i] = f16_from_float(packed[i]);
}

void append_bytes(std::vector<std::byte>& params, const void* data, size_t bytes) {
  const size_t size = params.size();
  params.resize(size + bytes);
  std::memcpy(params.data() + size, data, bytes);
}

void copy_padded(const float* src, int64_t n, int64_t padded, float* out) {
  if (src == nullptr) n = 0;
  std::copy_n(src, n, out);
  std::fill(out + n, out + padded, 0.0f);
}

}  // namespace stretto::kernels
