#include "samples/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "samples/files.h"
#include "samples/npy.h"

namespace stretto::samples {
namespace {

/// The whole shape, the shape of one sample with or without a leading 1, or a flat list of either's size.
bool shape_fits(const Shape& file, const Shape& input) {
  if (file.size() <= 1 || file == input) return true;
  if (input.empty()) return false;
  Shape sample = input, bare;
  sample[0] = 1;
  for (int i = 1; i < input.size(); ++i) bare.push_back(input[i]);
  return file == sample || file == bare;
}

Result<SampleFile> from_npy(std::span<const std::byte> bytes, const std::string& path, const std::string& name,
                            const TensorType& type) {
  STRETTO_ASSIGN(const Tensor tensor, parse_npy(bytes, path));
  if (tensor.dtype() != type.dtype || !shape_fits(tensor.shape(), type.shape)) {
    return bad_input(fmt::format("{}: holds {}, input '{}' takes {}; convert it with NumPy first", path,
                                 to_string(tensor.type()), name, to_string(type)));
  }
  SampleFile file{FileKind::npy, 1, std::vector<std::byte>(tensor.bytes())};
  if (tensor.bytes() != 0) std::memcpy(file.bytes.data(), tensor.data(), tensor.bytes());
  return file;
}

Result<SampleFile> from_picture(std::span<const std::byte> bytes, const std::string& path, const TensorType& type,
                                const std::optional<Preprocessing>& preprocessing) {
  if (!preprocessing) {
    return bad_usage(fmt::format(
        "{}: a picture needs the preprocessing in the plan; build it with --preprocess imagenet (or resize=…)", path));
  }
  STRETTO_ASSIGN(const Image image, decode_image(bytes, path));
  STRETTO_ASSIGN(const std::vector<float> sample, to_sample(image, *preprocessing, type, path));
  SampleFile file{FileKind::picture, 1, std::vector<std::byte>(sample.size() * sizeof(float))};
  std::memcpy(file.bytes.data(), sample.data(), file.bytes.size());
  return file;
}

}  // namespace

FileKind kind_of(const std::string& path) {
  const size_t dot = path.rfind('.');
  std::string ending = dot == std::string::npos ? "" : path.substr(dot + 1);
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  if (ending == "npy") return FileKind::npy;
  return ending == "jpg" || ending == "jpeg" || ending == "png" ? FileKind::picture : FileKind::raw;
}

int64_t batch_of(const TensorType& type) {
  return type.shape.empty() ? 1 : std::max<int64_t>(1, type.shape[0]);
}

Result<SampleFile> load_sample(const std::string& path, const std::string& name, const TensorType& type,
                               const std::optional<Preprocessing>& preprocessing) {
  STRETTO_ASSIGN(std::vector<std::byte> bytes, read_file(path));
  const FileKind kind = kind_of(path);
  if (kind == FileKind::picture) return from_picture(bytes, path, type, preprocessing);
  SampleFile file{kind, 1, {}};
  if (kind == FileKind::npy) {
    STRETTO_ASSIGN(file, from_npy(bytes, path, name, type));
  } else {
    file.bytes = std::move(bytes);
  }
  const size_t one = bytes_per_sample(type);
  if (file.bytes.size() == one) return file;
  file.samples = batch_of(type);
  if (file.bytes.size() == type.bytes()) return file;
  const std::string whole = file.samples > 1 ? fmt::format(" or {}", type.bytes()) : "";
  return bad_input(fmt::format("{}: {} bytes of data, input '{}' {} takes {}{}; check the shape and the type", path,
                               file.bytes.size(), name, to_string(type), one, whole));
}

}  // namespace stretto::samples
