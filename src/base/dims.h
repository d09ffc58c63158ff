// Dims: a short list of int64 held in place, used for shapes, strides, pads and axes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace stretto {

/// At most kCapacity numbers (pads of a rank-8 tensor). Value type, no allocation.
class Dims {
 public:
  static constexpr int kCapacity = 16;

  Dims() = default;
  Dims(std::initializer_list<int64_t> values) {
    for (int64_t v : values) push_back(v);
  }
  static Dims filled(int count, int64_t value) {
    Dims d;
    for (int i = 0; i < count; ++i) d.push_back(value);
    return d;
  }

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](int i) { return values_[static_cast<size_t>(i)]; }
  int64_t operator[](int i) const { return values_[static_cast<size_t>(i)]; }
  int64_t* begin() { return values_.data(); }
  int64_t* end() { return values_.data() + size_; }
  const int64_t* begin() const { return values_.data(); }
  const int64_t* end() const { return values_.data() + size_; }
  int64_t back() const { return values_[static_cast<size_t>(size_ - 1)]; }
  /// Precondition: size() < kCapacity. Readers of files check counts first.
  void push_back(int64_t v);

  bool operator==(const Dims& o) const { return size_ == o.size_ && std::equal(begin(), end(), o.begin()); }

 private:
  std::array<int64_t, kCapacity> values_{};
  int size_ = 0;
};

/// "1x3x224x224"; a scalar's empty list is "-".
std::string to_string(const Dims& d);
/// The inverse of to_string; accepts negative numbers.
std::optional<Dims> dims_from_string(std::string_view text);

}  // namespace stretto
