#include "quantize/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace stretto::quantize {

void parallel(int64_t count, int threads, const std::function<void(int64_t)>& work) {
  std::atomic<int64_t> next{0};
  const auto take = [&] {
    for (int64_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> others;
  for (int64_t i = 1; i < std::min<int64_t>(threads, count); ++i) others.emplace_back(take);
  take();
  for (std::thread& t : others) t.join();
}

}  // namespace stretto::quantize
