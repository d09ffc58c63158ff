// Shape arithmetic that our operators have no word for: computed here, on known values alone.
#include <algorithm>
#include <cmath>
#include <limits>

#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 20;

/// A known tensor as numbers: exact for integers, doubles otherwise.
struct Numbers {
  TensorType type;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  bool real() const { return type.dtype == DType::f32; }
  size_t size() const { return real() ? reals.size() : integers.size(); }
};

template <class T, class To>
void copy_from(const Tensor& tensor, std::vector<To>& to) {
  for (T v : tensor.as<T>()) to.push_back(static_cast<To>(v));
}

Result<Numbers> numbers_of(NodeContext& n, int input) {
  Operand operand = n.input(input);
  STRETTO_TRY(n.mistakes());
  STRETTO_ASSIGN(Tensor tensor, n.known(operand));
  if (tensor.elements() > kMostElements) return failed("too many elements to compute at import");
  Numbers numbers{tensor.type(), {}, {}};
  switch (tensor.dtype()) {
    case DType::f32:
      copy_from<float>(tensor, numbers.reals);
      break;
    case DType::i64:
      copy_from<int64_t>(tensor, numbers.integers);
      break;
    case DType::i32:
      copy_from<int32_t>(tensor, numbers.integers);
      break;
    case DType::i16:
      copy_from<int16_t>(tensor, numbers.integers);
      break;
    case DType::i8:
      copy_from<int8_t>(tensor, numbers.integers);
      break;
    case DType::u8:
    case DType::boolean:
      copy_from<uint8_t>(tensor, numbers.integers);
      break;
    case DType::u16:
      copy_from<uint16_t>(tensor, numbers.integers);
      break;
    case DType::u32:
      copy_from<uint32_t>(tensor, numbers.integers);
      break;
    default:
      return failed("elements of type " + std::string(name_of(tensor.dtype())) + " are not supported here");
  }
  return numbers;
}

template <class T, class From>
Tensor copy_to(const TensorType& type, const std::vector<From>& from) {
  Tensor tensor(type);
  std::span<T> to = tensor.as_mutable<T>();
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<T>(from[i]);
  return tensor;
}

Result<Tensor> tensor_of(const Numbers& numbers) {
  switch (numbers.type.dtype) {
    case DType::f32:
      return copy_to<float>(numbers.type, numbers.reals);
    case DType::i64:
      return copy_to<int64_t>(numbers.type, numbers.integers);
    case DType::i32:
      return copy_to<int32_t>(numbers.type, numbers.integers);
    case DType::i16:
      return copy_to<int16_t>(numbers.type, numbers.integers);
    case DType::u16:
      return copy_to<uint16_t>(numbers.type, numbers.integers);
    case DType::u32:
      return copy_to<uint32_t>(numbers.type, numbers.integers);
    case DType::i8:
      return copy_to<int8_t>(numbers.type, numbers.integers);
    case DType::u8:
    case DType::boolean:
      return copy_to<uint8_t>(numbers.type, numbers.integers);
    default:
      return internal_error("no such elements here");
  }
}

/// Element `linear` of `out`, in a tensor that broadcasts to it.
size_t source_of(const Shape& out, const Shape& in, int64_t linear) {
  int64_t index = 0, stride = 1;
  for (int i = out.size() - 1; i >= 0; --i) {
    const int64_t at = linear % out[i];
    linear /= out[i];
    const int axis = i - (out.size() - in.size());
    if (axis < 0) continue;
    if (in[axis] != 1) index += at * stride;
    stride *= in[axis];
  }
  return static_cast<size_t>(index);
}

Result<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape out;
  const int rank = std::max(a.size(), b.size());
  for (int i = 0; i < rank; ++i) {
    const int at = i - (rank - a.size()), bt = i - (rank - b.size());
    const int64_t x = at < 0 ? 1 : a[at], y = bt < 0 ? 1 : b[bt];
    if (x != y && x != 1 && y != 1) return bad_input(to_string(a) + " and " + to_string(b) + " do not broadcast");
    out.push_back(x == 1 ? y : x);
  }
  std::optional<int64_t> count = checked_elements(out);
  if (!count || *count > kMostElements) return failed("too many elements to compute at import");
  return out;
}

Status bind(NodeContext& n, const Numbers& result, bool literal) {
  STRETTO_ASSIGN(Tensor tensor, tensor_of(result));
  return n.bind_known(0, std::move(tensor), literal);
}

bool all_literal(NodeContext& n) {
  for (int i = 0; i < n.input_count(); ++i) {
    if (n.has_input(i) && !n.is_literal(n.input(i))) return false;
  }
  return true;
}

template <class T>
bool compare(const std::string& op, T x, T y) {
  if (op == "Equal") return x == y;
  if (op == "Less") return x < y;
  if (op == "LessOrEqual") return x <= y;
  if (op == "Greater") return x > y;
  if (op == "GreaterOrEqual") return x >= y;
  if (op == "And") return x != 0 && y != 0;
  return x != 0 || y != 0;  // Or
}

int64_t modulo(int64_t x, int64_t y, bool like_c) {
  if (y == 0 || y == -1) return 0;
  const int64_t rest = x % y;
  return !like_c && rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

double round_half_even(double x) {
  const double down = std::floor(x), rest = x - down;
  if (rest != 0.5) return rest < 0.5 ? down : down + 1;
  return std::fmod(down, 2) == 0 ? down : down + 1;
}

}  // namespace

Status import_known_unary(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  if (n.op() == "Not") {
    if (x.type.dtype != DType::boolean) return bad_input("Not takes booleans");
    for (int64_t& v : x.integers) v = v == 0;
  }
  for (double& v : x.reals) {
    v = n.op() == "Floor" ? std::floor(v) : n.op() == "Ceil" ? std::ceil(v) : round_half_even(v);
  }
  return bind(n, x, all_literal(n));
}

Status import_known_binary(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  STRETTO_ASSIGN(Numbers y, numbers_of(n, 1));
  if (x.type.dtype != y.type.dtype) return bad_input("inputs have different types");
  STRETTO_ASSIGN(Shape shape, broadcast(x.type.shape, y.type.shape));
  const bool remainder = n.op() == "Mod", like_c = n.flag("fmod", false);
  Numbers out{{remainder ? x.type.dtype : DType::boolean, shape}, {}, {}};
  for (int64_t i = 0; i < elements(shape); ++i) {
    const size_t a = source_of(shape, x.type.shape, i), b = source_of(shape, y.type.shape, i);
    if (remainder && x.real()) {
      out.reals.push_back(std::fmod(x.reals[a], y.reals[b]));
    } else if (remainder) {
      out.integers.push_back(modulo(x.integers[a], y.integers[b], like_c));
    } else {
      out.integers.push_back(x.real() ? compare(n.op(), x.reals[a], y.reals[b])
                                      : compare(n.op(), x.integers[a], y.integers[b]));
    }
  }
  return bind(n, out, all_literal(n));
}

Status import_known_where(NodeContext& n) {
  STRETTO_ASSIGN(Numbers condition, numbers_of(n, 0));
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 1));
  STRETTO_ASSIGN(Numbers y, numbers_of(n, 2));
  if (condition.type.dtype != DType::boolean || x.type.dtype != y.type.dtype)
    return bad_input("inputs have wrong types");
  STRETTO_ASSIGN(Shape both, broadcast(x.type.shape, y.type.shape));
  STRETTO_ASSIGN(Shape shape, broadcast(condition.type.shape, both));
  Numbers out{{x.type.dtype, shape}, {}, {}};
  for (int64_t i = 0; i < elements(shape); ++i) {
    const bool first = condition.integers[source_of(shape, condition.type.shape, i)] != 0;
    const Numbers& from = first ? x : y;
    const size_t at = source_of(shape, from.type.shape, i);
    if (from.real()) {
      out.reals.push_back(from.reals[at]);
    } else {
      out.integers.push_back(from.integers[at]);
    }
  }
  return bind(n, out, all_literal(n));
}

Status import_known_range(NodeContext& n) {
  STRETTO_ASSIGN(Numbers start, numbers_of(n, 0));
  STRETTO_ASSIGN(Numbers limit, numbers_of(n, 1));
  STRETTO_ASSIGN(Numbers delta, numbers_of(n, 2));
  if (start.size() != 1 || limit.size() != 1 || delta.size() != 1 || start.type.dtype != limit.type.dtype ||
      start.type.dtype != delta.type.dtype) {
    return bad_input("start, limit and delta must be three numbers of one type");
  }
  auto as_real = [](const Numbers& v) { return v.real() ? v.reals[0] : static_cast<double>(v.integers[0]); };
  const double count = std::ceil((as_real(limit) - as_real(start)) / as_real(delta));
  if (!(count <= static_cast<double>(kMostElements))) return failed("too many elements to compute at import");
  Numbers out{{start.type.dtype, {count > 0 ? static_cast<int64_t>(count) : 0}}, {}, {}};
  for (int64_t i = 0; i < out.type.shape[0]; ++i) {
    if (start.real()) {
      out.reals.push_back(start.reals[0] + static_cast<double>(i) * delta.reals[0]);
    } else {
      // Between start and limit, so it fits; unsigned, so that no step on the way can overflow.
      out.integers.push_back(static_cast<int64_t>(static_cast<uint64_t>(start.integers[0]) +
                                                  static_cast<uint64_t>(i) * static_cast<uint64_t>(delta.integers[0])));
    }
  }
  return bind(n, out, all_literal(n));
}

Status import_known_tile(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  STRETTO_ASSIGN(Dims repeats, n.known_integers(1));
  if (repeats.size() != x.type.shape.size()) return bad_input("repeats do not fit the input");
  Numbers out{x.type, {}, {}};
  for (int i = 0; i < repeats.size(); ++i) {
    if (repeats[i] < 0 || repeats[i] > kMostElements) return bad_input("repeats are out of range");
    out.type.shape[i] *= repeats[i];
  }
  std::optional<int64_t> count = checked_elements(out.type.shape);
  if (!count || *count > kMostElements) return failed("too many elements to compute at import");
  for (int64_t i = 0; i < *count; ++i) {
    int64_t linear = i, index = 0, stride = 1;
    for (int axis = out.type.shape.size() - 1; axis >= 0; --axis) {
      index += linear % out.type.shape[axis] % x.type.shape[axis] * stride;
      linear /= out.type.shape[axis];
      stride *= x.type.shape[axis];
    }
    if (x.real()) {
      out.reals.push_back(x.reals[static_cast<size_t>(index)]);
    } else {
      out.integers.push_back(x.integers[static_cast<size_t>(index)]);
    }
  }
  return bind(n, out, all_literal(n));
}

Status import_known_product(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  const int rank = x.type.shape.size();
  Dims axes = n.opset() < 18 ? n.integers("axes").value_or(Dims{}) : Dims{};
  if (n.opset() >= 18 && n.has_input(1)) {
    STRETTO_ASSIGN(axes, n.known_integers(1));
  }
  if (rank > 1 || axes.size() > 1) return failed("only the product of a whole list is supported");
  Numbers out{{x.type.dtype, n.flag("keepdims", true) ? Dims::filled(rank, 1) : Dims{}}, {}, {}};
  double real = 1;
  uint64_t integer = 1;
  for (double v : x.reals) real *= v;
  for (int64_t v : x.integers) integer *= static_cast<uint64_t>(v);
  out.reals.push_back(real);
  out.integers.push_back(static_cast<int64_t>(integer));
  return bind(n, out, all_literal(n));
}

Status import_known_non_zero(NodeContext& n) {
  STRETTO_ASSIGN(Numbers x, numbers_of(n, 0));
  const Shape& shape = x.type.shape;
  std::vector<int64_t> found;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x.real() ? x.reals[i] != 0 : x.integers[i] != 0) found.push_back(static_cast<int64_t>(i));
  }
  const int rank = std::max(shape.size(), 1);
  Numbers out{{DType::i64, {rank, static_cast<int64_t>(found.size())}}, {}, {}};
  for (int axis = 0; axis < rank; ++axis) {
    int64_t stride = 1;
    for (int i = axis + 1; i < shape.size(); ++i) stride *= shape[i];
    for (int64_t i : found) out.integers.push_back(shape.empty() ? 0 : i / stride % shape[axis]);
  }
  return bind(n, out, all_literal(n));
}

}  // namespace stretto::onnx
