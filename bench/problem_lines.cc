#include "bench/problem_lines.h"

#include <algorithm>
#include <fstream>
#include <set>

namespace stretto::problems {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014).
uint64_t next_random(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

bool says_nothing(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t\r");
  return first == std::string::npos || line[first] == '#';
}

Status read_file(const std::string& path, std::set<std::string>& seen, std::vector<Line>& lines) {
  std::ifstream file(path);
  if (!file) return bad_input(path + ": cannot be read; give a file of problems, as bench/problems/*.txt are");
  std::string text;
  bool any = false;
  for (int number = 1; std::getline(file, text); ++number) {
    if (says_nothing(text)) continue;
    if (text.back() == '\r') text.pop_back();
    Result<Problem> problem = problem_from_string(text);
    if (!problem.ok()) return problem.status().in(path + ":" + std::to_string(number));
    any = true;
    if (seen.insert(to_string(*problem)).second) lines.push_back({path, number, std::move(problem).value()});
  }
  if (file.bad()) return bad_input(path + ": reading failed; is it a file?");
  return any ? Status() : bad_input(path + ": has no problem; bench/write_problems.py writes such files");
}

}  // namespace

Result<std::vector<Line>> read_lines(const std::vector<std::string>& files) {
  std::set<std::string> seen;
  std::vector<Line> lines;
  for (const std::string& path : files) STRETTO_TRY(read_file(path, seen, lines));
  return lines;
}

std::vector<Line> sample_lines(std::vector<Line> lines, size_t count, uint64_t seed) {
  if (count >= lines.size()) return lines;
  std::vector<size_t> order(lines.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (size_t i = 0; i < count; ++i) std::swap(order[i], order[i + next_random(seed) % (order.size() - i)]);
  order.resize(count);
  std::sort(order.begin(), order.end());
  std::vector<Line> sample;
  for (size_t i : order) sample.push_back(std::move(lines[i]));
  return sample;
}

}  // namespace stretto::problems
