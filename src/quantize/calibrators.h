// Calibrators: from what was observed of a value to the range that its integers shall cover.
//
// Numbers outside the range are clipped (2.1): a smaller range is finer, and loses the largest numbers. Every method
// here clips at one magnitude T on both sides: low = max(least, −T), high = min(greatest, T).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "quantize/histogram.h"
#include "quantize/schemes.h"

namespace stretto::quantize {

/// Persisted by name in recipes.
enum class Method : uint8_t {
  minmax,        // everything observed
  percentile,    // the least bins that hold this percentage of the magnitudes
  entropy,       // least relative entropy between the numbers and their integers (thesis section 2.3.2, its [2])
  mse,           // least mean square of the error
  manual,        // a range written by hand; no calibrator
  weighted_mse,  // least error in the sums of the readers (range_search.h), of scale groups; everything, where that is
                 // it
};

/// "minmax", …; "?" for what is no method.
std::string_view name_of(Method method);
std::optional<Method> method_from_name(std::string_view name);

struct Calibration {
  Method method = Method::minmax;
  double percentage = 99.99;  // of `percentile`, above 0 and at most 100
  Scheme scheme = Scheme::affine;
  double clipped = 4;  // of `weighted_mse`: how much an error of clipping counts against one of rounding
};

/// The range to fit `calibration.scheme` to. It contains zero; where nothing negative was observed low is exactly 0,
/// where nothing positive was, high is. Where only zeros were, it is 0 … 0. Fails where nothing was observed, on
/// NaN or infinities among it, and on methods `manual` and `weighted_mse`, which needs the graph.
///
/// `entropy`: for each T a whole number of bins, P is the distribution of the bins inside with all that lies outside
/// added to the outermost, Q what is left of the inside when as many levels as integers share it, spread evenly over
/// each level's bins that are not empty; chosen is the T of least KL(P‖Q), the widest among equals. Exact zeros are
/// left out of both: every scale represents them, and behind a ReLU they would outweigh all else. An outermost bin that
/// only clipped numbers are in counts as half an observation in Q.
///
/// `mse`: the error of each bin's centre under the mapping of each T, weighed by its count.
Result<Range> calibrate(const Histogram& histogram, const Calibration& calibration);

}  // namespace stretto::quantize
