#include "plan/plan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/hash.h"
#include "plan/format.h"

namespace stretto::plan {
namespace {

constexpr char kProblem[] = "%0 f32[1x8x2x2] plain in; %1 f32[1x8x2x2] plain out; %1 = unary(kind=relu,a=0,b=0) %0";

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* p = reinterpret_cast<const std::byte*>(text.data());
  return {p, p + text.size()};
}

/// x → relu → mid → relu → y, twice.
Plan sample() {
  Plan plan;
  plan.required_isa = Isa::avx2;
  WeightsPool pool;
  const uint64_t weights = pool.add(bytes_of("some weights"));
  const TensorType type{DType::f32, {1, 8, 2, 2}};
  for (int i = 0; i < 2; ++i) {
    Program p;
    p.inputs = {{"x", type, 0}};
    p.outputs = {{"y", type, 2}};
    p.tensors = {{"x", type, Layout::plain, {Place::input, 0, 0}},
                 {"mid", type, Layout::plain, {Place::arena, 64, 0}},
                 {"y", type, Layout::plain, {Place::output, 0, 0}}};
    Step first;
    first.name = "relu1";
    first.nodes = {"relu1"};
    first.tactic = "cpu.generic.unary";
    first.tactic_version = 1;
    first.config = {{1, 2, 3, 4}};
    first.problem = problem_from_string(kProblem).value();
    first.inputs = {0};
    first.output = 1;
    first.weights_offset = weights;
    first.weights_bytes = 12;
    first.scratch_offset = 64;
    Step second = first;
    second.name = "relu2";
    second.inputs = {1};
    second.output = 2;
    p.steps = {first, second};
    p.arena_bytes = 256;
    p.worker_scratch_bytes = 100;
    plan.programs.push_back(p);
  }
  std::move(pool).give_to(plan);
  plan.preprocess.spec = "imagenet";
  plan.report = {"model.onnx", std::string(64, 'a'), "fp32", "cpu", 2, "{}"};
  plan.times = {"a machine", {{0.5f, 0.25f}, {1.f, 2.f}}, {0.75f, 3.f}};
  return plan;
}

Result<Plan> parse_copy(const std::vector<std::byte>& bytes, const ReadOptions& options = {}) {
  auto owner = std::make_shared<std::vector<std::byte>>(bytes);
  return parse(*owner, owner, options);
}

/// Puts the right checksums on bytes that a test has changed, so that the checks behind them are reached.
void seal(std::vector<std::byte>& bytes) {
  if (bytes.size() < sizeof(Header)) return;
  Header h;
  std::memcpy(&h, bytes.data(), sizeof(h));
  const uint64_t meta = std::min<uint64_t>(h.meta_bytes, bytes.size() - sizeof(h));
  h.meta_checksum = hash64(bytes.data() + sizeof(h), meta);
  h.header_checksum = hash64(&h, offsetof(Header, header_checksum));
  std::memcpy(bytes.data(), &h, sizeof(h));
  const uint64_t times = round_up(h.weights_offset + h.weights_bytes, kTimesAlignment);
  if (times > bytes.size() || bytes.size() - times < sizeof(TimesHeader)) return;
  const uint64_t data = times + sizeof(TimesHeader), sum = hash64(bytes.data() + data, bytes.size() - data);
  std::memcpy(bytes.data() + times + offsetof(TimesHeader, checksum), &sum, sizeof(sum));
}

void expect_same(const Plan& a, const Plan& b) {
  EXPECT_EQ(serialize(a), serialize(b));
  ASSERT_EQ(a.programs.size(), b.programs.size());
  for (size_t i = 0; i < a.programs.size(); ++i) {
    const Program &p = a.programs[i], &q = b.programs[i];
    ASSERT_EQ(p.steps.size(), q.steps.size());
    for (size_t s = 0; s < p.steps.size(); ++s) {
      EXPECT_EQ(p.steps[s].name, q.steps[s].name);
      EXPECT_EQ(p.steps[s].problem, q.steps[s].problem);
      EXPECT_EQ(p.steps[s].config, q.steps[s].config);
      EXPECT_EQ(p.steps[s].inputs, q.steps[s].inputs);
    }
    ASSERT_EQ(p.tensors.size(), q.tensors.size());
    for (size_t t = 0; t < p.tensors.size(); ++t) {
      EXPECT_EQ(p.tensors[t].type, q.tensors[t].type);
      EXPECT_EQ(p.tensors[t].where.offset, q.tensors[t].where.offset);
    }
    EXPECT_EQ(p.arena_bytes, q.arena_bytes);
  }
  EXPECT_EQ(a.times.step_ms, b.times.step_ms);
  EXPECT_EQ(a.times.total_ms, b.times.total_ms);
  EXPECT_EQ(a.report.model_sha256, b.report.model_sha256);
}

TEST(Plan, comes_back_as_it_was_written) {
  const Plan plan = sample();
  ASSERT_TRUE(verify(plan).ok()) << verify(plan).message();
  auto back = parse_copy(serialize(plan), {.check_weights = true});
  ASSERT_TRUE(back.ok()) << back.status().message();
  expect_same(plan, *back);
  EXPECT_EQ(std::memcmp(back->weights.data(), "some weights", 12), 0);
}

TEST(Plan, says_which_device_and_compute_capability_it_needs) {
  Plan plan = sample();
  EXPECT_EQ(parse_copy(serialize(plan))->device, Device::cpu);
  plan.device = Device::cuda;
  plan.compute = 80;
  for (Program& p : plan.programs) p.tensors[1].layout = Layout::nhwc8h;
  for (Program& p : plan.programs) {
    p.steps[0].problem.operands[1].layout = Layout::nhwc8h;
    p.steps[1].problem.operands[0].layout = Layout::nhwc8h;
  }
  const std::vector<std::byte> bytes = serialize(plan);
  const auto read = parse_copy(bytes);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read.value().device, Device::cuda);
  EXPECT_EQ(read.value().compute, 80u);
  EXPECT_EQ(serialize(read.value()), bytes);
  plan.compute = 5000;
  EXPECT_FALSE(parse_copy(serialize(plan)).ok());
  plan.device = Device::cpu;
  plan.compute = 80;
  EXPECT_FALSE(parse_copy(serialize(plan)).ok());
}

TEST(Plan, equal_plans_give_equal_bytes_and_times_stand_last) {
  const std::vector<std::byte> a = serialize(sample()), b = serialize(sample());
  EXPECT_EQ(a, b);
  Plan other = sample();
  other.times = {};
  const std::vector<std::byte> c = serialize(other);
  Header h;
  std::memcpy(&h, a.data(), sizeof(h));
  const uint64_t times = round_up(h.weights_offset + h.weights_bytes, kTimesAlignment);
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(times), c.begin()));
  EXPECT_TRUE(parse_copy(c).ok());
}

TEST(Plan, bytes_at_any_address_are_read) {
  const std::vector<std::byte> bytes = serialize(sample());
  for (size_t shift : {1, 8, 63}) {
    auto owner = std::make_shared<std::vector<std::byte>>(bytes.size() + shift);
    std::copy(bytes.begin(), bytes.end(), owner->begin() + static_cast<ptrdiff_t>(shift));
    auto plan = parse(std::span(*owner).subspan(shift), owner);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(plan->weights.data()) % 64, 0u);
  }
}

TEST(Plan, truncated_at_any_length_is_refused) {
  const std::vector<std::byte> bytes = serialize(sample());
  for (size_t n = 0; n < bytes.size(); ++n) {
    ASSERT_FALSE(parse(std::span(bytes).first(n), nullptr).ok()) << n;
    if (n < 64 || n % 16 == 0) {
      std::vector<std::byte> sealed(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
      seal(sealed);
      ASSERT_FALSE(parse_copy(sealed).ok()) << n;
    }
  }
}

TEST(Plan, every_flipped_byte_is_noticed) {
  const std::vector<std::byte> bytes = serialize(sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::vector<std::byte> changed = bytes;
    changed[i] ^= std::byte{0x40};
    ASSERT_FALSE(parse_copy(changed, {.check_weights = true}).ok()) << "byte " << i;
  }
}

TEST(Plan, something_behind_the_end_is_refused) {
  std::vector<std::byte> bytes = serialize(sample());
  bytes.push_back(std::byte{0});
  auto plan = parse_copy(bytes);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), Code::bad_input);
}

TEST(Plan, another_format_is_refused_in_a_sentence_that_names_both) {
  std::vector<std::byte> bytes = serialize(sample());
  bytes[8] = std::byte{2};
  seal(bytes);
  auto plan = parse_copy(bytes);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), Code::failed);
  EXPECT_EQ(plan.status().message(),
            "the plan has format 2, this program reads format 1; rebuild it with this version");
}

TEST(Plan, a_foreign_file_is_refused) {
  auto plan = parse_copy(bytes_of("\x08\x07\x12\x07pytorch and what follows"));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), Code::bad_input);
  EXPECT_NE(plan.status().message().find("not a plan"), std::string::npos);
}

/// Whatever is changed in what the checksums cover, and the checksums set right: an error, or a plan that verifies.
TEST(Plan, changed_descriptions_are_refused_or_verify) {
  const std::vector<std::byte> bytes = serialize(sample());
  Header h;
  std::memcpy(&h, bytes.data(), sizeof(h));
  std::mt19937 random(20);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::byte> changed = bytes;
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int c = 0; c < changes; ++c) {
      const bool in_times = random() % 8 == 0;
      const size_t at = in_times ? bytes.size() - 1 - random() % 200 : random() % (sizeof(Header) + h.meta_bytes);
      constexpr uint8_t kEdges[] = {0, 1, 0x7f, 0x80, 0xff};
      changed[at] = static_cast<std::byte>(random() % 2 == 0 ? kEdges[random() % 5] : random() % 256);
    }
    seal(changed);
    auto plan = parse_copy(changed);
    if (!plan.ok()) {
      EXPECT_EQ(plan.status().message().find('\n'), std::string::npos);
      continue;
    }
    ++accepted;
    ASSERT_TRUE(verify(*plan).ok());
    ASSERT_FALSE(serialize(*plan).empty());
  }
  EXPECT_GT(accepted, 100);  // names and times may be anything
}

struct Damage {
  const char* name;
  void (*make)(Plan&);
};

class Verify : public testing::TestWithParam<Damage> {};

TEST_P(Verify, refuses) {
  Plan plan = sample();
  GetParam().make(plan);
  const Status status = verify(plan);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.code(), Code::bad_input) << status.message();
  EXPECT_FALSE(parse_copy(serialize(plan)).ok());
}

Step& step(Plan& p) {
  return p.programs[1].steps[1];
}
ProgramTensor& tensor(Plan& p, int i) {
  return p.programs[1].tensors[static_cast<size_t>(i)];
}

const Damage kDamages[] = {
    {"no_program",
     [](Plan& p) {
       p.programs.clear();
       p.times = {};
     }},
    {"unknown_isa", [](Plan& p) { p.required_isa = static_cast<Isa>(99); }},
    {"no_output", [](Plan& p) { p.programs[0].outputs.clear(); }},
    {"huge_arena", [](Plan& p) { p.programs[0].arena_bytes = UINT64_MAX; }},
    {"huge_scratch", [](Plan& p) { p.programs[0].worker_scratch_bytes = UINT64_MAX; }},
    {"unnamed_input", [](Plan& p) { p.programs[0].inputs[0].name.clear(); }},
    {"input_twice", [](Plan& p) { p.programs[0].inputs.push_back(p.programs[0].inputs[0]); }},
    {"binding_without_tensor", [](Plan& p) { p.programs[0].outputs[0].tensor = 3; }},
    {"binding_of_another_type", [](Plan& p) { p.programs[0].outputs[0].type.dtype = DType::i32; }},
    {"binding_in_the_arena", [](Plan& p) { p.programs[0].outputs[0].tensor = 1; }},
    {"unknown_place", [](Plan& p) { tensor(p, 1).where.place = static_cast<Place>(9); }},
    {"unknown_layout", [](Plan& p) { tensor(p, 1).layout = static_cast<Layout>(9); }},
    {"unknown_type", [](Plan& p) { tensor(p, 1).type.dtype = static_cast<DType>(77); }},
    {"negative_shape", [](Plan& p) { tensor(p, 1).type.shape[1] = -8; }},
    {"overflowing_shape", [](Plan& p) { tensor(p, 1).type.shape[1] = INT64_MAX / 2; }},
    {"overflowing_block",
     [](Plan& p) {
       p.programs[1].tensors.push_back({"t", {DType::f32, {kMaxElements, 1, 1, 1}}, Layout::c16, {}});
     }},
    {"blocked_input", [](Plan& p) { tensor(p, 0).layout = Layout::c8; }},
    {"outside_arena", [](Plan& p) { tensor(p, 1).where.offset = 192; }},
    {"offset_that_overflows", [](Plan& p) { tensor(p, 1).where.offset = UINT64_MAX - 63; }},
    {"misaligned", [](Plan& p) { tensor(p, 1).where.offset = 3; }},
    {"weights_outside_pool",
     [](Plan& p) {
       tensor(p, 1).where = {Place::weights, 0, 0};
     }},
    {"problem_of_another_type", [](Plan& p) { step(p).problem.operands[0].type.dtype = DType::f16; }},
    {"invalid_problem", [](Plan& p) { step(p).problem.nodes[0].inputs = {1}; }},
    {"input_that_is_not_there", [](Plan& p) { step(p).inputs = {3}; }},
    {"too_few_inputs", [](Plan& p) { step(p).inputs = {}; }},
    {"output_that_is_not_there", [](Plan& p) { step(p).output = 3; }},
    {"output_in_an_input", [](Plan& p) { step(p).output = 0; }},
    {"read_before_written", [](Plan& p) { std::swap(p.programs[1].steps[0], p.programs[1].steps[1]); }},
    {"output_not_written",
     [](Plan& p) {
       p.programs[1].steps.pop_back();
       p.times = {};
     }},
    {"step_weights_outside", [](Plan& p) { step(p).weights_bytes = 65; }},
    {"step_weights_overflow",
     [](Plan& p) {
       step(p).weights_offset = 64;
       step(p).weights_bytes = UINT64_MAX;
     }},
    {"step_weights_misaligned", [](Plan& p) { step(p).weights_offset = 1; }},
    {"scratch_outside", [](Plan& p) { step(p).scratch_offset = 320; }},
    {"times_of_other_steps", [](Plan& p) { p.times.step_ms[0].pop_back(); }},
    {"times_of_other_programs",
     [](Plan& p) {
       p.times.step_ms.pop_back();
       p.times.total_ms.pop_back();
     }},
    {"time_that_is_none", [](Plan& p) { p.times.step_ms[0][0] = -1; }},
};

INSTANTIATE_TEST_SUITE_P(Plan, Verify, testing::ValuesIn(kDamages), [](const auto& i) { return i.param.name; });

TEST(Plan, a_view_into_another_tensor_is_accepted_where_its_bytes_are_written) {
  Plan plan = sample();
  Program& p = plan.programs[0];
  const TensorType half{DType::f32, {1, 4, 2, 2}};
  p.tensors.push_back({"half", half, Layout::plain, {Place::arena, 128, 0}});
  p.steps[1].problem =
      problem_from_string("%0 f32[1x4x2x2] plain in; %1 f32[1x4x2x2] plain out; %1 = unary(kind=relu,a=0,b=0) %0")
          .value();
  p.steps[1].inputs = {3};
  p.tensors[2].type = p.outputs[0].type = half;
  EXPECT_TRUE(verify(plan).ok()) << verify(plan).message();
  p.tensors[3].where.offset = 192;
  EXPECT_FALSE(verify(plan).ok());
}

class Folder : public testing::Test {
 protected:
  Folder() {
    path_ = std::filesystem::temp_directory_path() / ("stretto_plan_test." + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() override { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  size_t files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }
  std::filesystem::path path_;
};

TEST_F(Folder, a_saved_plan_loads_and_nothing_else_is_left) {
  const Plan plan = sample();
  ASSERT_TRUE(save(plan, file("a.plan")).ok());
  ASSERT_TRUE(save(plan, file("a.plan")).ok());
  EXPECT_EQ(files(), 1u);
  auto back = load(file("a.plan"), {.check_weights = true});
  ASSERT_TRUE(back.ok()) << back.status().message();
  expect_same(plan, *back);
  EXPECT_EQ(std::filesystem::file_size(file("a.plan")), serialize(plan).size());
}

TEST_F(Folder, a_failed_save_leaves_nothing) {
  EXPECT_FALSE(save(sample(), file("no/such/folder.plan")).ok());
  EXPECT_FALSE(save(sample(), path_.string()).ok());
  Plan bad = sample();
  bad.programs[0].arena_bytes = 0;
  EXPECT_FALSE(save(bad, file("bad.plan")).ok());
  EXPECT_EQ(files(), 0u);
}

TEST_F(Folder, what_cannot_be_loaded_is_named) {
  EXPECT_NE(load(file("none.plan")).status().message().find("none.plan"), std::string::npos);
  EXPECT_FALSE(load(path_.string()).ok());
  std::ofstream(file("empty.plan")).close();
  EXPECT_NE(load(file("empty.plan")).status().message().find("empty"), std::string::npos);
}

TEST_F(Folder, damaged_weights_are_found_on_request) {
  ASSERT_TRUE(save(sample(), file("a.plan")).ok());
  {
    std::fstream f(file("a.plan"), std::ios::in | std::ios::out | std::ios::binary);
    Header h;
    f.read(reinterpret_cast<char*>(&h), sizeof(h));
    f.seekp(static_cast<std::streamoff>(h.weights_offset));
    f.put('S');
  }
  EXPECT_TRUE(load(file("a.plan")).ok());
  EXPECT_FALSE(load(file("a.plan"), {.check_weights = true}).ok());
}

TEST(WeightsPool, equal_contents_are_stored_once) {
  WeightsPool pool;
  EXPECT_EQ(pool.add(bytes_of("abc")), 0u);
  EXPECT_EQ(pool.add(bytes_of("abd")), 64u);
  EXPECT_EQ(pool.add(bytes_of("abc")), 0u);
  EXPECT_EQ(pool.add(std::vector<std::byte>(100)), 128u);
  EXPECT_EQ(pool.size(), 256u);
  Plan plan;
  std::move(pool).give_to(plan);
  EXPECT_EQ(plan.weights.size(), 256u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(plan.weights.data()) % 64, 0u);
}

}  // namespace
}  // namespace stretto::plan
