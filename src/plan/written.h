// Which bytes of a program's memory have been written so far: disjoint intervals by their begin.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

namespace stretto::plan {

class WrittenBytes {
 public:
  void add(uint64_t begin, uint64_t end) {
    if (begin == end) return;
    auto next = intervals_.upper_bound(begin);
    if (next != intervals_.begin() && std::prev(next)->second >= begin) next = std::prev(next);
    while (next != intervals_.end() && next->first <= end) {
      begin = std::min(begin, next->first);
      end = std::max(end, next->second);
      next = intervals_.erase(next);
    }
    intervals_[begin] = end;
  }
  bool covers(uint64_t begin, uint64_t end) const {
    if (begin == end) return true;
    auto next = intervals_.upper_bound(begin);
    return next != intervals_.begin() && std::prev(next)->second >= end;
  }

 private:
  std::map<uint64_t, uint64_t> intervals_;  // begin → end
};

}  // namespace stretto::plan
