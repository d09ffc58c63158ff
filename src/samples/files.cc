#include "samples/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace stretto::samples {
namespace fs = std::filesystem;
namespace {

/// Closes a descriptor at the end of its scope.
struct Descriptor {
  int fd = -1;
  explicit Descriptor(int f) : fd(f) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

std::string reason() {
  return std::strerror(errno);
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const fs::path parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string temporary_name(const std::string& path) {
  return fmt::format("{}.{}.part", path, ::getpid());
}

Status cannot_write(const std::string& path) {
  return bad_input(fmt::format("{}: cannot be written: {}; check the folder and the space left", path, reason()));
}

/// Gives a complete, nameless file its name. False where the file system cannot.
bool link_into_place(int fd, const std::string& path) {
  const std::string source = fmt::format("/proc/self/fd/{}", fd);
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno != EEXIST) return false;
  const std::string beside = temporary_name(path);
  ::unlink(beside.c_str());
  if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, beside.c_str(), AT_SYMLINK_FOLLOW) != 0) return false;
  if (::rename(beside.c_str(), path.c_str()) == 0) return true;
  ::unlink(beside.c_str());
  return false;
}

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code ec;
  return fs::is_directory(path, ec);
}

std::string file_name(const std::string& path) {
  return fs::path(path).filename().string();
}

Result<std::vector<std::string>> list_files(const std::string& path) {
  std::error_code ec;
  const fs::file_status status = fs::status(path, ec);
  if (!fs::exists(status)) return bad_input(fmt::format("{}: no such file or folder; check the path", path));
  if (!fs::is_directory(status)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code ignored;
    if (it->path().filename().string().front() == '.' || !it->is_regular_file(ignored)) continue;
    files.push_back(it->path().string());
  }
  if (ec) return bad_input(fmt::format("{}: the folder cannot be read: {}", path, ec.message()));
  if (files.empty()) return bad_input(fmt::format("{}: no files in this folder; put samples in it", path));
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::vector<std::byte>> read_file(const std::string& path, size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) return bad_input(fmt::format("{}: cannot be opened: {}; check the path", path, reason()));
  struct stat info {};
  if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    return bad_input(fmt::format("{}: not a regular file; give a file of samples", path));
  }
  const auto size = static_cast<size_t>(info.st_size);
  if (size > limit) {
    return bad_input(fmt::format("{}: {} bytes are more than the {} a sample may have", path, size, limit));
  }
  std::vector<std::byte> bytes(size);
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::read(file.fd, bytes.data() + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return bad_input(fmt::format("{}: cannot be read: {}", path, n < 0 ? reason() : "it became shorter"));
    done += static_cast<size_t>(n);
  }
  return bytes;
}

Status write_file(const std::string& path, std::span<const std::byte> bytes) {
  {
    const Descriptor nameless(::open(folder_of(path).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644));
    if (nameless.fd >= 0) {
      if (!write_all(nameless.fd, bytes)) return cannot_write(path);
      if (link_into_place(nameless.fd, path)) return {};
    }
  }
  const std::string beside = temporary_name(path);
  const Descriptor file(::open(beside.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644));
  if (file.fd < 0) return cannot_write(path);
  if (write_all(file.fd, bytes) && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  const Status status = cannot_write(path);
  ::unlink(beside.c_str());
  return status;
}

Status make_folder(const std::string& path) {
  std::error_code ec;
  fs::create_directories(path, ec);
  if (ec || !fs::is_directory(path, ec)) {
    return bad_input(
        fmt::format("{}: the folder cannot be made: {}", path, ec ? ec.message() : "a file is in its place"));
  }
  return {};
}

}  // namespace stretto::samples
