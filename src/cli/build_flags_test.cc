#include "cli/build_flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/parse.h"

namespace stretto::cli {
namespace {

BuildOptions options_of(const std::string& line) {
  CLI::App app;
  BuildFlags flags;
  add_build_flags(app, flags, true);
  app.parse(line);
  return to_build_options(flags);
}

/// The kind of Error that a command line ends in; nothing if it is accepted.
std::optional<ErrorKind> kind_of(const std::string& line) {
  try {
    options_of(line);
    return std::nullopt;
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.kind();
  }
}

TEST(Shapes, LastColonDividesAndInputsShareAnOption) {
  EXPECT_EQ(parse_shapes("x:1x3x224x224"), (ShapeSet{{"x", {1, 3, 224, 224}}}));
  EXPECT_EQ(parse_shapes("a:1x3,b:1x4"), (ShapeSet{{"a", {1, 3}}, {"b", {1, 4}}}));
  EXPECT_EQ(parse_shapes("input:0:8"), (ShapeSet{{"input:0", {8}}}));
  EXPECT_EQ(parse_shapes("a,b:2x2,c:3"), (ShapeSet{{"a,b", {2, 2}}, {"c", {3}}}));
}

TEST(Shapes, WrongOnesAreRefused) {
  for (const char* text : {"", "x", "x:", ":1x3", "x:0", "x:-1x3", "x:1x", "x:1,", "x:1,y", "x:1x1x1x1x1x1x1x1x1",
                           "x:99999999999999999999", "x:1.5", ","}) {
    EXPECT_THROW(parse_shapes(text), Error) << text;
  }
}

TEST(BuildFlags, DefaultsAreTheContracts) {
  const BuildOptions o = options_of("");
  EXPECT_EQ(o.device, "cpu");
  EXPECT_EQ(o.precision, Precision::fp32);
  EXPECT_EQ(o.time_budget_s, 120);
  EXPECT_EQ(o.selection, Selection::measure);
  EXPECT_TRUE(o.verify);
}

TEST(BuildFlags, ValuesArrive) {
  const BuildOptions o = options_of(
      "--shape a:1x3,b:1x4 --shape a:2x3,b:2x4 --batch 4 --threads 2 --time-budget 7.5 --memory 64 --isa avx2 "
      "--skip-pass x --skip-pass y --list-tactics --preprocess resize=256,crop=224,mean=0.4,0.5,0.6 --force n=t");
  ASSERT_EQ(o.shapes.size(), 2u);
  EXPECT_EQ(o.shapes[1], (ShapeSet{{"a", {2, 3}}, {"b", {2, 4}}}));
  EXPECT_EQ(o.batch, 4);
  EXPECT_EQ(o.threads, 2);
  EXPECT_EQ(o.memory_limit_bytes, size_t{64} << 20);
  EXPECT_EQ(o.skip_passes, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(o.preprocess, "resize=256,crop=224,mean=0.4,0.5,0.6");
  EXPECT_EQ(o.force_tactics, std::vector<std::string>{"n=t"});
}

TEST(BuildFlags, Int8WithoutSamplesOrRecipeIsWrongUsage) {
  EXPECT_EQ(kind_of("--precision int8"), ErrorKind::bad_usage);
  EXPECT_EQ(kind_of("--precision fp16,int8"), ErrorKind::bad_usage);
}

TEST(BuildFlags, QuantisationArrives) {
  const BuildOptions o = options_of(
      "--precision int8 --calib d --calib-cache c --calib-method mse --layer a=b=fp32 "
      "--layer c=int8 --export-onnx q.onnx");
  EXPECT_EQ(o.precision, Precision::int8);
  EXPECT_EQ(o.calibration, "d");
  EXPECT_EQ(o.calibration_cache, "c");
  EXPECT_EQ(o.calibration_method, "mse");
  EXPECT_EQ(o.export_onnx, "q.onnx");
  ASSERT_EQ(o.layer_types.size(), 2u);
  EXPECT_EQ(o.layer_types[0], (std::pair<std::string, Precision>{"a=b", Precision::fp32}));
  EXPECT_EQ(o.layer_types[1], (std::pair<std::string, Precision>{"c", Precision::int8}));
}

TEST(BuildFlags, ErrorBoundArrivesWhereThereAreSamples) {
  EXPECT_EQ(options_of("").max_error, 0);
  EXPECT_EQ(options_of("--precision int8 --calib d --max-error 0.25").max_error, 0.25);
  EXPECT_EQ(kind_of("--precision int8 --calib-cache c --verify-input d --max-error 0.1"), std::nullopt);
  EXPECT_EQ(kind_of("--precision fp16 --verify-input d --max-error 0.1"), std::nullopt);
}

TEST(BuildFlags, ExplainArrivesWithAndWithoutAPage) {
  EXPECT_FALSE(options_of("--precision int8 --calib d").explain);
  EXPECT_TRUE(options_of("--precision int8 --calib d --explain").explain);
  EXPECT_TRUE(options_of("--precision int8 --calib-cache c --verify-input d --explain=a.html").explain);
  BuildFlags flags;
  EXPECT_EQ(page_of(flags), "");
  flags.explain = "true";
  EXPECT_EQ(page_of(flags), "");
  flags.explain = "a.html";
  EXPECT_EQ(page_of(flags), "a.html");
}

TEST(BuildFlags, WhatThisBuildCannotDoFails) {
  for (const char* line : {"--precision bf16", "--precision fp32,tf32", "--device cuda --precision bf16",
                           "--precision fp16 --layer conv1=fp16"}) {
    EXPECT_EQ(kind_of(line), ErrorKind::failed) << line;
  }
}

TEST(BuildFlags, ContradictionsAndUnknownNamesAreWrongUsage) {
  for (const char* line : {"--calib d",
                           "--calib-cache c",
                           "--max-error 0.1",
                           "--explain",
                           "--explain=a.html",
                           "--export-onnx a",
                           "--calib-method mse",
                           "--precision int8 --calib-cache c --calib-method mse",
                           "--precision int8 --calib-cache c --max-error 0.1",
                           "--precision fp16 --max-error 0.1",
                           "--precision int8 --calib d --max-error nan",
                           "--precision int8 --calib-cache c --explain",
                           "--precision int8 --calib d --explain=no/such/folder/a.html",
                           "--precision int8 --calib d --calib-cache no/such/folder",
                           "--log-tactics no/such/folder",
                           "--precision fp8",
                           "--device tpu",
                           "--device cuda:x",
                           "--isa sse9",
                           "--layer conv1",
                           "--layer conv1=int8",
                           "--layer =fp32",
                           "--shape x"}) {
    EXPECT_EQ(kind_of(line), ErrorKind::bad_usage) << line;
  }
  for (const char* line :
       {"--layer conv1=fp32 --precision fp32", "--device cuda --precision tf32", "--device cuda:1"}) {
    EXPECT_EQ(kind_of(line), std::nullopt) << line;
  }
}

TEST(BuildFlags, OptionsDoNotSwallowWhatFollows) {
  for (const char* line : {"--precision fp32 m.onnx", "--shape x:1 m.onnx", "--explain m.onnx", "--layer a=fp32 m.onnx",
                           "--skip-pass p m.onnx", "--force t m.onnx"}) {
    CLI::App app;
    BuildFlags flags;
    std::string model;
    app.add_option("MODEL", model);
    add_build_flags(app, flags, true);
    app.parse(line);
    EXPECT_EQ(model, "m.onnx") << line;
  }
  EXPECT_EQ(kind_of("--precision fp32,fp16 --threads 1"), std::nullopt);
}

TEST(BuildFlags, BadNumbersDoNotParse) {
  for (const char* line : {"--batch 0", "--max-error 0", "--max-error -1", "--max-error inf", "--threads 0",
                           "--threads x", "--time-budget -1", "--types both", "--nonsense"}) {
    EXPECT_THROW(options_of(line), CLI::ParseError) << line;
  }
}

}  // namespace
}  // namespace stretto::cli
