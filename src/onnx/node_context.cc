#include "onnx/node_context.h"

#include <algorithm>
#include <array>

namespace stretto::onnx {

namespace pb = ::onnx;

namespace {

constexpr int64_t kLargestSpatial = int64_t{1} << 31;

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

Status wrong_type(std::string_view attribute) {
  return bad_input("attribute " + quoted(attribute) + " has another type");
}

template <class T>
Dims to_dims(const Tensor& tensor) {
  Dims dims;
  for (T v : tensor.as<T>()) dims.push_back(static_cast<int64_t>(v));
  return dims;
}

}  // namespace

void NodeContext::note(const std::string& text) {
  state_.notes.push_back("node " + quoted(name_) + ": " + text);
}

void NodeContext::mistake(Status status) {
  if (mistakes_.ok()) mistakes_ = std::move(status);
}

// --- attributes

const pb::AttributeProto* NodeContext::find(std::string_view attribute) const {
  for (const pb::AttributeProto& a : proto_.attribute()) {
    if (a.name() == attribute) return &a;
  }
  return nullptr;
}

int64_t NodeContext::integer(std::string_view attribute, int64_t absent) {
  const pb::AttributeProto* a = find(attribute);
  if (a == nullptr) return absent;
  if (!a->has_i()) mistake(wrong_type(attribute));
  return a->i();
}

float NodeContext::real(std::string_view attribute, float absent) {
  const pb::AttributeProto* a = find(attribute);
  if (a == nullptr) return absent;
  if (!a->has_f()) mistake(wrong_type(attribute));
  return a->f();
}

std::string NodeContext::text(std::string_view attribute, std::string_view absent) {
  const pb::AttributeProto* a = find(attribute);
  if (a == nullptr) return std::string(absent);
  if (!a->has_s()) mistake(wrong_type(attribute));
  return a->s();
}

std::optional<Dims> NodeContext::integers(std::string_view attribute) {
  const pb::AttributeProto* a = find(attribute);
  if (a == nullptr) return std::nullopt;
  if (a->has_i() || a->has_f() || a->has_s() || a->floats_size() > 0) mistake(wrong_type(attribute));
  if (a->ints_size() > Dims::kCapacity) {
    mistake(bad_input("attribute " + quoted(attribute) + " has " + std::to_string(a->ints_size()) + " numbers"));
    return Dims{};
  }
  Dims dims;
  for (int64_t v : a->ints()) dims.push_back(v);
  return dims;
}

Dims NodeContext::spatial(std::string_view attribute, int count, int64_t absent, int64_t least) {
  if (count < 0 || count > Dims::kCapacity) {
    mistake(bad_input("attribute " + quoted(attribute) + " would need " + std::to_string(count) + " numbers"));
    return {};
  }
  std::optional<Dims> given = integers(attribute);
  if (!given || given->empty()) return Dims::filled(count, absent);
  if (given->size() != count) {
    mistake(bad_input("attribute " + quoted(attribute) + " has " + std::to_string(given->size()) + " numbers, not " +
                      std::to_string(count)));
    return Dims::filled(count, absent);
  }
  for (int64_t& v : *given) {
    if (v >= least && v < kLargestSpatial) continue;
    mistake(bad_input("attribute " + quoted(attribute) + " holds " + std::to_string(v) + ", which is out of range"));
    v = absent;
  }
  return *given;
}

std::vector<float> NodeContext::reals(std::string_view attribute) {
  const pb::AttributeProto* a = find(attribute);
  if (a == nullptr) return {};
  return {a->floats().begin(), a->floats().end()};
}

// --- inputs

Operand NodeContext::input(int i) {
  if (!has_input(i)) {
    mistake(bad_input("input " + std::to_string(i) + " is missing"));
    return kAbsent;
  }
  return state_.operands.at(proto_.input(i));
}

TensorType NodeContext::type(Operand operand) const {
  return operand == kAbsent ? TensorType() : state_.builder.type(operand);
}

Result<Dims> NodeContext::known_integers(int i) {
  Operand operand = input(i);
  STRETTO_TRY(mistakes_);
  STRETTO_ASSIGN(Tensor tensor, state_.builder.known(operand));
  if (tensor.shape().size() > 1 || tensor.elements() > Dims::kCapacity) {
    return bad_input("input " + std::to_string(i) + " is " + to_string(tensor.type()) + " where a short list belongs");
  }
  if (tensor.dtype() == DType::i64) return to_dims<int64_t>(tensor);
  if (tensor.dtype() == DType::i32) return to_dims<int32_t>(tensor);
  return bad_input("input " + std::to_string(i) + " is " + to_string(tensor.type()) + " where integers belong");
}

Result<std::vector<float>> NodeContext::known_reals(int i) {
  Operand operand = input(i);
  STRETTO_TRY(mistakes_);
  STRETTO_ASSIGN(Tensor tensor, state_.builder.known(operand));
  if (tensor.dtype() != DType::f32 || tensor.elements() > Dims::kCapacity) {
    return bad_input("input " + std::to_string(i) + " is " + to_string(tensor.type()) + " where a few floats belong");
  }
  std::span<const float> values = tensor.as<float>();
  return std::vector<float>(values.begin(), values.end());
}

// --- outputs

bool NodeContext::output_used(int i) const {
  if (i >= proto_.output_size() || proto_.output(i).empty()) return false;
  auto found = state_.readers.find(proto_.output(i));
  return found != state_.readers.end() && found->second > 0;
}

Status NodeContext::start(std::span<const Operand> inputs) const {
  STRETTO_TRY(mistakes_);
  for (Operand input : inputs) {
    if (input == kAbsent) return bad_input("an input is missing");
  }
  return {};
}

Result<Operand> NodeContext::emit(const op::Attrs& attrs, std::initializer_list<Operand> inputs,
                                  std::string_view step) {
  return emit(attrs, std::span<const Operand>(inputs.begin(), inputs.size()), step);
}

Result<Operand> NodeContext::emit(const op::Attrs& attrs, std::span<const Operand> inputs, std::string_view step) {
  STRETTO_TRY(start(inputs));
  return state_.builder.emit(name_ + "/" + std::string(step), attrs, inputs, {});
}

Status NodeContext::finish(const op::Attrs& attrs, std::initializer_list<Operand> inputs, int output) {
  return finish(attrs, std::span<const Operand>(inputs.begin(), inputs.size()), output);
}

Status NodeContext::finish(const op::Attrs& attrs, std::span<const Operand> inputs, int output) {
  STRETTO_TRY(start(inputs));
  if (output >= proto_.output_size() || proto_.output(output).empty()) return {};
  std::string node = output == 0 ? name_ : name_ + "/" + std::to_string(output);
  STRETTO_ASSIGN(Operand result, state_.builder.emit(node, attrs, inputs, proto_.output(output)));
  return bind(output, result);
}

Status NodeContext::bind(int output, Operand operand) {
  STRETTO_TRY(start({&operand, 1}));
  if (output < proto_.output_size() && !proto_.output(output).empty()) {
    state_.operands[proto_.output(output)] = operand;
  }
  return {};
}

Status NodeContext::bind_known(int output, Tensor tensor, bool literal) {
  if (output >= proto_.output_size() || proto_.output(output).empty()) return mistakes_;
  return bind(output, state_.builder.add_known(proto_.output(output), std::move(tensor), literal));
}

Operand NodeContext::add_known(Tensor tensor, std::string_view step) {
  return state_.builder.add_known(name_ + "/" + std::string(step), std::move(tensor), true);
}

// --- helpers of every family

Result<int64_t> normalise_axis(int64_t axis, int rank, bool end_allowed) {
  const int64_t last = end_allowed ? rank : rank - 1;
  if (axis < -rank || axis > last) {
    return bad_input("axis " + std::to_string(axis) + " is not an axis of rank " + std::to_string(rank));
  }
  return axis < 0 ? axis + rank : axis;
}

Result<Dims> normalise_axes(const Dims& axes, int rank) {
  std::array<bool, kMaxRank + Dims::kCapacity> chosen{};
  for (int64_t axis : axes) {
    STRETTO_ASSIGN(int64_t at, normalise_axis(axis, rank));
    if (chosen[static_cast<size_t>(at)]) return bad_input("axis " + std::to_string(axis) + " is named twice");
    chosen[static_cast<size_t>(at)] = true;
  }
  Dims sorted;
  for (int i = 0; i < rank; ++i) {
    if (chosen[static_cast<size_t>(i)]) sorted.push_back(i);
  }
  return sorted;
}

Tensor scalar_f32(float value) {
  return Tensor::of<float>(DType::f32, {}, std::span<const float>(&value, 1));
}

Tensor list_i64(const Dims& values) {
  return Tensor::of<int64_t>(DType::i64, {values.size()},
                             std::span<const int64_t>(values.begin(), static_cast<size_t>(values.size())));
}

}  // namespace stretto::onnx
