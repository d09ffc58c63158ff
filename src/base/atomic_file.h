// Writing a file so that it appears whole or not at all.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/status.h"

namespace stretto {

/// Writes beside `path`, flushes to disk and renames; what was there before stays until then, and on any failure.
Status write_file_whole(const std::string& path, const void* data, size_t bytes);
/// The same for contents in several pieces.
Status write_file_whole(const std::string& path, std::span<const std::span<const std::byte>> pieces);

}  // namespace stretto
