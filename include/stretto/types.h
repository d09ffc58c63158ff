// Plain values the public API speaks in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stretto {

enum class ElementType : uint8_t {
  f32 = 1,
  f16 = 2,
  bf16 = 3,
  f64 = 4,
  i8 = 5,
  u8 = 6,
  i16 = 7,
  u16 = 8,
  i32 = 9,
  u32 = 10,
  i64 = 11,
  u64 = 12,
  boolean = 13,
};

enum class Precision : uint8_t { fp32, tf32, bf16, fp16, int8 };

/// An input or output of a network: dense, row-major.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> shape;
  size_t elements = 0;
  size_t bytes = 0;
};

/// Memory in bytes. `activations` and `workspace` are for each context, `weights` are shared by all.
struct MemoryUse {
  size_t weights = 0;
  size_t activations = 0;
  size_t workspace = 0;
};

}  // namespace stretto
