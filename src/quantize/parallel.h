// Inside quantize/: independent pieces of work, shared out among threads.
#pragma once

#include <cstdint>
#include <functional>

namespace stretto::quantize {

/// Calls work(i) for 0 ≤ i < count, each once, in any order, with at most `threads` at a time, the caller's among them.
/// Returns when all are done.
void parallel(int64_t count, int threads, const std::function<void(int64_t)>& work);

}  // namespace stretto::quantize
