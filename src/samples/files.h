// Files and folders: listing, reading whole, and writing so that a file appears whole or not at all.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace stretto::samples {

/// The file itself, or the regular files of a folder, sorted by name (hidden ones left out). Fails when there is none.
Result<std::vector<std::string>> list_files(const std::string& path);
bool is_folder(const std::string& path);
/// The part after the last '/'.
std::string file_name(const std::string& path);

/// No sample is larger than this.
inline constexpr size_t kMaxFileBytes = size_t{4} << 30;
Result<std::vector<std::byte>> read_file(const std::string& path, size_t limit = kMaxFileBytes);
/// Without a name until complete (O_TMPFILE) where the file system can, else beside the target and renamed.
Status write_file(const std::string& path, std::span<const std::byte> bytes);
/// Creates the folder and its parents if they are not there.
Status make_folder(const std::string& path);

}  // namespace stretto::samples
