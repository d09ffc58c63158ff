// What the command line is made of, for programs: inspect, compare, diff, bench, devices, and files of samples.
#pragma once

#include <stretto/build.h>
#include <stretto/engine.h>
#include <stretto/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stretto {

// --- inspect and diff ------------------------------------------------------------------------------------------------

struct PlanLayer {
  std::string name, op, tactic, config, precision, input_layout, output_layout, output_shape, problem;
  double gflop = 0;
  size_t weights_bytes = 0;
  double time_ms = 0;  ///< when it was built
};

struct ProgramInfo {
  std::vector<TensorInfo> inputs, outputs;
  MemoryUse memory;
  std::vector<PlanLayer> layers;
  double time_ms = 0;  ///< of the whole, when it was built
};

struct PlanInfo {
  std::string path, model, model_sha256, precision, device, required_isa, machine, preprocess;
  std::string details;  ///< JSON text: what verification found, notes
  size_t file_bytes = 0, weights_bytes = 0;
  int threads = 1;
  std::vector<ProgramInfo> programs;
};

/// Reads a plan without needing the machine it was built for, as far as that is possible.
PlanInfo inspect_plan(const std::string& path);

struct ModelInfo {
  std::string path, producer;
  int64_t ir_version = 0, opset = 0;
  std::vector<TensorInfo> inputs, outputs;
  std::vector<std::pair<std::string, int>> operators;  ///< as written in the file, with counts
  std::vector<std::string> unsupported;                ///< "Name (how many: where)"
  std::vector<std::string> notes;                      ///< what importing assumed, or why it cannot be done
  std::vector<std::string> input_shapes;               ///< as the file says: "Nx3x224x224"
  size_t parameters = 0, weights_bytes = 0;
  double gflop = 0;
  struct Layer {
    std::string name, op, output_shape;
    double gflop = 0;
    size_t parameters = 0;
  };
  std::vector<Layer> layers;  ///< after import, before optimisation; empty when it cannot be imported
};
ModelInfo inspect_model(const std::string& path);
/// True if the file begins as a plan does.
bool is_plan(const std::string& path);

struct PlanDifference {
  std::string what, a, b;  ///< "layer conv1: tactic", "cpu.avx2.conv_direct", "cpu.avx512.conv_direct"
};
std::vector<PlanDifference> diff(const PlanInfo& a, const PlanInfo& b);

// --- compare ---------------------------------------------------------------------------------------------------------

struct LayerError {
  std::string name;
  double cosine = 1, sqnr_db = 0, relative = 0;
  /// Of steps on integers: what the step itself adds, computed from the model's exact values (rounded to the plan's
  /// integers), and what came in with its inputs. None where these values are not known by name.
  std::optional<double> own_sqnr_db, inherited_sqnr_db;
};
struct CompareReport {
  std::vector<OutputError> outputs;
  std::vector<LayerError> layers;  ///< values that exist in the model too; fused-away ones are not there
  int samples = 0;                 ///< runs of the plan's batch; every figure is the worst of them
};
/// Against the model in FP32 by the portable kernels. `input` empty: random samples. Fusion is as in the plan.
CompareReport compare(const std::string& plan, const std::string& model, const std::string& input = {},
                      int threads = 0);

// --- bench -----------------------------------------------------------------------------------------------------------

struct BenchOptions {
  int64_t iterations = 0;  ///< 0: by duration
  double duration_s = 3, warmup_s = 0.5;
  int threads = 0, contexts = 1;
  double rate_hz = 0, deadline_ms = 0;  ///< paced arrivals when rate > 0
  bool pacing = true;                   ///< of the contexts: see ContextOptions
  std::vector<int> cpus;                ///< shared out to the contexts, `threads` each
  int priority = 0;
  bool layers = true;
  std::string input;  ///< a sample; empty: random
  std::string trace;  ///< file for a timeline of a few iterations
  int program = 0;
  std::function<void(double fraction)> progress;  ///< called from the calling thread, a few times a second
};

struct LatencyStats {
  double mean = 0, std = 0, min = 0, p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

struct BenchLayer {
  std::string name, op, tactic, precision;
  double time_ms = 0, gflops = 0, percent_of_peak = 0;
};

struct BenchReport {
  std::string plan, device, precision, preprocess;
  int threads = 1, contexts = 1;
  int64_t batch = 1, iterations = 0;
  LatencyStats latency_ms;
  double throughput_per_s = 0;  ///< samples, all contexts together
  MemoryUse memory;
  size_t peak_rss_bytes = 0;
  double load_ms = 0;   ///< to open the plan; 0 for an engine that was given
  double first_ms = 0;  ///< load_ms and from there to the first result: making a context, its first run
  double cpu_s = 0;     ///< processor time used by the whole process while measuring
  double wall_s = 0;
  struct {
    double rate_hz = 0, deadline_ms = 0;
    int64_t missed = 0;
  } deadline;
  double peak_gflops = 0, clock_ghz = 0;  ///< measured in the same run, with `threads` threads
  std::vector<BenchLayer> layers;
  struct {
    std::string name;         ///< empty: the plan is not for a GPU, and the rest is 0
    LatencyStats network_ms;  ///< of the GPU's clock: all steps as one graph, without transfers, each run by itself
    double in_a_row_ms = 0;   ///< the same, mean of runs launched without waiting for each other
    double inputs_ms = 0, outputs_ms = 0;  ///< transfers to the GPU and back
    int driver = 0;                        ///< 13000 is CUDA 13.0
    double open_ms = 0;                    ///< of load_ms: until CUDA was up on this GPU
  } gpu;
};
/// `device` as for Engine::load.
BenchReport bench(const std::string& plan, const BenchOptions& options = {}, const std::string& device = {});
BenchReport bench(const Engine& engine, const BenchOptions& options = {});

// --- devices ---------------------------------------------------------------------------------------------------------

struct DeviceInfo {
  std::string name, model, best_isa;
  std::vector<std::string> isas;
  int cpus = 1;
  int64_t l1_bytes = 0, l2_bytes = 0, l3_bytes = 0;
  struct Peak {
    std::string isa;
    int threads = 1;
    double fp32_gflops = 0;
  };
  std::vector<Peak> peaks;
  double memory_gb_per_s = 0, clock_ghz = 0;
  bool gpu = false;  ///< then these hold, and of the above name, model, memory_gb_per_s and clock_ghz, by data sheet
  std::string compute_capability;
  int multiprocessors = 0, driver = 0;  ///< a driver of 13000 speaks CUDA 13.0
  size_t memory_bytes = 0, gpu_l2_bytes = 0;
};
/// The CPU, then every GPU. `no_gpu`: why there is none, if there is none and it is not null.
std::vector<DeviceInfo> devices(bool measure_peaks = true, std::string* no_gpu = nullptr);

// --- files -----------------------------------------------------------------------------------------------------------

/// The file appears whole or not at all. Throws Error.
void save_text(const std::string& text, const std::string& path);

// --- samples ---------------------------------------------------------------------------------------------------------

enum class SampleFormat { automatic, raw, npy };

struct RunOptions {
  std::string input, output;
  SampleFormat format = SampleFormat::automatic;
  int threads = 0, program = 0;  ///< threads of each context
  int contexts = 1;              ///< batches run in parallel, one on each
  int iterations = 1;            ///< every batch this many times; times are of all of them
  double warmup_s = 0;           ///< runs of the first batch that are not counted
  double duration_s = 0;         ///< repeat batches until about this long; not less than `iterations`
  std::function<void(int done, int total)> progress;  ///< files; called from the calling thread
};
struct RunReport {
  int files = 0, samples = 0, batches = 0;
  double total_ms = 0, mean_ms = 0, std_ms = 0;  ///< of runs alone, without reading and writing
  std::vector<std::string> written;
};
/// Every sample of `input` through the engine: a file or folder of raw float32, .npy, .jpg/.png (with the plan's
/// preprocessing); a network with several inputs reads `input`/<name of the input>/<file>. A file holds one sample or a
/// whole input tensor, told apart by its size; a last, partial batch is filled up and its surplus dropped. One file is
/// written for each file read, under its name, as raw bytes or .npy; several outputs go to `output`/<name of the
/// output>/<file>. `output` empty: nothing is written.
RunReport run_files(const Engine& engine, const RunOptions& options);

}  // namespace stretto
