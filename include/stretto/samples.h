// Files as data for an engine's inputs.
#pragma once

#include <stretto/engine.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stretto {

/// What one file holds for one input: `samples` of them (1, or the input's batch), dense, one after the other.
struct FileSamples {
  int64_t samples = 1;
  std::vector<std::byte> bytes;
};

/// Reads a file of raw float32, .npy, or a picture (.jpg, .png; by the preprocessing recorded in the plan) for the
/// input with that name of that program; empty: the network's only input. Throws Error: bad_input when the file is
/// missing, damaged or of another size, bad_usage when there is no such input or the plan does not say how to prepare
/// pictures.
FileSamples read_samples(const Engine& engine, const std::string& path, const std::string& input = {}, int program = 0);

}  // namespace stretto
