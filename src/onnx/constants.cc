// Nodes that leave no operator behind (or a Cast): names, shapes and values known at import.
#include <algorithm>

#include "onnx/operators.h"
#include "onnx/tensor.h"
#include "onnx/types.h"

namespace stretto::onnx {

Status import_identity(NodeContext& n) {
  return n.bind(0, n.input(0));
}

Status import_dropout(NodeContext& n) {
  if (n.output_used(1)) return failed("the mask is not supported; export the network for inference");
  if (n.opset() >= 12 && n.has_input(2)) {
    STRETTO_ASSIGN(Tensor training, n.known(n.input(2)));
    if (training.dtype() != DType::boolean || training.elements() != 1) return bad_input("training_mode is not a flag");
    if (training.as<uint8_t>()[0] != 0) return failed("training_mode is not supported; export for inference");
  }
  return n.bind(0, n.input(0));
}

Status import_cast(NodeContext& n) {
  Operand src = n.input(0);
  if (!n.has("to")) n.mistake(bad_input("attribute 'to' is missing"));
  const int64_t to = n.integer("to", 0);
  std::optional<DType> dtype = dtype_from_onnx(static_cast<int>(std::clamp<int64_t>(to, 0, 1000)));
  if (!dtype) n.mistake(failed("a cast to " + onnx_type_name(static_cast<int>(to)) + " is not supported"));
  STRETTO_TRY(n.mistakes());
  const DType computed = computed_type(*dtype);
  if (computed == n.type(src).dtype) return n.bind(0, src);
  return n.finish(op::Cast{computed}, {src});
}

Status import_cast_like(NodeContext& n) {
  Operand src = n.input(0), like = n.input(1);
  STRETTO_TRY(n.mistakes());
  const DType type = n.type(like).dtype;
  return type == n.type(src).dtype ? n.bind(0, src) : n.finish(op::Cast{type}, {src});
}

Status import_shape(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  const Shape shape = n.shape(src);
  const int64_t rank = shape.size();
  auto place = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? std::max(v, -rank) + rank : v, 0, rank); };
  const int64_t start = n.opset() >= 15 ? place(n.integer("start", 0)) : 0;
  const int64_t end = n.opset() >= 15 ? place(n.integer("end", rank)) : rank;
  Dims picked;
  for (int64_t i = start; i < end; ++i) picked.push_back(shape[static_cast<int>(i)]);
  return n.bind_known(0, list_i64(picked), false);
}

Status import_size(NodeContext& n) {
  Operand src = n.input(0);
  STRETTO_TRY(n.mistakes());
  return n.bind_known(0, list_i64({n.type(src).elements()}).reshaped({}), false);
}

Status import_constant(NodeContext& n) {
  if (const ::onnx::AttributeProto* value = n.find("value")) {
    auto loaded = n.loaded().find(&value->t());
    if (loaded == n.loaded().end()) return bad_input("attribute 'value' holds no tensor");
    return n.bind_known(0, loaded->second, true);
  }
  if (n.has("value_float")) return n.bind_known(0, scalar_f32(n.real("value_float", 0)), true);
  if (n.has("value_int")) return n.bind_known(0, list_i64({n.integer("value_int", 0)}).reshaped({}), true);
  if (const ::onnx::AttributeProto* value = n.find("value_floats"); value != nullptr && value->floats_size() > 0) {
    std::span<const float> values(value->floats().data(), static_cast<size_t>(value->floats_size()));
    return n.bind_known(0, Tensor::of<float>(DType::f32, {value->floats_size()}, values), true);
  }
  if (const ::onnx::AttributeProto* value = n.find("value_ints"); value != nullptr && value->ints_size() > 0) {
    std::span<const int64_t> values(value->ints().data(), static_cast<size_t>(value->ints_size()));
    return n.bind_known(0, Tensor::of<int64_t>(DType::i64, {value->ints_size()}, values), true);
  }
  if (n.has("value_floats")) return n.bind_known(0, Tensor(TensorType{DType::f32, {0}}), true);
  if (n.has("value_ints")) return n.bind_known(0, Tensor(TensorType{DType::i64, {0}}), true);
  return failed("holds neither a tensor nor numbers (strings and sparse tensors are not supported)");
}

Status import_constant_of_shape(NodeContext& n) {
  Tensor scalar = scalar_f32(0);
  if (const ::onnx::AttributeProto* value = n.find("value")) {
    auto loaded = n.loaded().find(&value->t());
    if (loaded == n.loaded().end() || loaded->second.elements() != 1)
      return bad_input("attribute 'value' is not one number");
    scalar = loaded->second.reshaped({});
  }
  Operand target = n.input(0);
  STRETTO_ASSIGN(Dims shape, n.known_integers(0));
  std::optional<int64_t> count = checked_elements(shape);
  if (!count) return bad_input("shape " + to_string(shape) + " is impossible");
  if (*count > 0) return n.finish(op::Expand{shape}, {n.add_known(scalar, "value")});
  return n.bind_known(0, Tensor(TensorType{scalar.dtype(), shape}), n.is_literal(target));
}

}  // namespace stretto::onnx
