#include "kernels/cuda/hopper/epilogue.h"

#include <limits>

#include "kernels/cuda/common.h"

namespace stretto::kernels::cuda::hopper {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::optional<Bounds> bounds_of(bool there, const op::Unary &u) {
  if (!there) return Bounds{-kInfinity, kInfinity};
  if (u.kind == op::UnaryKind::relu) return Bounds{0, kInfinity};
  if (u.kind == op::UnaryKind::clip && u.a <= 0 && u.b >= 0) return Bounds{u.a, u.b};
  return std::nullopt;
}

}  // namespace

bool has_bounded_epilogue(const Problem &problem) {
  const auto e = match_epilogue(problem);
  if (!e || (e->has_binary && e->binary != op::BinaryKind::add)) return false;
  return bounds_of(e->has_act1, e->act1) && bounds_of(e->has_act2, e->act2);
}

Epilogue epilogue_of(const Problem &problem) {
  const auto e = *match_epilogue(problem);
  return {*bounds_of(e.has_act1, e.act1), *bounds_of(e.has_act2, e.act2),
          e.has_binary ? input_position(problem, e.other) : -1};
}

}  // namespace stretto::kernels::cuda::hopper
