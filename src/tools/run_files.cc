#include <fmt/format.h>
#include <stretto/tools.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <future>

#include "base/cpu_info.h"
#include "builder/input_set.h"
#include "runtime/engine_impl.h"
#include "runtime/throw.h"
#include "samples/files.h"
#include "samples/npy.h"
#include "tools/latency.h"

namespace stretto {
namespace {

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A file on its way through: its outputs so far, by output.
struct FileResult {
  std::string name;
  samples::FileKind kind = samples::FileKind::raw;
  int64_t samples = 0, done = 0;
  std::vector<std::vector<std::byte>> outputs;
};

/// Where one sample of a batch belongs.
struct Place {
  std::shared_ptr<FileResult> file;
  int64_t sample = 0;
};

/// One context, the batch it works on, and the runs under way.
struct Slot {
  Context context;
  std::vector<std::vector<std::byte>> inputs, outputs;
  std::vector<InputView> input_views;
  std::vector<OutputView> output_views;
  std::vector<Place> places;
  std::future<std::vector<double>> times;
};

class FileRun {
 public:
  FileRun(const Engine& engine, const RunOptions& options)
      : options_(options),
        program_(engine.impl()->program(options.program)),
        set_(value_or_throw(InputSet::open(options.input, program_, engine.impl()->plan().preprocess.spec))) {
    check();
    const int contexts = std::max(1, options.contexts);
    const int threads = options.threads > 0 ? options.threads : std::max(1, usable_cpus() / contexts);
    for (int i = 0; i < contexts; ++i) add_slot(engine.context({.threads = threads, .program = options.program}));
    if (!options.output.empty()) make_folders();
  }

  RunReport run() {
    for (int f = 0; f < set_.size(); ++f) {
      const InputFile file = value_or_throw(set_.read(f));
      auto result = std::make_shared<FileResult>();
      result->name = set_.name(f);
      result->kind = file.kind;
      result->samples = file.samples;
      for (size_t bytes : division().output_bytes) {
        result->outputs.emplace_back(bytes * static_cast<size_t>(file.samples));
      }
      for (int64_t s = 0; s < file.samples; ++s) add_sample(file, s, result);
      ++report_.files;
      if (options_.progress) options_.progress(f + 1, set_.size());
    }
    start_batch();
    for (size_t i = 0; i < slots_.size(); ++i) finish(slots_[(current_ + i) % slots_.size()]);
    const LatencyStats stats = tools::latency_stats(times_);
    for (double t : times_) report_.total_ms += t;
    report_.mean_ms = stats.mean;
    report_.std_ms = stats.std;
    return std::move(report_);
  }

 private:
  const Division& division() const { return set_.division(); }

  void check() const {
    namespace fs = std::filesystem;
    std::error_code ec;
    const bool wrong = options_.iterations < 1 || options_.contexts < 1 || options_.threads < 0 ||
                       options_.warmup_s < 0 || options_.duration_s < 0;
    if (wrong) throw Error(ErrorKind::bad_usage, "run: a count or time is out of range; see --help");
    const fs::path source =
        samples::is_folder(options_.input) ? fs::path(options_.input) : fs::absolute(options_.input, ec).parent_path();
    if (!options_.output.empty() && fs::equivalent(source, options_.output, ec)) {
      throw Error(ErrorKind::bad_usage,
                  options_.output + ": outputs would overwrite the inputs; give another folder with --output");
    }
  }

  std::string folder_of(size_t output) const {
    return program_.outputs.size() > 1 ? options_.output + "/" + program_.outputs[output].name : options_.output;
  }

  void make_folders() const {
    for (size_t i = 0; i < program_.outputs.size(); ++i) throw_if_failed(samples::make_folder(folder_of(i)));
  }

  void add_slot(Context context) {
    Slot slot{std::move(context), {}, {}, {}, {}, {}, {}};
    for (const plan::Binding& b : program_.inputs) {
      slot.inputs.emplace_back(b.type.bytes());
      slot.input_views.emplace_back(b.name, slot.inputs.back().data(), b.type.bytes());
    }
    for (const plan::Binding& b : program_.outputs) {
      slot.outputs.emplace_back(b.type.bytes());
      slot.output_views.emplace_back(b.name, slot.outputs.back().data(), b.type.bytes());
    }
    slots_.push_back(std::move(slot));
  }

  /// Puts a sample into the batch being filled; starts the batch when it is full.
  void add_sample(const InputFile& file, int64_t sample, const std::shared_ptr<FileResult>& result) {
    Slot& slot = slots_[current_];
    if (slot.places.empty()) finish(slot);
    for (size_t i = 0; i < slot.inputs.size(); ++i) {
      const size_t bytes = division().input_bytes[i];
      copy_share(file.bytes[i].data(), static_cast<size_t>(sample), slot.inputs[i].data(), slot.places.size(), bytes,
                 slot.inputs[i].size());
    }
    slot.places.push_back({result, sample});
    ++report_.samples;
    if (static_cast<int64_t>(slot.places.size()) == division().batch) start_batch();
  }

  static void copy_share(const std::byte* from, size_t from_index, std::byte* to, size_t to_index, size_t bytes,
                         size_t room) {
    if ((to_index + 1) * bytes <= room) std::memcpy(to + to_index * bytes, from + from_index * bytes, bytes);
  }

  /// Fills up what is left of the current batch with its last sample, and sets it going.
  void start_batch() {
    Slot& slot = slots_[current_];
    if (slot.places.empty() || slot.times.valid()) return;
    for (size_t at = slot.places.size(); at < static_cast<size_t>(division().batch); ++at) {
      for (size_t i = 0; i < slot.inputs.size(); ++i) {
        std::byte* data = slot.inputs[i].data();
        copy_share(data, at - 1, data, at, division().input_bytes[i], slot.inputs[i].size());
      }
    }
    const double warmup_s = report_.batches == 0 ? options_.warmup_s : 0;
    const auto policy = slots_.size() > 1 ? std::launch::async : std::launch::deferred;
    slot.times = std::async(policy, [this, &slot, warmup_s] { return run_batch(slot, warmup_s); });
    ++report_.batches;
    if (slots_.size() == 1) finish(slot);
    current_ = (current_ + 1) % slots_.size();
  }

  std::vector<double> run_batch(Slot& slot, double warmup_s) const {
    const double share_ms = options_.duration_s * 1e3 * static_cast<double>(division().batch) / set_.size();
    std::vector<double> times;
    for (const auto start = Clock::now(); ms_since(start) < warmup_s * 1e3;) {
      slot.context.run(slot.input_views, slot.output_views);
    }
    const auto start = Clock::now();
    while (static_cast<int>(times.size()) < options_.iterations || ms_since(start) < share_ms) {
      const auto begin = Clock::now();
      slot.context.run(slot.input_views, slot.output_views);
      times.push_back(ms_since(begin));
    }
    return times;
  }

  /// Waits for the slot's batch, hands its outputs to their files, and writes those that are complete.
  void finish(Slot& slot) {
    if (!slot.times.valid()) return;
    const std::vector<double> times = slot.times.get();
    times_.insert(times_.end(), times.begin(), times.end());
    for (size_t at = 0; at < slot.places.size(); ++at) {
      FileResult& file = *slot.places[at].file;
      for (size_t i = 0; i < slot.outputs.size(); ++i) {
        copy_share(slot.outputs[i].data(), at, file.outputs[i].data(), static_cast<size_t>(slot.places[at].sample),
                   division().output_bytes[i], file.outputs[i].size());
      }
      if (++file.done == file.samples && !options_.output.empty()) write(file);
    }
    slot.places.clear();
  }

  void write(const FileResult& file) {
    const bool npy = options_.format == SampleFormat::npy ||
                     (options_.format == SampleFormat::automatic && file.kind == samples::FileKind::npy);
    for (size_t i = 0; i < file.outputs.size(); ++i) {
      const std::string path = folder_of(i) + "/" + file.name;
      TensorType type = program_.outputs[i].type;
      if (!type.shape.empty()) type.shape[0] = type.shape[0] / division().batch * file.samples;
      const auto& bytes = file.outputs[i];
      throw_if_failed(samples::write_file(path, npy ? samples::to_npy(type, bytes.data()) : bytes));
      report_.written.push_back(path);
    }
  }

  const RunOptions& options_;
  const plan::Program& program_;
  InputSet set_;
  std::vector<Slot> slots_;
  size_t current_ = 0;
  std::vector<double> times_;
  RunReport report_;
};

}  // namespace

RunReport run_files(const Engine& engine, const RunOptions& options) {
  return FileRun(engine, options).run();
}

}  // namespace stretto
