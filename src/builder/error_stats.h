// How far one tensor is from another: the measures that reports use.
#pragma once

#include <cstddef>
#include <span>

namespace stretto {

struct ErrorStats {
  double relative = 0;  // max|y − r| / max|r|; infinite where one is NaN and the other is not
  double max_abs = 0, mean_abs = 0;
  double cosine = 1;
  double sqnr_db = 0;  // 10·log10(Σr² / Σ(y − r)²), at most kExactSqnr
};

/// What sqnr_db says for tensors that are equal.
inline constexpr double kExactSqnr = 300;

/// `y` is judged against `r`; both hold as many elements.
ErrorStats compare_tensors(std::span<const float> y, std::span<const float> r);

}  // namespace stretto
