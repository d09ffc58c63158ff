#include <stretto/tools.h>

#include "base/atomic_file.h"
#include "runtime/throw.h"

namespace stretto {

void save_text(const std::string& text, const std::string& path) {
  const Status status = write_file_whole(path, text.data(), text.size());
  if (!status.ok()) throw_status(status);
}

}  // namespace stretto
