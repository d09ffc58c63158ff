#include <cstring>
#include <utility>

#include "base/hash.h"
#include "plan/plan.h"

namespace stretto::plan {

uint64_t WeightsPool::add(std::span<const std::byte> bytes) {
  const uint64_t hash = hash64(bytes.data(), bytes.size());
  for (const Entry& e : known_) {
    if (e.hash == hash && e.bytes == bytes.size() &&
        (bytes.empty() || std::memcmp(data() + e.offset, bytes.data(), bytes.size()) == 0)) {
      return e.offset;
    }
  }
  const uint64_t offset = size();
  lines_.resize(lines_.size() + (bytes.size() + sizeof(Line) - 1) / sizeof(Line));
  if (!bytes.empty()) std::memcpy(reinterpret_cast<std::byte*>(lines_.data()) + offset, bytes.data(), bytes.size());
  known_.push_back({hash, offset, bytes.size()});
  return offset;
}

std::span<const std::byte> WeightsPool::bytes() const {
  return {data(), size()};
}

void WeightsPool::give_to(Plan& plan) && {
  auto kept = std::make_shared<std::vector<Line>>(std::move(lines_));
  plan.weights = {reinterpret_cast<const std::byte*>(kept->data()), kept->size() * sizeof(Line)};
  plan.keep_alive = std::move(kept);
  lines_.clear();
  known_.clear();
}

}  // namespace stretto::plan
