// Problem files: one problem a line in its canonical text (tactics/problem.h); empty lines and those that begin with
// '#' say nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "tactics/problem.h"

namespace stretto::problems {

struct Line {
  std::string file;
  int number = 0;  // from 1
  Problem problem;
};

/// All problems of the files, in order; what stood in an earlier line is left out. Failed with "FILE:LINE: …" at the
/// first line that is no problem, and for a file without any.
Result<std::vector<Line>> read_lines(const std::vector<std::string>& files);

/// `count` of the lines, drawn by `seed` (the same on every machine), in their order; all if there are no more.
std::vector<Line> sample_lines(std::vector<Line> lines, size_t count, uint64_t seed);

}  // namespace stretto::problems
