#include "op/op.h"

#include <limits>
#include <type_traits>

#include "op/enum_names.h"

namespace stretto::op {
namespace {

template <class T>
constexpr std::string_view kOpName = "?";
#define STRETTO_OP(name, type) \
  template <>                  \
  constexpr std::string_view kOpName<type> = #name;
#include "op/ops.def"
#undef STRETTO_OP

constexpr int kAnyNumber = std::numeric_limits<int>::max();

struct Arity {
  std::pair<int, int> operator()(const Conv&) const { return {2, 3}; }
  std::pair<int, int> operator()(const ConvTranspose&) const { return {2, 3}; }
  std::pair<int, int> operator()(const Gemm&) const { return {2, 3}; }
  std::pair<int, int> operator()(const MatMul&) const { return {2, 2}; }
  std::pair<int, int> operator()(const BatchNorm&) const { return {5, 5}; }
  std::pair<int, int> operator()(const Binary&) const { return {2, 2}; }
  std::pair<int, int> operator()(const Concat&) const { return {1, kAnyNumber}; }
  std::pair<int, int> operator()(const Gather&) const { return {2, 2}; }
  std::pair<int, int> operator()(const Dequantize&) const { return {2, 2}; }
  std::pair<int, int> operator()(const Requantize&) const { return {2, 3}; }
  std::pair<int, int> operator()(const Lookup&) const { return {2, 2}; }
  std::pair<int, int> operator()(const ConvInteger&) const { return {2, 3}; }
  std::pair<int, int> operator()(const ConvTransposeInteger&) const { return {2, 3}; }
  std::pair<int, int> operator()(const GemmInteger&) const { return {2, 3}; }
  std::pair<int, int> operator()(const Map& a) const {
    const int count = a.kind == MapKind::select ? 3 : a.kind >= MapKind::equal ? 2 : 1;
    return {count, count};
  }
  std::pair<int, int> operator()(const Scatter&) const { return {3, 3}; }
  std::pair<int, int> operator()(const GridSample&) const { return {2, 2}; }
  std::pair<int, int> operator()(const RoiAlign&) const { return {3, 3}; }
  std::pair<int, int> operator()(const NonMaxSuppression&) const { return {2, 2}; }
  template <class T>
  std::pair<int, int> operator()(const T&) const {
    return {1, 1};
  }
};

}  // namespace

std::string_view name_of(const Attrs& attrs) {
  return std::visit([](const auto& a) { return kOpName<std::decay_t<decltype(a)>>; }, attrs);
}

std::string_view name_of(UnaryKind kind) {
  return enum_name(kind);
}
std::string_view name_of(BinaryKind kind) {
  return enum_name(kind);
}

std::string_view display_name(const Attrs& attrs) {
  if (auto* unary = std::get_if<Unary>(&attrs)) return enum_name(unary->kind);
  if (auto* binary = std::get_if<Binary>(&attrs)) return enum_name(binary->kind);
  if (auto* map = std::get_if<Map>(&attrs)) return enum_name(map->kind);
  if (auto* pool = std::get_if<Pool>(&attrs)) return pool->kind == PoolKind::max ? "max_pool" : "average_pool";
  if (auto* reduce = std::get_if<Reduce>(&attrs)) {
    switch (reduce->kind) {
      case ReduceKind::mean:
        return "reduce_mean";
      case ReduceKind::max:
        return "reduce_max";
      case ReduceKind::min:
        return "reduce_min";
      case ReduceKind::sum:
        return "reduce_sum";
    }
  }
  return name_of(attrs);
}

std::pair<int, int> arity(const Attrs& attrs) {
  return std::visit(Arity{}, attrs);
}

}  // namespace stretto::op
