// InputSet: the files of a folder as samples for all inputs of a network.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "samples/samples.h"

namespace stretto {

/// How the bindings of a program divide into samples. `batch` is the common first dimension of all inputs; where they
/// differ, or an output cannot be divided, one sample is the whole.
struct Division {
  int64_t batch = 1;
  std::vector<size_t> input_bytes, output_bytes;  // of one sample, by binding
};
Division divide(const plan::Program& program);

/// Which of a folder's samples, counted in the order of reading: all; or, to keep some apart, every fifth or the
/// others.
enum class Share : uint8_t { all, four_fifths, every_fifth };
constexpr int64_t kFifth = 5;
constexpr bool takes(Share share, int64_t sample) {
  return share == Share::all || (share == Share::every_fifth) == (sample % kFifth == kFifth - 1);
}

/// One file (of each input) read: `samples` samples, `bytes[i]` holding those of input i.
struct InputFile {
  samples::FileKind kind = samples::FileKind::raw;
  int64_t samples = 1;
  std::vector<std::vector<std::byte>> bytes;
};

class InputSet {
 public:
  /// One input: `path` is a file or folder. Several: `path`/<input>/ are folders with the same names in them.
  static Result<InputSet> open(const std::string& path, const plan::Program& program, const std::string& preprocess);

  int size() const { return static_cast<int>(names_.size()); }
  const std::string& name(int file) const { return names_[static_cast<size_t>(file)]; }
  const Division& division() const { return division_; }
  Result<InputFile> read(int file) const;
  /// How many samples there are. Reads files whose size says it, but no pictures.
  Result<int64_t> count_samples() const;
  /// The share that is wanted, or all where there are fewer than five.
  Result<Share> share(Share wanted) const;
  /// How many batches a BatchReader will give.
  Result<int64_t> count_batches(Share share = Share::all) const;

 private:
  std::vector<std::string> folders_;  // by input; empty: names_ are paths
  std::vector<std::string> names_;
  std::vector<plan::Binding> inputs_;
  Division division_;
  std::optional<samples::Preprocessing> preprocessing_;
  std::string single_file_;
};

/// Whole batches of inputs, one after the other, in memory that does not grow with their number. The last one is filled
/// up with its last sample. `set` must outlive it.
class BatchReader {
 public:
  BatchReader(const InputSet& set, const plan::Program& program, Share share = Share::all);
  /// A dense tensor for each input; null after the last batch. The next call overwrites it.
  Result<const std::vector<Tensor>*> next();
  /// The name of the file that the last sample came from, for messages.
  std::string file() const { return last_file_ >= 0 ? set_.name(last_file_) : std::string(); }
  /// How many samples the last batch holds; what fills it up is not counted.
  int64_t samples() const { return filled_; }

 private:
  void put(int64_t sample, int64_t place);

  const InputSet& set_;
  const Share share_;
  std::vector<Tensor> batch_;
  InputFile file_{samples::FileKind::raw, 0, {}};
  int64_t at_ = 0;      // the next sample of `file_`
  int64_t number_ = 0;  // and its number in the set
  int64_t filled_ = 0;
  int next_file_ = 0, last_file_ = -1;
};

/// Whole batches of inputs for every run that `set` feeds; the last one filled up with its last sample.
/// At most `limit` of them.
Result<std::vector<std::vector<Tensor>>> read_batches(const InputSet& set, const plan::Program& program, int limit);

}  // namespace stretto
