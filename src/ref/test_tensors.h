// For tests of ref/: tensors from lists, and results as lists.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "ref/ref.h"

namespace stretto::ref {

inline Tensor floats(Shape shape, std::vector<float> values) {
  EXPECT_EQ(elements(shape), static_cast<int64_t>(values.size()));
  return Tensor::of<float>(DType::f32, shape, values);
}
inline Tensor longs(Shape shape, std::vector<int64_t> values) {
  EXPECT_EQ(elements(shape), static_cast<int64_t>(values.size()));
  if (values.empty()) return Tensor(TensorType{DType::i64, shape});
  return Tensor::of<int64_t>(DType::i64, shape, values);
}
/// 1, 2, 3, …
inline Tensor counting(Shape shape) {
  std::vector<float> values(static_cast<size_t>(elements(shape)));
  std::iota(values.begin(), values.end(), 1.0f);
  return floats(shape, values);
}

/// What evaluate() says, after checking that at() says the same of every element.
inline Tensor computed(const op::Attrs& attrs, const std::vector<Tensor>& inputs) {
  Result<Tensor> whole = evaluate(attrs, inputs);
  EXPECT_TRUE(whole.ok()) << whole.status().message();
  if (!whole.ok()) return {};
  std::vector<TensorType> types;
  for (const Tensor& t : inputs) types.push_back(t.type());
  Reader read = [&](int input, int64_t linear) { return load(inputs[static_cast<size_t>(input)], linear); };
  Tensor points(whole->type());
  for (int64_t i = 0; i < points.elements(); ++i) {
    store(points.mutable_data(), points.dtype(), i, at(attrs, types, points.type(), read, i));
  }
  EXPECT_EQ(std::memcmp(points.data(), whole->data(), whole->bytes()), 0)
      << op::to_string(attrs) << ": at() and evaluate() differ";
  return *whole;
}

template <class T>
std::vector<T> values(const Tensor& t) {
  return {t.as<T>().begin(), t.as<T>().end()};
}
inline std::vector<float> real(const op::Attrs& attrs, const std::vector<Tensor>& inputs) {
  return values<float>(computed(attrs, inputs));
}
inline std::vector<int64_t> integer(const op::Attrs& attrs, const std::vector<Tensor>& inputs) {
  return values<int64_t>(computed(attrs, inputs));
}

inline void expect_near(const std::vector<float>& got, const std::vector<double>& want, double tolerance = 1e-6) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << "element " << i;
}

}  // namespace stretto::ref
