// The oracle for whole tensors: the same element functions as `at`, with inputs read straight from memory.
#include <fmt/format.h>

#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "ref/elementwise.h"
#include "ref/general.h"
#include "ref/integer.h"
#include "ref/move.h"
#include "ref/products.h"
#include "ref/resize.h"
#include "ref/windows.h"

namespace stretto::ref {
namespace {

/// Results larger than this are refused: a hostile Expand must not take the machine down.
constexpr size_t kMaxBytes = size_t{4} << 30;

/// Every input is f32.
struct FloatReader {
  const float* const* data;
  double real(int input, int64_t linear) const { return data[input][linear]; }
  template <class V>
  V get(int input, int64_t linear) const {
    return static_cast<V>(data[input][linear]);
  }
};

/// Inputs of any types.
struct AnyReader {
  std::span<const Tensor> inputs;
  Scalar load(int input, int64_t linear) const { return ref::load(inputs[static_cast<size_t>(input)], linear); }
  double real(int input, int64_t linear) const { return load(input, linear).real; }
  int64_t integer(int input, int64_t linear) const { return load(input, linear).integer; }
  template <class V>
  V get(int input, int64_t linear) const {
    Scalar s = load(input, linear);
    if constexpr (std::is_same_v<V, int64_t>) return s.integer;
    return s.real;
  }
};

/// Writes values of type V into an output.
struct Writer {
  void* data;
  DType dtype;
  void operator()(int64_t linear, double v) const {
    if (dtype == DType::f32) {
      static_cast<float*>(data)[linear] = static_cast<float>(v);
    } else {
      store(data, dtype, linear, {v, 0});
    }
  }
  void operator()(int64_t linear, Scalar v) const { store(data, dtype, linear, v); }
  void operator()(int64_t linear, int64_t v) const { store(data, dtype, linear, {0, v}); }
};

template <class V, class A, class R>
void fill(const A& a, const Types& t, const R& read, const Writer& write) {
  int64_t count = t.out.elements();
  for (int64_t i = 0; i < count; ++i) write(i, compute<V>(a, t, read, i));
}

template <class V, class R>
void fill(const op::Binary& a, const Types& t, const R& read, const Writer& write) {
  const Shape& shape = t.out.shape;
  for_each_row(
      shape, op::broadcast_strides(t.shape(0), shape), op::broadcast_strides(t.shape(1), shape), [&](const Row& r) {
        for (int64_t i = 0; i < r.count; ++i) {
          write(r.dst + i,
                apply(a, read.template get<V>(0, r.x + i * r.step_x), read.template get<V>(1, r.y + i * r.step_y)));
        }
      });
}

template <class V, class R>
void fill(const op::Softmax& a, const Types& t, const R& read, const Writer& write) {
  const Shape& shape = t.out.shape;
  int axis = static_cast<int>(a.axis);
  int64_t inner = product(shape, axis + 1, shape.size()), lines = t.out.elements() / shape[axis];
  for (int64_t l = 0; l < lines; ++l) {
    Line line{l / inner * inner * shape[axis] + l % inner, inner, shape[axis]};
    SoftmaxLine s = softmax_line(read, line);
    for (int64_t i = 0; i < line.count; ++i) {
      int64_t linear = line.first + i * line.stride;
      write(linear, std::exp(read.real(0, linear) - s.maximum) / s.sum);
    }
  }
}

struct Compute {
  Types t;
  std::span<const Tensor> inputs;
  const Writer& write;

  template <class A>
  void operator()(const A& a) const {
    if constexpr (std::is_same_v<A, op::Scatter>) {
      scatter(a);
    } else if constexpr (std::is_same_v<A, op::TopK> || std::is_same_v<A, op::Cumulate>) {
      const int axis = static_cast<int>(a.axis);
      for (int64_t i = 0; i < t.out.elements(); ++i) {
        const Line l = line_through(i, t.out.shape, axis);
        if (i == l.first) line(a, l);
      }
    } else if constexpr (std::is_same_v<A, op::NonMaxSuppression>) {
      const std::vector<int64_t> rows = selection(a, t, AnyReader{inputs});
      for (size_t i = 0; i < rows.size(); ++i) write(static_cast<int64_t>(i), rows[i]);
    } else if constexpr (kIsGeneral<A>) {
      const int64_t count = t.out.elements();
      for (int64_t i = 0; i < count; ++i) write(i, general_element(a, t, AnyReader{inputs}, i));
    } else if constexpr (kIsInteger<A>) {
      const int64_t count = t.out.elements();
      for (int64_t i = 0; i < count; ++i) write(i, integer_element(a, t, AnyReader{inputs}, i));
    } else {
      in_one_type(a);
    }
  }
  /// A line at a time: what general_element finds for each of its elements alone.
  void line(const op::TopK& a, const Line& l) const {
    const std::vector<int64_t> order = ordered_line(a, t, AnyReader{inputs}, l.first);
    for (int64_t i = 0; i < l.count; ++i) write(l.first + i * l.stride, order[static_cast<size_t>(i)]);
  }
  void line(const op::Cumulate& a, const Line& l) const {
    const bool product = a.kind == op::CumulateKind::product;
    Scalar total = product ? Scalar{1, 1} : Scalar{};
    for (int64_t i = 0; i < l.count; ++i) {
      const int64_t at = l.first + (a.reverse ? l.count - 1 - i : i) * l.stride;
      const Scalar x = element_of(t, AnyReader{inputs}, 0, at), before = total;
      total = scattered(product ? op::ScatterKind::mul : op::ScatterKind::add, total, x);
      write(at, a.exclusive ? before : total);
    }
  }
  /// All updates in turn: what general_element finds for each element of the data alone.
  void scatter(const op::Scatter& a) const {
    std::memcpy(write.data, inputs[0].data(), inputs[0].bytes());
    const int64_t rows = t.out.shape[0], inner = product(t.out.shape, 1, t.out.shape.size());
    for (int64_t i = 0; i < inputs[2].elements(); ++i) {
      const int64_t index = load(inputs[1], i / inner).integer, row = index < 0 ? index + rows : index;
      if (row < 0 || row >= rows) continue;
      const int64_t to = row * inner + i % inner;
      write(to, scattered(a.kind, load(write.data, t.out.dtype, to), load(inputs[2], i)));
    }
  }
  /// Every input has the type of the first.
  template <class A>
  void in_one_type(const A& a) const {
    std::vector<const float*> floats;
    DType dtype = inputs[0].dtype();
    for (const Tensor& input : inputs) {
      if (dtype == DType::f32) floats.push_back(static_cast<const float*>(input.data()));
    }
    if (dtype == DType::f32) return fill<double>(a, t, FloatReader{floats.data()}, write);
    if (is_float(dtype)) return fill<double>(a, t, AnyReader{inputs}, write);
    if constexpr (std::is_same_v<A, op::Unary> || std::is_same_v<A, op::Binary> || std::is_same_v<A, op::Reduce> ||
                  std::is_same_v<A, op::Pool>) {
      fill<int64_t>(a, t, AnyReader{inputs}, write);
    }
  }
  // Operators that move data, and Cast, never come here.
  void operator()(const op::Concat&) const {}
  void operator()(const op::Slice&) const {}
  void operator()(const op::Reshape&) const {}
  void operator()(const op::Transpose&) const {}
  void operator()(const op::Expand&) const {}
  void operator()(const op::Gather&) const {}
  void operator()(const op::Pad&) const {}
  void operator()(const op::Cast&) const {}
  void operator()(const op::Reformat&) const {}
};

}  // namespace

Result<Tensor> evaluate(const op::Attrs& attrs, std::span<const Tensor> inputs) {
  std::vector<TensorType> types;
  for (const Tensor& input : inputs) types.push_back(input.type());
  STRETTO_ASSIGN(TensorType type, op::infer(attrs, types));
  Status too_large =
      failed(fmt::format("{} would give {}, too large to compute here", op::name_of(attrs), to_string(type)));
  if (type.bytes() > kMaxBytes) return too_large;
  if (std::holds_alternative<op::Reshape>(attrs) || std::holds_alternative<op::Reformat>(attrs)) {
    return inputs[0].reshaped(type.shape);
  }
  Tensor output;
  try {
    output = Tensor(type);
  } catch (const std::bad_alloc&) {
    return too_large;
  }
  Types t{types, type};
  if (moves_data(attrs)) {
    STRETTO_TRY(move_data(attrs, t, inputs, output.mutable_data()));
    return output;
  }
  if (auto* cast = std::get_if<op::Cast>(&attrs)) {
    DType from = inputs[0].dtype();
    for (int64_t i = 0; i < type.elements(); ++i) {
      store(output.mutable_data(), cast->to, i, convert(from, cast->to, load(inputs[0].data(), from, i)));
    }
    return output;
  }
  std::visit(Compute{t, inputs, Writer{output.mutable_data(), type.dtype}}, attrs);
  return output;
}

}  // namespace stretto::ref
