// Samples: the contents of one file as data for one input of a network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "samples/preprocess.h"

namespace stretto::samples {

enum class FileKind : uint8_t { raw, npy, picture };
/// By the ending of the name: .npy, .jpg/.jpeg/.png; anything else is raw.
FileKind kind_of(const std::string& path);

struct SampleFile {
  FileKind kind = FileKind::raw;
  int64_t samples = 1;           // 1, or the input's batch when the file holds a whole input tensor
  std::vector<std::byte> bytes;  // samples × bytes_per_sample(type)
};

/// The batch is the first dimension; a scalar is one sample.
int64_t batch_of(const TensorType& type);
inline size_t bytes_per_sample(const TensorType& type) {
  return type.bytes() / static_cast<size_t>(batch_of(type));
}

/// Reads `path` for an input `name` of `type`. Pictures need `preprocessing`.
Result<SampleFile> load_sample(const std::string& path, const std::string& name, const TensorType& type,
                               const std::optional<Preprocessing>& preprocessing);

}  // namespace stretto::samples
