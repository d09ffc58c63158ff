// What the stages of a BuildSession share.
#pragma once

#include <chrono>

namespace stretto {

/// A plan whose output is farther from the reference than this (max|y − r| / max|r|) is not written.
inline constexpr double kTolerance = 1e-4, kHalfTolerance = 5e-3;

/// Shares of the whole build, for progress.
inline constexpr double kImported = 0.02, kOptimised = 0.04, kCalibrated = 0.3, kChosen = 0.8, kHeld = 0.84,
                        kCompiled = 0.85, kTimed = 0.9, kVerified = 0.95;

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace stretto
