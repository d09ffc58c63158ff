// The oracle one element at a time, through a Reader.
#include <type_traits>

#include "ref/elementwise.h"
#include "ref/general.h"
#include "ref/integer.h"
#include "ref/movement.h"
#include "ref/products.h"
#include "ref/windows.h"

namespace stretto::ref {
namespace {

struct FunctionReader {
  const Reader& function;
  double real(int input, int64_t linear) const { return function(input, linear).real; }
  int64_t integer(int input, int64_t linear) const { return function(input, linear).integer; }
  template <class V>
  V get(int input, int64_t linear) const {
    if constexpr (std::is_same_v<V, int64_t>) return integer(input, linear);
    return real(input, linear);
  }
};

struct At {
  Types t;
  const Reader& read;
  int64_t linear;

  Scalar from(const Source& s) const { return read(s.input, s.linear); }

  Scalar operator()(const op::Concat& a) const { return from(source_of(a, t, linear)); }
  Scalar operator()(const op::Slice& a) const { return from(source_of(affine_of(a, t), t, linear)); }
  Scalar operator()(const op::Transpose& a) const { return from(source_of(affine_of(a, t), t, linear)); }
  Scalar operator()(const op::Expand& a) const { return from(source_of(affine_of(a, t), t, linear)); }
  Scalar operator()(const op::Reshape&) const { return read(0, linear); }
  Scalar operator()(const op::Reformat&) const { return read(0, linear); }
  Scalar operator()(const op::Cast& a) const { return convert(t.in[0].dtype, a.to, read(0, linear)); }
  Scalar operator()(const op::Pad& a) const {
    Source s = source_of(a, t, linear);
    return s.input < 0 ? convert(DType::f32, t.out.dtype, {a.value, 0}) : from(s);
  }
  Scalar operator()(const op::Gather& a) const {
    GatherPoint p = gather_point(a, t, linear);
    return read(0, gathered(a, t, p, read(1, p.index).integer));
  }
  Scalar operator()(const op::Resize& a) const {
    if (a.mode == op::ResizeMode::nearest) return from(source_of(a, t, linear));
    return {compute<double>(a, t, FunctionReader{read}, linear), 0};
  }
  Scalar operator()(const op::Unary& a) const { return either(a); }
  Scalar operator()(const op::Binary& a) const { return either(a); }
  Scalar operator()(const op::Reduce& a) const { return either(a); }
  Scalar operator()(const op::Pool& a) const { return either(a); }
  template <class A>
  Scalar operator()(const A& a) const {
    if constexpr (kIsGeneral<A>)
      return general_element(a, t, FunctionReader{read}, linear);
    else if constexpr (kIsInteger<A>)
      return integer_element(a, t, FunctionReader{read}, linear);
    else
      return {compute<double>(a, t, FunctionReader{read}, linear), 0};
  }

  template <class A>
  Scalar either(const A& a) const {
    if (is_float(t.out.dtype)) return {compute<double>(a, t, FunctionReader{read}, linear), 0};
    return {0, wrap(t.out.dtype, compute<int64_t>(a, t, FunctionReader{read}, linear))};
  }
};

}  // namespace

Scalar at(const op::Attrs& attrs, std::span<const TensorType> inputs, const TensorType& output, const Reader& read,
          int64_t linear) {
  return std::visit(At{{inputs, output}, read, linear}, attrs);
}

}  // namespace stretto::ref
