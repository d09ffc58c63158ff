#include "base/tensor.h"

#include <cstdlib>
#include <new>

#include "base/status.h"

namespace stretto {

std::optional<int64_t> checked_elements(const Shape& shape) {
  if (shape.size() > kMaxRank) return std::nullopt;
  int64_t product = 1;
  bool zero = false;
  for (int64_t d : shape) {
    if (d < 0) return std::nullopt;
    if (d == 0) {
      zero = true;
      continue;
    }
    if (product > kMaxElements / d) return std::nullopt;
    product *= d;
  }
  return zero ? 0 : product;
}

int64_t elements(const Shape& shape) {
  int64_t product = 1;
  for (int64_t d : shape) product *= d;
  return product;
}

std::string to_string(const TensorType& type) {
  return std::string(name_of(type.dtype)) + "[" + (type.shape.empty() ? "" : to_string(type.shape)) + "]";
}

Tensor::Tensor(TensorType type) : type_(type) {
  size_t size = (bytes() + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, size == 0 ? 64 : size);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, size == 0 ? 64 : size);
  owner_ = std::shared_ptr<const void>(memory, [](const void* p) { std::free(const_cast<void*>(p)); });
  data_ = memory;
}

Tensor::Tensor(TensorType type, std::shared_ptr<const void> owner, const void* data)
    : type_(type), owner_(std::move(owner)), data_(data) {}

Tensor Tensor::reshaped(Shape shape) const {
  STRETTO_CHECK(stretto::elements(shape) == elements());
  Tensor t = *this;
  t.type_.shape = shape;
  return t;
}

}  // namespace stretto
