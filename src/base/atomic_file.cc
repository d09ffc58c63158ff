#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stretto {
namespace {

bool write_all(int file, const char* data, size_t bytes) {
  while (bytes > 0) {
    ssize_t written = ::write(file, data, std::min<size_t>(bytes, size_t{1} << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    bytes -= static_cast<size_t>(written);
  }
  return true;
}

}  // namespace

Status write_file_whole(const std::string& path, const void* data, size_t bytes) {
  const std::span<const std::byte> piece(static_cast<const std::byte*>(data), bytes);
  return write_file_whole(path, {&piece, 1});
}

Status write_file_whole(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  auto cannot = [&](const char* what) {
    return failed("'" + path + "' cannot be " + what + ": " + std::strerror(errno));
  };
  std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot("created");
  bool written = true;
  for (std::span<const std::byte> piece : pieces) {
    written = written && write_all(file, reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  written = written && ::fsync(file) == 0;
  Status status = written ? Status() : cannot("written");
  if (::close(file) != 0 && status.ok()) status = cannot("written");
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = cannot("put in place");
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace stretto
