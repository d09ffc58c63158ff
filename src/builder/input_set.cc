#include "builder/input_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "samples/files.h"

namespace stretto {

Division divide(const plan::Program& program) {
  Division d;
  if (!program.inputs.empty()) d.batch = samples::batch_of(program.inputs[0].type);
  const auto divides = [&](const plan::Binding& b) { return samples::batch_of(b.type) == d.batch; };
  const auto output_divides = [&](const plan::Binding& b) { return samples::batch_of(b.type) % d.batch == 0; };
  if (!std::all_of(program.inputs.begin(), program.inputs.end(), divides) ||
      !std::all_of(program.outputs.begin(), program.outputs.end(), output_divides)) {
    d.batch = 1;
  }
  const auto share = [&](const plan::Binding& b) { return b.type.bytes() / static_cast<size_t>(d.batch); };
  for (const plan::Binding& b : program.inputs) d.input_bytes.push_back(std::max<size_t>(1, share(b)));
  for (const plan::Binding& b : program.outputs) d.output_bytes.push_back(share(b));
  return d;
}

Result<InputSet> InputSet::open(const std::string& path, const plan::Program& program, const std::string& preprocess) {
  InputSet set;
  set.inputs_ = program.inputs;
  set.division_ = divide(program);
  if (!preprocess.empty()) {
    STRETTO_ASSIGN(set.preprocessing_, samples::parse_preprocessing(preprocess));
  }
  if (program.inputs.empty()) return bad_usage("the network has no inputs; there is nothing to read samples for");
  std::string first = path;
  if (program.inputs.size() > 1) {
    for (const plan::Binding& input : program.inputs) {
      const std::string folder = path + "/" + input.name;
      if (!samples::is_folder(folder)) {
        return bad_input(fmt::format("{}: no such folder; a network with {} inputs reads PATH/<input>/<name>", folder,
                                     program.inputs.size()));
      }
      set.folders_.push_back(folder);
    }
    first = set.folders_[0];
  } else if (samples::is_folder(path)) {
    set.folders_.push_back(path);
  } else {
    set.single_file_ = path;
  }
  STRETTO_ASSIGN(const std::vector<std::string> files, samples::list_files(first));
  for (const std::string& file : files) set.names_.push_back(samples::file_name(file));
  return set;
}

Result<InputFile> InputSet::read(int file) const {
  InputFile out;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const std::string path = folders_.empty() ? single_file_ : folders_[i] + "/" + name(file);
    STRETTO_ASSIGN(samples::SampleFile sample,
                   samples::load_sample(path, inputs_[i].name, inputs_[i].type, preprocessing_));
    if (sample.bytes.size() % division_.input_bytes[i] != 0) {
      return bad_input(fmt::format("{}: {} bytes; this network's batch cannot be divided: give whole tensors of {}",
                                   path, sample.bytes.size(), division_.input_bytes[i]));
    }
    const auto count = static_cast<int64_t>(sample.bytes.size() / division_.input_bytes[i]);
    if (i > 0 && count != out.samples) {
      return bad_input(fmt::format("{}: holds {} samples, its namesake for input '{}' holds {}; make them agree", path,
                                   count, inputs_[0].name, out.samples));
    }
    if (i == 0) out.kind = sample.kind;
    out.samples = count;
    out.bytes.push_back(std::move(sample.bytes));
  }
  return out;
}

Result<int64_t> InputSet::count_samples() const {
  int64_t samples = 0;
  for (int f = 0; f < size(); ++f) {
    // A picture is one sample; anything else says by its size how many it holds.
    if (samples::kind_of(name(f)) == samples::FileKind::picture) {
      ++samples;
      continue;
    }
    STRETTO_ASSIGN(const InputFile file, read(f));
    samples += file.samples;
  }
  return samples;
}

Result<Share> InputSet::share(Share wanted) const {
  if (wanted == Share::all) return wanted;
  STRETTO_ASSIGN(const int64_t samples, count_samples());
  return samples < kFifth ? Share::all : wanted;
}

Result<int64_t> InputSet::count_batches(Share share) const {
  STRETTO_ASSIGN(const int64_t samples, count_samples());
  const int64_t fifths = samples / kFifth;
  const int64_t taken = share == Share::all ? samples : share == Share::every_fifth ? fifths : samples - fifths;
  return (taken + division_.batch - 1) / division_.batch;
}

BatchReader::BatchReader(const InputSet& set, const plan::Program& program, Share share) : set_(set), share_(share) {
  for (const plan::Binding& input : program.inputs) batch_.emplace_back(input.type);
}

Result<const std::vector<Tensor>*> BatchReader::next() {
  const Division& d = set_.division();
  filled_ = 0;
  while (filled_ < d.batch) {
    if (at_ == file_.samples) {
      if (next_file_ == set_.size()) break;
      const int file = next_file_++;
      at_ = file_.samples = 0;
      const bool one = samples::kind_of(set_.name(file)) == samples::FileKind::picture;
      if (one && !takes(share_, number_)) {
        ++number_;
        continue;
      }
      STRETTO_ASSIGN(file_, set_.read(file));
      continue;
    }
    if (takes(share_, number_++)) put(at_, filled_++);
    ++at_;
  }
  if (filled_ == 0) return nullptr;
  for (size_t i = 0; i < batch_.size(); ++i) {
    auto* bytes = static_cast<std::byte*>(batch_[i].mutable_data());
    const std::byte* last = bytes + static_cast<size_t>(filled_ - 1) * d.input_bytes[i];
    for (int64_t place = filled_; place < d.batch; ++place) {
      std::memcpy(bytes + static_cast<size_t>(place) * d.input_bytes[i], last, d.input_bytes[i]);
    }
  }
  return &batch_;
}

void BatchReader::put(int64_t sample, int64_t place) {
  const Division& d = set_.division();
  last_file_ = next_file_ - 1;
  for (size_t i = 0; i < file_.bytes.size(); ++i) {
    auto* to = static_cast<std::byte*>(batch_[i].mutable_data());
    std::memcpy(to + static_cast<size_t>(place) * d.input_bytes[i],
                file_.bytes[i].data() + static_cast<size_t>(sample) * d.input_bytes[i], d.input_bytes[i]);
  }
}

Result<std::vector<std::vector<Tensor>>> read_batches(const InputSet& set, const plan::Program& program, int limit) {
  std::vector<std::vector<Tensor>> batches;
  BatchReader reader(set, program);
  while (static_cast<int>(batches.size()) < limit) {
    STRETTO_ASSIGN(const std::vector<Tensor>* batch, reader.next());
    if (batch == nullptr) break;
    batches.emplace_back();
    for (const Tensor& tensor : *batch) {
      Tensor copy(tensor.type());
      std::memcpy(copy.mutable_data(), tensor.data(), tensor.bytes());
      batches.back().push_back(std::move(copy));
    }
  }
  return batches;
}

}  // namespace stretto
