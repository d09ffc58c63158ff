// Functions of one tensor, element by element: those of Map, and those that a few operators make.
#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::BinaryKind;
using op::MapKind;
using op::UnaryKind;

template <MapKind kKind>
Status import_map(NodeContext& n) {
  return n.finish(op::Map{kKind}, {n.input(0)});
}

/// scale · (x < 0 ? alpha · (e^x − 1) : x)
Status scaled_elu(NodeContext& n, float alpha, float scale) {
  Formula f(n);
  return f.bind(f.linear(f.map(MapKind::elu, {n.input(0)}, alpha), scale, 0));
}

}  // namespace

Status import_log(NodeContext& n) {
  return import_map<MapKind::log>(n);
}
Status import_erf(NodeContext& n) {
  return import_map<MapKind::erf>(n);
}
Status import_sin(NodeContext& n) {
  return import_map<MapKind::sin>(n);
}
Status import_cos(NodeContext& n) {
  return import_map<MapKind::cos>(n);
}
Status import_tan(NodeContext& n) {
  return import_map<MapKind::tan>(n);
}
Status import_asin(NodeContext& n) {
  return import_map<MapKind::asin>(n);
}
Status import_acos(NodeContext& n) {
  return import_map<MapKind::acos>(n);
}
Status import_atan(NodeContext& n) {
  return import_map<MapKind::atan>(n);
}
Status import_sinh(NodeContext& n) {
  return import_map<MapKind::sinh>(n);
}
Status import_cosh(NodeContext& n) {
  return import_map<MapKind::cosh>(n);
}
Status import_asinh(NodeContext& n) {
  return import_map<MapKind::asinh>(n);
}
Status import_acosh(NodeContext& n) {
  return import_map<MapKind::acosh>(n);
}
Status import_atanh(NodeContext& n) {
  return import_map<MapKind::atanh>(n);
}
Status import_floor(NodeContext& n) {
  return import_map<MapKind::floor>(n);
}
Status import_ceil(NodeContext& n) {
  return import_map<MapKind::ceil>(n);
}
Status import_round(NodeContext& n) {
  return import_map<MapKind::round>(n);
}
Status import_softplus(NodeContext& n) {
  return import_map<MapKind::softplus>(n);
}
Status import_mish(NodeContext& n) {
  return import_map<MapKind::mish>(n);
}
Status import_is_nan(NodeContext& n) {
  return import_map<MapKind::is_nan>(n);
}
Status import_not(NodeContext& n) {
  return import_map<MapKind::bit_not>(n);
}

Status import_is_inf(NodeContext& n) {
  const float positive = n.flag("detect_positive", true), negative = n.flag("detect_negative", true);
  return n.finish(op::Map{MapKind::is_inf, positive, negative}, {n.input(0)});
}

Status import_sign(NodeContext& n) {
  Operand x = n.input(0);
  const DType type = n.type(x).dtype;
  if (is_float(type)) return import_map<MapKind::sign>(n);
  Formula f(n);
  if (type == DType::u64) return f.bind(f.cast(f.cast(x, DType::boolean), type));
  return f.bind(f.cast(f.unary(UnaryKind::clip, f.cast(x, arithmetic_type(type)), -1, 1), type));
}

Status import_elu(NodeContext& n) {
  return n.finish(op::Map{MapKind::elu, n.real("alpha", 1)}, {n.input(0)});
}

Status import_selu(NodeContext& n) {
  return scaled_elu(n, n.real("alpha", 1.67326319217681884765625f), n.real("gamma", 1.05070102214813232421875f));
}

/// Celu is alpha · elu(x / alpha).
Status import_celu(NodeContext& n) {
  const float alpha = n.real("alpha", 1);
  if (!(alpha != 0)) return bad_input("alpha must not be 0");
  Formula f(n);
  return f.bind(f.linear(f.map(MapKind::elu, {f.linear(n.input(0), 1 / alpha, 0)}, 1), alpha, 0));
}

Status import_gelu(NodeContext& n) {
  const std::string approximate = n.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh") return bad_input("approximate '" + approximate + "' is unknown");
  return approximate == "none" ? import_map<MapKind::gelu>(n) : import_map<MapKind::gelu_tanh>(n);
}

Status import_softsign(NodeContext& n) {
  Formula f(n);
  Operand x = n.input(0);
  return f.bind(f.div(x, f.linear(f.unary(UnaryKind::abs, x), 1, 1)));
}

Status import_thresholded_relu(NodeContext& n) {
  Formula f(n);
  Operand x = n.input(0);
  return f.bind(f.select(f.map(MapKind::less, {f.like(x, n.real("alpha", 1)), x}), x, f.like(x, 0)));
}

/// Shrink: x + bias below −lambd, x − bias above lambd, 0 between.
Status import_shrink(NodeContext& n) {
  Operand src = n.input(0);
  const DType type = n.type(src).dtype;
  const float lambd = n.real("lambd", 0.5f), bias = n.real("bias", 0);
  Formula f(n);
  Operand x = f.cast(src, DType::f32);
  Operand low = f.select(f.map(MapKind::less, {x, f.number(-lambd)}), f.linear(x, 1, bias), f.number(0));
  return f.bind(f.cast(f.select(f.map(MapKind::less, {f.number(lambd), x}), f.linear(x, 1, -bias), low), type));
}

}  // namespace stretto::onnx
