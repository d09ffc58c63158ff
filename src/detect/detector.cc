#include <stretto/detect.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace stretto {
namespace {

/// More than any network has; keeps products of sizes within bounds.
constexpr int kMaxSide = 1 << 15, kMaxClasses = 1 << 15;
constexpr size_t kMaxAnchors = size_t{1} << 24;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::bad_usage, message);
}

float area(const Box& b) {
  return std::max(0.0f, b.x1 - b.x0) * std::max(0.0f, b.y1 - b.y0);
}

void check(const DetectorOptions& o) {
  if (o.height < 1 || o.width < 1 || o.height > kMaxSide || o.width > kMaxSide) {
    refuse("detector: an input of " + std::to_string(o.height) + "x" + std::to_string(o.width) +
           " pixels cannot be: give height and width between 1 and " + std::to_string(kMaxSide));
  }
  if (o.classes < 1 || o.classes > kMaxClasses || o.background >= o.classes) {
    refuse("detector: " + std::to_string(o.classes) + " classes with background " + std::to_string(o.background) +
           " cannot be: give the number of scores that an anchor has");
  }
  // Written so that what is no number is refused too.
  const bool sound = o.score_threshold >= 0 && o.score_threshold <= 1 && o.overlap_threshold >= 0 &&
                     o.overlap_threshold <= 1 && o.max_growth > 0 && std::isfinite(o.max_growth) &&
                     std::isfinite(o.centre_scale) && std::isfinite(o.size_scale);
  if (!sound) refuse("detector: thresholds lie between 0 and 1, and scales must be finite");
  size_t anchors = 0;
  for (const AnchorLevel& level : o.levels) {
    if (level.rows < 1 || level.columns < 1 || level.rows > kMaxSide || level.columns > kMaxSide) {
      refuse("detector: a level of " + std::to_string(level.rows) + "x" + std::to_string(level.columns) +
             " cells cannot be: give the size of its feature map");
    }
    anchors += static_cast<size_t>(level.rows) * static_cast<size_t>(level.columns) * level.sizes.size();
    if (anchors > kMaxAnchors) refuse("detector: it would have more than 16 million anchors: check sizes of levels");
  }
  if (anchors == 0) refuse("detector: it has no anchors: give levels, each with sizes");
}

/// One class at one anchor.
struct Candidate {
  float score = 0;
  int32_t anchor = 0, label = 0;
};

bool better(const Candidate& a, const Candidate& b) {
  return std::pair(-a.score, std::pair(a.anchor, a.label)) < std::pair(-b.score, std::pair(b.anchor, b.label));
}

float probability(float x) {
  return 1 / (1 + std::exp(-x));
}

/// The score, as the network gives it, that a probability of the threshold has.
float raw_threshold(const DetectorOptions& o) {
  return o.logits ? std::log(o.score_threshold / (1 - o.score_threshold)) : o.score_threshold;
}

/// The best of the anchors from `first` to `end`, behind those that are there, in no order.
void add_candidates(const DetectorOptions& o, std::span<const float> scores, size_t first, size_t end,
                    std::vector<Candidate>& candidates) {
  const auto classes = static_cast<size_t>(o.classes);
  const float threshold = raw_threshold(o);
  const auto before = static_cast<std::ptrdiff_t>(candidates.size());
  for (size_t a = first; a < end; ++a) {
    for (size_t c = 0; c < classes; ++c) {
      const float score = scores[a * classes + c];
      if (!(score > threshold) || !std::isfinite(score) || static_cast<int>(c) == o.background) continue;
      candidates.push_back({score, static_cast<int32_t>(a), static_cast<int32_t>(c)});
    }
  }
  const auto begin = candidates.begin() + before;
  if (static_cast<size_t>(candidates.end() - begin) <= o.candidates) return;
  const auto last = begin + static_cast<std::ptrdiff_t>(o.candidates);
  std::nth_element(begin, last, candidates.end(), better);
  candidates.erase(last, candidates.end());
}

/// The box that four offsets stand for, cut off at the picture's edges; nothing where it is not finite.
std::optional<Box> decode(const DetectorOptions& o, const Box& anchor, const float* offset) {
  const float width = anchor.x1 - anchor.x0, height = anchor.y1 - anchor.y0;
  const float cx = anchor.x0 + width / 2 + offset[0] * o.centre_scale * width;
  const float cy = anchor.y0 + height / 2 + offset[1] * o.centre_scale * height;
  if (std::isnan(offset[2]) || std::isnan(offset[3]) || !std::isfinite(cx) || !std::isfinite(cy)) return std::nullopt;
  const float w = width * std::min(o.max_growth, std::exp(offset[2] * o.size_scale));
  const float h = height * std::min(o.max_growth, std::exp(offset[3] * o.size_scale));
  const auto across = [&](float x) { return std::clamp(x, 0.0f, static_cast<float>(o.width)); };
  const auto down = [&](float y) { return std::clamp(y, 0.0f, static_cast<float>(o.height)); };
  return Box{across(cx - w / 2), down(cy - h / 2), across(cx + w / 2), down(cy + h / 2)};
}

}  // namespace

float overlap(const Box& a, const Box& b) {
  const Box common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
  const float shared = area(common);
  return shared > 0 ? shared / (area(a) + area(b) - shared) : 0;
}

Detector::Detector(DetectorOptions options) : options_(std::move(options)) {
  check(options_);
  for (const AnchorLevel& level : options_.levels) {
    for (int y = 0; y < level.rows; ++y) {
      for (int x = 0; x < level.columns; ++x) {
        const float cx = (static_cast<float>(x) + level.first) * level.stride_x;
        const float cy = (static_cast<float>(y) + level.first) * level.stride_y;
        for (const AnchorLevel::Size& s : level.sizes) {
          anchors_.push_back({cx - s.width / 2, cy - s.height / 2, cx + s.width / 2, cy + s.height / 2});
        }
      }
    }
    level_ends_.push_back(anchors_.size());
  }
}

std::vector<Detection> Detector::detect(std::span<const float> scores, std::span<const float> offsets) const {
  const auto classes = static_cast<size_t>(options_.classes);
  if (scores.size() != anchors_.size() * classes || offsets.size() != anchors_.size() * 4) {
    refuse("detector: has " + std::to_string(anchors_.size()) + " anchors of " + std::to_string(classes) +
           " classes, not " + std::to_string(scores.size()) + " scores with " + std::to_string(offsets.size()) +
           " offsets: give those of one picture, of the size that the detector was made for");
  }
  std::vector<Candidate> candidates;
  size_t first = 0;
  for (size_t end : level_ends_) {
    add_candidates(options_, scores, first, end, candidates);
    first = end;
  }
  std::sort(candidates.begin(), candidates.end(), better);

  std::vector<Detection> found;
  for (const Candidate& candidate : candidates) {
    if (found.size() == options_.detections) break;
    const auto a = static_cast<size_t>(candidate.anchor);
    const std::optional<Box> box = decode(options_, anchors_[a], &offsets[4 * a]);
    const auto covers = [&](const Detection& other) {
      return other.label == candidate.label && overlap(other.box, *box) > options_.overlap_threshold;
    };
    if (!box || std::any_of(found.begin(), found.end(), covers)) continue;
    const float score = options_.logits ? probability(candidate.score) : candidate.score;
    found.push_back({*box, score, candidate.label, candidate.anchor});
  }
  return found;
}

}  // namespace stretto
