// Comparisons, logic, remainders, bits and Where.
#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

using op::MapKind;

Status import_two(NodeContext& n, MapKind kind, bool swapped = false) {
  Operand x = n.input(0), y = n.input(1);
  return swapped ? n.finish(op::Map{kind}, {y, x}) : n.finish(op::Map{kind}, {x, y});
}

Status import_booleans(NodeContext& n, MapKind kind) {
  if (n.type(n.input(0)).dtype != DType::boolean) n.mistake(bad_input("expected booleans"));
  return import_two(n, kind);
}

}  // namespace

Status import_equal(NodeContext& n) {
  return import_two(n, MapKind::equal);
}
Status import_less(NodeContext& n) {
  return import_two(n, MapKind::less);
}
Status import_less_or_equal(NodeContext& n) {
  return import_two(n, MapKind::less_or_equal);
}
Status import_greater(NodeContext& n) {
  return import_two(n, MapKind::less, true);
}
Status import_greater_or_equal(NodeContext& n) {
  return import_two(n, MapKind::less_or_equal, true);
}
Status import_and(NodeContext& n) {
  return import_booleans(n, MapKind::bit_and);
}
Status import_or(NodeContext& n) {
  return import_booleans(n, MapKind::bit_or);
}
Status import_xor(NodeContext& n) {
  return import_booleans(n, MapKind::bit_xor);
}
Status import_bitwise_and(NodeContext& n) {
  return import_two(n, MapKind::bit_and);
}
Status import_bitwise_or(NodeContext& n) {
  return import_two(n, MapKind::bit_or);
}
Status import_bitwise_xor(NodeContext& n) {
  return import_two(n, MapKind::bit_xor);
}

Status import_bit_shift(NodeContext& n) {
  const std::string direction = n.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") return bad_input("direction '" + direction + "' is unknown");
  return import_two(n, direction == "LEFT" ? MapKind::shift_left : MapKind::shift_right);
}

Status import_mod(NodeContext& n) {
  return import_two(n, n.flag("fmod", false) ? MapKind::remainder : MapKind::mod);
}

Status import_where(NodeContext& n) {
  return n.finish(op::Map{MapKind::select}, {n.input(0), n.input(1), n.input(2)});
}

}  // namespace stretto::onnx
