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

Result<std::vector<std::vector<Tensor>>> read_batches(const InputSet& set, const plan::Program& program, int limit) {
  const Division& d = set.division();
  std::vector<std::vector<Tensor>> batches;
  int64_t filled = d.batch;
  for (int f = 0; f < set.size(); ++f) {
    STRETTO_ASSIGN(const InputFile file, set.read(f));
    for (int64_t s = 0; s < file.samples; ++s) {
      if (filled == d.batch) {
        if (static_cast<int>(batches.size()) == limit) return batches;
        batches.emplace_back();
        for (const plan::Binding& input : program.inputs) batches.back().emplace_back(input.type);
        filled = 0;
      }
      const bool last = f + 1 == set.size() && s + 1 == file.samples;
      do {
        for (size_t i = 0; i < file.bytes.size(); ++i) {
          auto* to = static_cast<std::byte*>(batches.back()[i].mutable_data());
          std::memcpy(to + static_cast<size_t>(filled) * d.input_bytes[i],
                      file.bytes[i].data() + static_cast<size_t>(s) * d.input_bytes[i], d.input_bytes[i]);
        }
        ++filled;
      } while (last && filled < d.batch);
    }
  }
  return batches;
}

}  // namespace stretto
