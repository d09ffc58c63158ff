#include <gtest/gtest.h>
#include <stretto/tools.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "builder/input_set.h"
#include "samples/files.h"
#include "tools/latency.h"
#include "tools/peak.h"
#include "tools/trace.h"

namespace stretto {
namespace {
namespace fs = std::filesystem;

TEST(Latency, PercentilesAreNearestRank) {
  std::vector<double> ms;
  for (int i = 1000; i >= 1; --i) ms.push_back(i);
  const LatencyStats stats = tools::latency_stats(ms);
  EXPECT_EQ(stats.min, 1);
  EXPECT_EQ(stats.p50, 500);
  EXPECT_EQ(stats.p90, 900);
  EXPECT_EQ(stats.p99, 990);
  EXPECT_EQ(stats.p999, 999);
  EXPECT_EQ(stats.max, 1000);
  EXPECT_NEAR(stats.mean, 500.5, 1e-9);
  EXPECT_NEAR(stats.std, 288.8194, 1e-3);
}

TEST(Latency, OneOrNoneIsFine) {
  EXPECT_EQ(tools::latency_stats({}).p999, 0);
  EXPECT_EQ(tools::latency_stats({3}).p999, 3);
  EXPECT_EQ(tools::latency_stats({3}).std, 0);
}

PlanInfo plan_info() {
  PlanInfo info;
  info.model = "a.onnx";
  ProgramInfo program;
  PlanLayer layer;
  layer.name = "conv1";
  layer.tactic = "cpu.generic.conv";
  layer.config = "1x0x0x0";
  program.layers = {layer};
  info.programs = {program};
  return info;
}

TEST(Diff, EqualPlansHaveNoDifferences) {
  EXPECT_TRUE(diff(plan_info(), plan_info()).empty());
}

TEST(Diff, SaysWhatChangedInWhichLayer) {
  const PlanInfo a = plan_info();
  PlanInfo b = plan_info();
  b.programs[0].layers[0].tactic = "cpu.avx2.conv_direct";
  b.programs[0].layers[0].config = "2x0x0x0";
  PlanLayer added;
  added.name = "relu1";
  added.tactic = "cpu.generic.unary";
  b.programs[0].layers.push_back(added);
  const auto differences = diff(a, b);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].what, "layer conv1: tactic");
  EXPECT_EQ(differences[0].b, "cpu.avx2.conv_direct");
  EXPECT_EQ(differences[1].what, "layer relu1");
  EXPECT_EQ(differences[1].a, "-");
}

TEST(Trace, EventsFollowEachOther) {
  StepTime step;
  step.name = "conv \"1\"\n";
  step.ms = 2;
  const auto trace = nlohmann::json::parse(tools::trace_json("net", {{step, step}, {step, step}}));
  double end = 0;
  int steps = 0;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X" || !event.contains("cat")) continue;
    EXPECT_EQ(event["ts"].get<double>(), end);
    end += event["dur"].get<double>();
    ++steps;
  }
  EXPECT_EQ(steps, 4);
  EXPECT_EQ(end, 8000);
}

TEST(Peak, IsPlausible) {
  const double gflops = tools::measure_peak_gflops(tools::widest_float_isa(), 1);
  EXPECT_GT(gflops, 0.05);
  EXPECT_LT(gflops, 10000);
  EXPECT_GT(tools::measure_clock_ghz(), 0.05);
  EXPECT_LT(tools::measure_clock_ghz(), 20);
}

plan::Program program_with(std::vector<Shape> inputs, std::vector<Shape> outputs) {
  plan::Program program;
  for (size_t i = 0; i < inputs.size(); ++i)
    program.inputs.push_back({"in" + std::to_string(i), {DType::f32, inputs[i]}, 0});
  for (size_t i = 0; i < outputs.size(); ++i) {
    program.outputs.push_back({"out" + std::to_string(i), {DType::f32, outputs[i]}, 0});
  }
  return program;
}

TEST(Division, IsByTheCommonFirstDimension) {
  EXPECT_EQ(divide(program_with({{4, 3}, {4, 2}}, {{4, 5}})).batch, 4);
  EXPECT_EQ(divide(program_with({{4, 3}}, {{8, 5}})).output_bytes[0], 2 * 5 * sizeof(float));
  EXPECT_EQ(divide(program_with({{4, 3}, {1, 2}}, {{4, 5}})).batch, 1);
  EXPECT_EQ(divide(program_with({{4, 3}}, {{6, 5}})).batch, 1);
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("stretto_tools_test." + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  void put(const std::string& name, const std::vector<float>& values) const {
    fs::create_directories((path / name).parent_path());
    const auto bytes = std::as_bytes(std::span(values));
    ASSERT_TRUE(samples::write_file((path / name).string(), bytes).ok());
  }
};

TEST(InputSet, LastBatchIsFilledUp) {
  const Folder folder;
  for (int i = 0; i < 3; ++i)
    folder.put("s" + std::to_string(i), {static_cast<float>(i), 10.0f + static_cast<float>(i)});
  const plan::Program program = program_with({{2, 2}}, {{2, 1}});
  const auto set = InputSet::open(folder.path.string(), program, "");
  ASSERT_TRUE(set.ok()) << set.status().message();
  const auto batches = read_batches(*set, program, 100);
  ASSERT_TRUE(batches.ok()) << batches.status().message();
  ASSERT_EQ(batches->size(), 2u);
  const auto last = (*batches)[1][0].as<float>();
  EXPECT_EQ(std::vector<float>(last.begin(), last.end()), (std::vector<float>{2, 12, 2, 12}));
  EXPECT_EQ(read_batches(*set, program, 1)->size(), 1u);
}

/// The first numbers of all samples of a share, read in batches of two.
std::vector<float> read_share(const InputSet& set, const plan::Program& program, Share share) {
  std::vector<float> all;
  BatchReader reader(set, program, share);
  int64_t batches = 0;
  while (true) {
    const auto batch = reader.next();
    EXPECT_TRUE(batch.ok());
    if (!batch.ok() || *batch == nullptr) break;
    ++batches;
    const auto values = (**batch)[0].as<float>();
    for (int64_t s = 0; s < 2; ++s) {
      const float first = values[static_cast<size_t>(2 * s)];
      if (s < reader.samples()) {
        all.push_back(first);
      } else {
        EXPECT_EQ(first, all.back()) << "a batch is filled up with its last sample";
      }
    }
  }
  EXPECT_EQ(set.count_batches(share).value(), batches);
  return all;
}

TEST(InputSet, EveryFifthSampleAndTheOthersAreAllSamples) {
  const Folder folder;
  // Files hold one sample or two: shares count samples, not files.
  float next = 0;
  for (int f = 0; f < 10; ++f) {
    std::vector<float> values;
    for (int s = 0; s < (f % 3 == 0 ? 1 : 2); ++s) values.insert(values.end(), {next++, -1});
    folder.put("f" + std::to_string(f), values);
  }
  const plan::Program program = program_with({{2, 2}}, {{2, 1}});
  const auto set = InputSet::open(folder.path.string(), program, "");
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_EQ(set->count_samples().value(), 16);
  EXPECT_EQ(read_share(*set, program, Share::every_fifth), (std::vector<float>{4, 9, 14}));
  EXPECT_EQ(read_share(*set, program, Share::four_fifths),
            (std::vector<float>{0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15}));
  EXPECT_EQ(read_share(*set, program, Share::all).size(), 16u);
  EXPECT_EQ(set->share(Share::every_fifth).value(), Share::every_fifth);
}

TEST(InputSet, FewerThanFiveSamplesAreNotDivided) {
  const Folder folder;
  for (const char* name : {"a", "b", "c", "d"}) folder.put(name, {1, 2});
  const plan::Program program = program_with({{1, 2}}, {{1, 1}});
  const auto set = InputSet::open(folder.path.string(), program, "");
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_EQ(set->share(Share::every_fifth).value(), Share::all);
  folder.put("e", {9, 10});
  const auto five = InputSet::open(folder.path.string(), program, "");
  ASSERT_TRUE(five.ok());
  EXPECT_EQ(five->share(Share::four_fifths).value(), Share::four_fifths);
}

TEST(InputSet, SeveralInputsReadFoldersOfTheirNames) {
  const Folder folder;
  const plan::Program program = program_with({{1, 2}, {1, 1}}, {{1, 1}});
  folder.put("in0/a", {1, 2});
  EXPECT_FALSE(InputSet::open(folder.path.string(), program, "").ok());
  folder.put("in1/a", {3});
  const auto set = InputSet::open(folder.path.string(), program, "");
  ASSERT_TRUE(set.ok()) << set.status().message();
  const auto file = set->read(0);
  ASSERT_TRUE(file.ok()) << file.status().message();
  EXPECT_EQ(file->bytes[1].size(), sizeof(float));
  folder.put("in1/a", {3, 4});
  EXPECT_FALSE(set->read(0).ok());
}

}  // namespace
}  // namespace stretto
