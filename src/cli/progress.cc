#include "cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "cli/text.h"

namespace stretto::cli {
namespace {

constexpr double kQuietSeconds = 2, kBarSeconds = 0.1, kLineSeconds = 5;

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string left_text(double seconds) {
  return time_text(std::max(1.0, std::round(seconds)) * 1e3) + " left";
}

}  // namespace

std::string bar_text(const std::string& stage, double fraction, double remaining_s, const std::string& detail,
                     int columns) {
  constexpr int kBar = 24;
  const int full = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * kBar));
  std::string text = fmt::format("[{}{}] {:3.0f} %  {}", std::string(static_cast<size_t>(full), '#'),
                                 std::string(static_cast<size_t>(kBar - full), '-'), 100 * fraction, stage);
  if (remaining_s > 0) text += "  " + left_text(remaining_s);
  if (!detail.empty()) text += "  " + one_line(detail);
  const auto room = static_cast<size_t>(std::max(1, columns - 1));
  if (text.size() > room) {
    size_t cut = room;
    while (cut > 0 && (text[cut] & 0xc0) == 0x80) --cut;
    text.resize(cut);
  }
  return text;
}

ProgressLine::ProgressLine(std::string what, bool quiet)
    : what_(std::move(what)),
      quiet_(quiet),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_(start_) {}

ProgressLine::~ProgressLine() {
  clear();
}

void ProgressLine::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
}

void ProgressLine::update(const std::string& stage, double fraction, double remaining_s, const std::string& detail) {
  const auto now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  if (quiet_ || elapsed < kQuietSeconds) return;
  const double since = std::chrono::duration<double>(now - last_).count();
  const bool due = last_stage_.empty() || since >= (terminal_ ? kBarSeconds : kLineSeconds) || stage != last_stage_;
  if (!due) return;
  last_ = now;
  last_stage_ = stage;
  const double left = remaining_s > 0 ? remaining_s : fraction > 0.02 ? elapsed * (1 - fraction) / fraction : 0;
  if (terminal_) {
    std::fputs(fmt::format("\r{}\x1b[K", bar_text(stage, fraction, left, detail, terminal_columns())).c_str(), stderr);
    drawn_ = true;
    return;
  }
  std::string line = fmt::format("{}: {:.0f} %, {}", what_, 100 * fraction, stage);
  if (!detail.empty()) line += ": " + one_line(detail);
  if (left > 0) line += ", " + left_text(left);
  std::fputs((line + "\n").c_str(), stderr);
}

}  // namespace stretto::cli
