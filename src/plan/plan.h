// Plan: what a build decides and a runtime executes, in memory. FORMAT.md beside this file says how its bytes lie.
//
// A plan holds one program for each set of input shapes; programs share one pool of packed weights.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cpu_info.h"
#include "base/status.h"
#include "tactics/problem.h"
#include "tactics/tactic.h"

namespace stretto::plan {

/// Where a tensor of a program lives.
enum class Place : uint8_t { arena = 1, input = 2, output = 3, weights = 4 };

struct TensorRef {
  Place place = Place::arena;
  uint64_t offset = 0;   // bytes: into the arena, the weights pool, or the bound input or output (a view of a part);
                         // a multiple of the element (plain) or of the block of channels (blocked layouts)
  uint32_t binding = 0;  // for input and output: which one
};

/// A tensor that a step reads or writes.
struct ProgramTensor {
  std::string name;  // of the model's value
  TensorType type;
  Layout layout = Layout::plain;
  TensorRef where;
};

struct Step {
  std::string name;                // the model's nodes: "conv1+relu1"
  std::vector<std::string> nodes;  // all model nodes this step computes
  std::string tactic;              // "cpu.avx512.conv_direct"
  uint32_t tactic_version = 0;
  Config config;
  Problem problem;
  std::vector<uint32_t> inputs;  // tensors of the program, in the problem's order of inputs
  uint32_t output = 0;
  uint64_t weights_offset = 0, weights_bytes = 0;  // into the pool; 64-byte aligned
  uint64_t scratch_offset = 0;                     // into the arena
};

/// A named input or output of the network.
struct Binding {
  std::string name;
  TensorType type;  // what the caller passes: float32, or the model's own type for integers
  uint32_t tensor = 0;
};

struct Program {
  std::vector<Binding> inputs, outputs;
  std::vector<ProgramTensor> tensors;
  std::vector<Step> steps;
  uint64_t arena_bytes = 0;           // activations and shared scratch
  uint64_t worker_scratch_bytes = 0;  // for each worker on top
};

/// How pictures become the input tensor: "resize=256,crop=224,…" as the user gave it; empty if not given.
struct Preprocess {
  std::string spec;
};

/// Facts for people; nothing at run time depends on them.
struct Report {
  std::string model;         // file name
  std::string model_sha256;  // 64 hex digits
  std::string precision;     // "fp32"
  std::string device;        // "cpu"
  uint32_t threads = 1;      // that it was timed with
  std::string details;       // JSON: errors found when verifying, passes applied, notes
};

/// Measured once, on the machine that built: outside what a rebuild reproduces.
struct Times {
  std::string machine;
  std::vector<std::vector<float>> step_ms;  // by program, by step
  std::vector<float> total_ms;              // by program
};

/// What a plan's steps run on.
enum class Device : uint8_t { cpu = 0, cuda = 1 };

struct Plan {
  Isa required_isa = Isa::scalar;
  Device device = Device::cpu;
  uint32_t compute = 0;  // of a GPU: the least compute capability, times ten
  std::vector<Program> programs;
  Preprocess preprocess;
  Report report;
  Times times;
  std::span<const std::byte> weights;      // the pool; page-aligned in a file, 64-byte aligned in memory
  std::shared_ptr<const void> keep_alive;  // what `weights` points into
};

/// Collects packed weights; equal contents are stored once. Offsets are multiples of 64.
class WeightsPool {
 public:
  uint64_t add(std::span<const std::byte> bytes);
  /// Valid until the next add().
  std::span<const std::byte> bytes() const;
  size_t size() const { return lines_.size() * sizeof(Line); }
  /// Moves the pool into a plan.
  void give_to(Plan& plan) &&;

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  struct Entry {
    uint64_t hash, offset, bytes;
  };
  const std::byte* data() const { return reinterpret_cast<const std::byte*>(lines_.data()); }

  std::vector<Line> lines_;
  std::vector<Entry> known_;
};

/// The whole file as bytes; times included. Equal plans give equal bytes; plans that differ in times alone give bytes
/// that are equal up to the times, which stand last.
std::vector<std::byte> serialize(const Plan& plan);
/// Verifies, writes beside the target and renames: the file appears whole or not at all.
Status save(const Plan& plan, const std::string& path);

/// What was checked when a plan was read.
struct ReadOptions {
  bool check_weights = false;  // compare the weights' checksum too: reads the whole file
};
/// Maps the file. Every count, offset and size is checked and every problem validated; what the steps' tactics make of
/// their problems is checked by the runtime (runtime/resolve.h), which knows the kernels.
Result<Plan> load(const std::string& path, const ReadOptions& options = {});
/// The same from bytes in memory (borrowed until `owner` is released; copied if they are not 64-byte aligned).
Result<Plan> parse(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                   const ReadOptions& options = {});
/// The check that load and parse end with, for plans made in memory: all indices and offsets in range, tensors agree
/// with problems, arena and weights ranges inside their bounds, no overflow, nothing read before it is written.
Status verify(const Plan& plan);

}  // namespace stretto::plan
