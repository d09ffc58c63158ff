#include "onnx/external.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

namespace stretto::onnx {
namespace {

namespace fs = std::filesystem;

std::optional<int64_t> parse_number(const std::string& text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

Status read_fully(int descriptor, int64_t offset, char* into, int64_t bytes) {
  while (bytes > 0) {
    ssize_t got = ::pread(descriptor, into, static_cast<size_t>(std::min<int64_t>(bytes, int64_t{1} << 30)), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bad_input("cannot be read to its end");
    into += got;
    offset += got;
    bytes -= got;
  }
  return {};
}

}  // namespace

ExternalFiles::ExternalFiles(const std::string& base_dir) : base_dir_(base_dir.empty() ? "." : base_dir) {}

ExternalFiles::~ExternalFiles() {
  for (auto& [path, file] : open_files_) ::close(file.descriptor);
}

Result<ExternalFiles::File> ExternalFiles::open(const std::string& location) {
  const Status outside = bad_input("external data '" + location + "' lies outside the model's folder");
  fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute()) return outside;
  for (const fs::path& part : relative) {
    if (part == "..") return outside;
  }
  std::error_code error;
  fs::path base = fs::canonical(base_dir_, error);
  if (error) return bad_input("the model's folder '" + base_dir_.string() + "' cannot be read");
  fs::path path = fs::canonical(base / relative, error);
  if (error) return bad_input("external data '" + location + "' does not exist beside the model");
  if (std::mismatch(base.begin(), base.end(), path.begin(), path.end()).first != base.end()) return outside;
  if (auto known = open_files_.find(path.string()); known != open_files_.end()) return known->second;
  if (!fs::is_regular_file(path, error)) return bad_input("external data '" + location + "' is not a file");
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat info {};
  if (descriptor < 0 || ::fstat(descriptor, &info) != 0) {
    if (descriptor >= 0) ::close(descriptor);
    return bad_input("external data '" + location + "' cannot be opened");
  }
  return open_files_[path.string()] = File{descriptor, static_cast<int64_t>(info.st_size)};
}

Result<Tensor> ExternalFiles::read(const ::onnx::TensorProto& proto, const TensorType& type) {
  std::string location;
  int64_t offset = 0;
  const int64_t bytes = static_cast<int64_t>(type.bytes());
  int64_t length = bytes;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    std::optional<int64_t> number = parse_number(entry.value());
    if (!number) return bad_input("external data has " + entry.key() + " '" + entry.value() + "'");
    (entry.key() == "offset" ? offset : length) = *number;
  }
  STRETTO_ASSIGN(File file, open(location));
  if (length != bytes) {
    return bad_input("external data has " + std::to_string(length) + " bytes where " + to_string(type) + " needs " +
                     std::to_string(bytes));
  }
  if (offset > file.bytes || bytes > file.bytes - offset) {
    return bad_input("external data '" + location + "' is too short: " + std::to_string(file.bytes) + " bytes where " +
                     std::to_string(bytes) + " are needed from " + std::to_string(offset));
  }
  Tensor tensor(type);
  STRETTO_TRY(read_fully(file.descriptor, offset, static_cast<char*>(tensor.mutable_data()), bytes)
                  .in("external data '" + location + "'"));
  return tensor;
}

}  // namespace stretto::onnx
