// Overlap of boxes and the order of scores, for the oracle and every kernel alike: single precision in this order of
// operations, because which boxes are kept depends on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "op/attrs.h"

namespace stretto::op {

/// Two corners, the lower first.
struct Box {
  float y1 = 0, x1 = 0, y2 = 0, x2 = 0;
};

inline Box box_of(const NonMaxSuppression& a, const float* v) {
  if (a.centered) {
    const float w = v[2] / 2, h = v[3] / 2;
    return {v[1] - h, v[0] - w, v[1] + h, v[0] + w};
  }
  return {std::min(v[0], v[2]), std::min(v[1], v[3]), std::max(v[0], v[2]), std::max(v[1], v[3])};
}

/// Whether the boxes' intersection is more than `threshold` of their union.
inline bool overlaps(const Box& p, const Box& q, float threshold) {
  const float h = std::min(p.y2, q.y2) - std::max(p.y1, q.y1), w = std::min(p.x2, q.x2) - std::max(p.x1, q.x1);
  if (!(h > 0) || !(w > 0)) return false;
  const float both = h * w, first = (p.y2 - p.y1) * (p.x2 - p.x1), second = (q.y2 - q.y1) * (q.x2 - q.x1);
  const float either = first + second - both;
  return either > 0 && both / either > threshold;
}

/// Whether a box of this score may be kept.
inline bool scores_enough(const NonMaxSuppression& a, float score) {
  return score > a.score || (a.score == -std::numeric_limits<float>::infinity() && score == a.score);
}

/// Greedy suppression of one class: writes the boxes kept to `kept` (room for `most`) and returns how many. `order` is
/// room for n numbers.
inline int64_t suppress(const NonMaxSuppression& a, const float* boxes, const float* scores, int64_t n, int32_t* order,
                        int32_t* kept) {
  int64_t candidates = 0, count = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (scores_enough(a, scores[i])) order[candidates++] = static_cast<int32_t>(i);
  }
  std::sort(order, order + candidates,
            [&](int32_t i, int32_t j) { return scores[i] > scores[j] || (scores[i] == scores[j] && i < j); });
  for (int64_t c = 0; c < candidates && count < a.most; ++c) {
    const Box box = box_of(a, boxes + 4 * int64_t{order[c]});
    bool free = true;
    for (int64_t k = 0; k < count && free; ++k)
      free = !overlaps(box, box_of(a, boxes + 4 * int64_t{kept[k]}), a.overlap);
    if (free) kept[count++] = order[c];
  }
  return count;
}

}  // namespace stretto::op
