// Shape, TensorType and Tensor: dense, row-major, owned or borrowed memory.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/dims.h"
#include "base/dtype.h"

namespace stretto {

/// Sizes by axis, outermost first; feature maps are N,C,H,W. Rank at most kMaxRank; empty means a scalar.
using Shape = Dims;
inline constexpr int kMaxRank = 8;
/// No tensor may hold more elements than this (2^40): sizes in bytes then never overflow int64.
inline constexpr int64_t kMaxElements = int64_t{1} << 40;

/// The product of all sizes, or nothing if one is negative, the rank is too high or the product exceeds kMaxElements.
std::optional<int64_t> checked_elements(const Shape& shape);
/// The product of all sizes of a shape that was checked before.
int64_t elements(const Shape& shape);

struct TensorType {
  DType dtype = DType::f32;
  Shape shape;
  int64_t elements() const { return stretto::elements(shape); }
  size_t bytes() const { return static_cast<size_t>(elements()) * size_of(dtype); }
  bool operator==(const TensorType&) const = default;
};

/// "f32[1x3x224x224]"
std::string to_string(const TensorType& type);

/// A dense row-major array; copies share the memory. Memory is 64-byte aligned when allocated here.
class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled.
  explicit Tensor(TensorType type);
  /// Borrows: `owner` keeps `data` alive.
  Tensor(TensorType type, std::shared_ptr<const void> owner, const void* data);

  template <class T>
  static Tensor of(DType dtype, Shape shape, std::span<const T> values) {
    Tensor t(TensorType{dtype, shape});
    if (!values.empty()) std::memcpy(t.mutable_data(), values.data(), t.bytes());
    return t;
  }

  bool empty() const { return data_ == nullptr; }
  const TensorType& type() const { return type_; }
  DType dtype() const { return type_.dtype; }
  const Shape& shape() const { return type_.shape; }
  int64_t elements() const { return type_.elements(); }
  size_t bytes() const { return type_.bytes(); }

  const void* data() const { return data_; }
  template <class T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data_), static_cast<size_t>(elements())};
  }
  /// Only for a tensor allocated here and not yet shared.
  void* mutable_data() { return const_cast<void*>(data_); }
  template <class T>
  std::span<T> as_mutable() {
    return {static_cast<T*>(mutable_data()), static_cast<size_t>(elements())};
  }
  /// The same memory under another shape with as many elements.
  Tensor reshaped(Shape shape) const;

 private:
  TensorType type_;
  std::shared_ptr<const void> owner_;
  const void* data_ = nullptr;
};

}  // namespace stretto
