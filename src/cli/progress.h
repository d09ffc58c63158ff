// Progress on stderr for anything that takes over two seconds: a bar on a terminal, plain lines when piped.
#pragma once

#include <chrono>
#include <string>

namespace stretto::cli {

class ProgressLine {
 public:
  /// `what` stands in front of plain lines: "build". Silent when `quiet`.
  explicit ProgressLine(std::string what, bool quiet = false);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `fraction` of the whole, 0 to 1; `remaining_s` 0: estimated from the time so far.
  void update(const std::string& stage, double fraction, double remaining_s = 0, const std::string& detail = {});
  /// Wipes the bar, so that other output can follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool quiet_, terminal_, drawn_ = false;
  Clock::time_point start_, last_;
  std::string last_stage_;
};

/// "[#####-----]  42 %  time tactics  8 s left  conv 3x3" cut to `columns`.
std::string bar_text(const std::string& stage, double fraction, double remaining_s, const std::string& detail,
                     int columns);

}  // namespace stretto::cli
