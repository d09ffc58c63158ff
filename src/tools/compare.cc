// compare(): a plan beside the reference of its model, on the same inputs, tensor by tensor of the same name.
#include <stretto/tools.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/cpu_info.h"
#include "builder/error_stats.h"
#include "builder/input_set.h"
#include "builder/reference.h"
#include "builder/verify.h"
#include "runtime/executor.h"
#include "runtime/resolve.h"
#include "runtime/throw.h"
#include "tools/mappings.h"
#include "tools/own_errors.h"

namespace stretto {
namespace {

using tools::Mappings;

/// Dense copies kept at once take no more than this; more values mean more runs.
constexpr size_t kMaxKeptBytes = size_t{512} << 20;
constexpr int kRandomSamples = 2, kMaxBatches = 32;

using Names = std::set<std::string>;

/// Keeps dense copies of the tensors with the wanted names.
struct Keeper : StepObserver {
  const Executor* executor = nullptr;
  const Names* wanted = nullptr;
  std::map<std::string, Tensor> kept;
  void step_done(int i, int64_t) override {
    const uint32_t id = executor->program().steps[static_cast<size_t>(i)].output;
    const plan::ProgramTensor& t = executor->program().tensors[id];
    if (!wanted->contains(t.name)) return;
    Tensor copy(t.type);
    to_plain(t.type, t.layout, executor->tensor_data(id), copy.mutable_data());
    kept[t.name] = std::move(copy);
  }
};

/// An executor with memory for its outputs.
struct Side {
  std::unique_ptr<Executor> executor;
  std::vector<Tensor> outputs;
  std::vector<void*> output_pointers;

  static Result<Side> create(std::shared_ptr<const plan::Plan> plan, int threads) {
    STRETTO_ASSIGN(auto resolved, resolve(std::move(plan)));
    Side side;
    STRETTO_ASSIGN(side.executor, Executor::create(std::move(resolved), 0, threads));
    for (const plan::Binding& output : side.executor->program().outputs) {
      side.outputs.emplace_back(output.type);
      side.output_pointers.push_back(side.outputs.back().mutable_data());
    }
    return side;
  }

  /// Those of the wanted values that a step writes or that are inputs.
  std::map<std::string, Tensor> run(const SampleInputs& sample, const Names& wanted) {
    std::vector<const void*> inputs;
    for (const Tensor& t : sample) inputs.push_back(t.data());
    Keeper keeper;
    keeper.executor = executor.get();
    keeper.wanted = &wanted;
    executor->run(inputs, output_pointers, &keeper);
    for (size_t i = 0; i < sample.size(); ++i) keeper.kept.emplace(executor->program().inputs[i].name, sample[i]);
    return std::move(keeper.kept);
  }
};

bool outputs_agree(const plan::Program& a, const plan::Program& b) {
  const auto same = [](const plan::Binding& x, const plan::Binding& y) { return x.name == y.name && x.type == y.type; };
  return std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(), same) &&
         std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), same);
}

/// Names of values in floating point that steps of both programs write, ours perhaps as integers of a known scale, in
/// the plan's order, in groups small enough to keep.
std::vector<std::vector<std::string>> common_values(const plan::Program& ours, const plan::Program& theirs,
                                                    const Mappings& mappings) {
  std::map<std::string, TensorType> reference;
  for (const plan::Step& step : theirs.steps) {
    reference[theirs.tensors[step.output].name] = theirs.tensors[step.output].type;
  }
  std::vector<std::vector<std::string>> groups;
  size_t bytes = kMaxKeptBytes;
  for (const plan::Step& step : ours.steps) {
    const plan::ProgramTensor& t = ours.tensors[step.output];
    const auto found = reference.find(t.name);
    if (found == reference.end() || !tools::is_known(mappings, t.name, t.type) ||
        !(found->second == TensorType{DType::f32, t.type.shape}))
      continue;
    const size_t both = 2 * found->second.bytes();
    if (bytes + both > kMaxKeptBytes) {
      groups.emplace_back();
      bytes = 0;
    }
    bytes += both;
    groups.back().push_back(t.name);
    reference.erase(found);
  }
  if (groups.empty()) groups.emplace_back();
  return groups;
}

void take_worst(OutputError& worst, const Tensor& y, const Tensor& r) {
  ErrorStats stats;
  stats.sqnr_db = kExactSqnr;
  if (y.dtype() == DType::f32) {
    stats = compare_tensors(y.as<float>(), r.as<float>());
  } else if (std::memcmp(y.data(), r.data(), y.bytes()) != 0) {
    stats.relative = stats.max_abs = 1;
    stats.sqnr_db = 0;
  }
  worst.relative = std::max(worst.relative, stats.relative);
  worst.max_abs = std::max(worst.max_abs, stats.max_abs);
  worst.mean_abs = std::max(worst.mean_abs, stats.mean_abs);
  worst.cosine = std::min(worst.cosine, stats.cosine);
  worst.sqnr_db = std::min(worst.sqnr_db, stats.sqnr_db);
}

void take_worst(LayerError& worst, const Tensor& y, const Tensor& r) {
  const ErrorStats stats = compare_tensors(y.as<float>(), r.as<float>());
  worst.relative = std::max(worst.relative, stats.relative);
  worst.cosine = std::min(worst.cosine, stats.cosine);
  worst.sqnr_db = std::min(worst.sqnr_db, stats.sqnr_db);
}

void take_worst(std::optional<double>& worst, double db) {
  worst = std::min(worst.value_or(kExactSqnr), db);
}

Result<std::vector<SampleInputs>> samples_for(const plan::Plan& plan, const std::string& input) {
  const plan::Program& program = plan.programs[0];
  std::vector<SampleInputs> samples;
  if (input.empty()) {
    for (int i = 0; i < kRandomSamples; ++i) samples.push_back(random_sample(program, static_cast<uint64_t>(i + 1)));
    return samples;
  }
  STRETTO_ASSIGN(const InputSet set, InputSet::open(input, program, plan.preprocess.spec));
  return read_batches(set, program, kMaxBatches);
}

Result<CompareReport> compare_sides(Side& ours, Side& theirs, const std::vector<SampleInputs>& samples,
                                    const Mappings& mappings, tools::OwnErrors& own) {
  CompareReport report;
  for (const plan::Binding& output : ours.executor->program().outputs) {
    report.outputs.push_back({output.name, 0, 0, 0, 1, kExactSqnr});
  }
  const auto groups = common_values(ours.executor->program(), theirs.executor->program(), mappings);
  std::map<std::string, size_t> position;
  for (const auto& group : groups) {
    for (const std::string& name : group) {
      position[name] = report.layers.size();
      report.layers.push_back({name, 1, kExactSqnr, 0, {}, {}});
    }
  }
  for (const SampleInputs& sample : samples) {
    for (const auto& group : groups) {
      const Names wanted(group.begin(), group.end());
      Names read = wanted;
      for (const std::string& name : group) {
        for (std::string& source : own.sources_of(name)) read.insert(std::move(source));
      }
      const auto expected = theirs.run(sample, read);
      auto made = ours.run(sample, wanted);
      for (const std::string& name : group) {
        LayerError& layer = report.layers[position[name]];
        const Tensor q = tools::to_reals(std::move(made.at(name)), name, mappings);
        take_worst(layer, q, expected.at(name));
        STRETTO_ASSIGN(const std::optional<tools::OwnError> parts, own.of(name, expected, q));
        if (!parts) continue;
        take_worst(layer.own_sqnr_db, parts->own_db);
        take_worst(layer.inherited_sqnr_db, parts->inherited_db);
      }
    }
    for (size_t i = 0; i < report.outputs.size(); ++i) {
      take_worst(report.outputs[i], ours.outputs[i], theirs.outputs[i]);
    }
    ++report.samples;
  }
  return report;
}

Result<CompareReport> compare_files(const std::string& plan_path, const std::string& model, const std::string& input,
                                    int threads) {
  STRETTO_ASSIGN(plan::Plan loaded, plan::load(plan_path));
  const auto plan = std::make_shared<const plan::Plan>(std::move(loaded));
  if (plan->programs.empty()) return bad_input(plan_path + ": a plan without programs; build it again");
  std::vector<std::pair<std::string, Dims>> shapes;
  for (const plan::Binding& b : plan->programs[0].inputs) shapes.emplace_back(b.name, b.type.shape);
  STRETTO_ASSIGN(const auto reference, build_reference(model, shapes, threads));
  if (reference->programs.empty() || !outputs_agree(plan->programs[0], reference->programs[0])) {
    return bad_usage(plan_path + ": was not built from '" + model + "': inputs or outputs differ; give its own model");
  }
  STRETTO_ASSIGN(const auto samples, samples_for(*plan, input));
  STRETTO_ASSIGN(Side ours, Side::create(plan, threads));
  STRETTO_ASSIGN(Side theirs, Side::create(reference, threads));
  const Mappings mappings = tools::mappings_of(plan->report.details);
  STRETTO_ASSIGN(auto resolved, resolve(plan));
  tools::OwnErrors own(std::move(resolved), reference->programs[0], mappings, threads);
  return compare_sides(ours, theirs, samples, mappings, own);
}

}  // namespace

CompareReport compare(const std::string& plan, const std::string& model, const std::string& input, int threads) {
  return value_or_throw(compare_files(plan, model, input, threads > 0 ? threads : usable_cpus()));
}

}  // namespace stretto
