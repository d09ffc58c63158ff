#include "tactics/select/selector.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tactics/match.h"
#include "tactics/plugin_rows.h"

namespace stretto {
namespace {

// Tactics for "relu of a plain tensor", right and wrong, quick and slow.

struct Params {
  int64_t count;
};

Refusal takes_relu(const Problem& p) {
  const auto* unary = first_as<op::Unary>(p);
  if (unary == nullptr || unary->kind != op::UnaryKind::relu) return Refusal::other_operator;
  return p.operands[0].layout == Layout::plain ? Refusal::none : Refusal::other_layout;
}
std::vector<Config> one_config(const Problem&) {
  return {Config{{1, 2, 3, 4}}};
}
Booking book(const Problem& p, const Config&) {
  Booking booking;
  booking.set_params(Params{p.output().type.elements()});
  booking.tasks = {1};
  return booking;
}

template <int kRepeat>
void relu(const StepArgs& args, TaskId) {
  auto count = args.params_as<Params>().count;
  auto src = static_cast<const float*>(args.src[0]);
  auto dst = static_cast<float*>(args.dst);
  for (int r = 0; r < kRepeat; ++r) {
    for (int64_t i = 0; i < count; ++i) {
      dst[i] = src[i] > 0 ? src[i] : 0;
      asm volatile("" : : "r"(dst) : "memory");
    }
  }
}
void forgets_negatives(const StepArgs& args, TaskId) {
  auto count = args.params_as<Params>().count;
  for (int64_t i = 0; i < count; ++i) static_cast<float*>(args.dst)[i] = static_cast<const float*>(args.src[0])[i];
}
void writes_too_far(const StepArgs& args, TaskId id) {
  relu<1>(args, id);
  static_cast<float*>(args.dst)[args.params_as<Params>().count] = 1;
}

double optimistic(const Problem&, const Config&, int) {
  return 1e-6;
}
double modest(const Problem&, const Config&, int) {
  return 2e-6;
}

constexpr Tactic kSlow = {"slow", 1,       Isa::scalar, Numerics::bit_exact, takes_relu, one_config, optimistic,
                          book,   nullptr, relu<30>};
constexpr Tactic kQuick = {"quick", 1,       Isa::scalar, Numerics::bit_exact, takes_relu, one_config, modest,
                           book,    nullptr, relu<1>};
constexpr Tactic kWrong = {"wrong",    1,    Isa::scalar, Numerics::bit_exact, takes_relu, one_config,
                           optimistic, book, nullptr,     forgets_negatives};
constexpr Tactic kWild = {"wild",     1,    Isa::scalar, Numerics::bit_exact, takes_relu, one_config,
                          optimistic, book, nullptr,     writes_too_far};
constexpr Tactic kTooNew = {"too_new", 1,       Isa::i8mm, Numerics::bit_exact, takes_relu, one_config, optimistic,
                            book,      nullptr, relu<1>};

Problem relu_problem(int64_t size = 4000) {
  Problem p;
  p.operands = {{{DType::f32, {size}}, Layout::plain, Role::input},
                {{DType::f32, {size}}, Layout::plain, Role::output}};
  p.nodes = {{op::Unary{op::UnaryKind::relu}, {0}, 1}};
  return p;
}

std::string chosen_from(std::initializer_list<Tactic> rows, SelectorOptions options = {}) {
  std::vector<Tactic> table(rows);
  std::vector<TacticTable> tables = {table};
  Selector selector(tables, options, nullptr);
  Result<Choice> choice = selector.choose(relu_problem());
  return choice.ok() ? choice->tactic->name : "none: " + choice.status().message();
}

TEST(Selector, TheFasterOneWinsWhateverTheEstimatesSay) {
  EXPECT_EQ(chosen_from({kSlow, kQuick}), "quick");
}

TEST(Selector, WrongResultsAreNeverChosen) {
  EXPECT_EQ(chosen_from({kWrong, kSlow}), "slow");
  EXPECT_NE(chosen_from({kWrong}).find("wrong results"), std::string::npos);
}

TEST(Selector, WritingPastTheOutputIsNoticed) {
  EXPECT_EQ(chosen_from({kWild, kSlow}), "slow");
}

TEST(Selector, AnIsaThatIsNotAllowedIsRefused) {
  EXPECT_EQ(chosen_from({kTooNew, kSlow}), "slow");
  EXPECT_NE(chosen_from({kTooNew}).find("instruction set"), std::string::npos);
}

TEST(Selector, RoundedWeightsAreTakenOnlyWhereTheyAreAllowed) {
  Tactic half = kQuick;
  half.name = "half";
  half.half_weights = true;
  SelectorOptions options;
  EXPECT_EQ(chosen_from({kSlow, half}, options), "slow");
  options.half = HalfUse::allowed;
  EXPECT_EQ(chosen_from({kSlow, half}, options), "half");
  Tactic slow_half = kSlow;
  slow_half.half_weights = true;
  EXPECT_EQ(chosen_from({kQuick, slow_half}, options), "quick");
  options.half = HalfUse::wanted;
  EXPECT_EQ(chosen_from({kQuick, slow_half}, options), "slow");
}

TEST(Selector, RowsThatRoundInAWayOfTheirOwnAreLeftOutWhereResultsMustBeTheSameEverywhere) {
  Tactic own = kQuick;
  own.name = "own";
  own.isa = Isa::avx2;
  own.numerics = Numerics::rounding;
  SelectorOptions options;
  options.isa = Isa::avx2;
  EXPECT_EQ(chosen_from({kSlow, own}, options), "own");
  options.same_everywhere = true;
  EXPECT_EQ(chosen_from({kSlow, own}, options), "slow");
  EXPECT_EQ(chosen_from({own}, options), "own");  // nothing else takes it
  own.numerics = Numerics::bit_exact;
  EXPECT_EQ(chosen_from({kSlow, own}, options), "own");
}

/// A trial on a pretended device: right, and as fast as its clock says.
struct PretendedTrial : TrialRun {
  PretendedTrial(const TrialData& d, double s) : data(d), seconds(s) {}
  Result<Tensor> run_once() override {
    Tensor output(data.problem().output().type);
    const auto x = data.inputs()[0].as<float>();
    for (size_t i = 0; i < x.size(); ++i) output.as_mutable<float>()[i] = std::max(x[i], 0.0f);
    return output;
  }
  double time_round() override { return seconds; }
  size_t scratch_bytes() const override { return 0; }
  const TrialData& data;
  double seconds;
};

TEST(Selector, APretendedDeviceIsAskedAndItsClockDecides) {
  SelectorOptions options;
  options.compute = 80;
  options.make_trial = [](const TrialData& data, const Tactic& tactic,
                          const Config&) -> Result<std::unique_ptr<TrialRun>> {
    if (tactic.name == std::string("no_room")) return failed("no memory");
    return std::unique_ptr<TrialRun>(
        std::make_unique<PretendedTrial>(data, tactic.name == std::string("a") ? 3e-6 : 2e-6));
  };
  Tactic a = kSlow, b = kSlow, newer = kSlow, tf32 = kSlow, no_room = kSlow;
  a.name = "a";
  b.name = "b";
  newer.name = "newer";
  newer.compute = 90;
  tf32.name = "tf32";
  tf32.tf32 = true;
  no_room.name = "no_room";
  EXPECT_EQ(chosen_from({no_room, a, newer, b}, options), "b");
  EXPECT_EQ(chosen_from({a, newer}, options), "a");
  EXPECT_EQ(chosen_from({a, tf32}, options), "a");
  options.tf32 = true;
  EXPECT_EQ(chosen_from({a, tf32}, options), "tf32");
  options.compute = 90;
  EXPECT_EQ(chosen_from({newer, b}, options), "newer");  // as fast: the table's order
}

std::vector<Config> configs_that_differ_in_a_network(const Problem&) {
  return {Config{{1, 2, 3, 0}}, Config{{1, 2, 3, 1}}};
}

TEST(Selector, WaysAreWhatWasTimedAndWhatMattersInANetworkAlone) {
  SelectorOptions options;
  options.make_trial = [](const TrialData& data, const Tactic& tactic,
                          const Config& config) -> Result<std::unique_ptr<TrialRun>> {
    EXPECT_EQ(config.v[kInNetwork], 0);
    return std::unique_ptr<TrialRun>(
        std::make_unique<PretendedTrial>(data, tactic.name == std::string("a") ? 2.5e-6 : 2e-6));
  };
  Tactic a = kSlow, b = kSlow;
  a.name = "a";
  b.name = "b";
  a.configs = b.configs = configs_that_differ_in_a_network;
  a.on_gpu = b.on_gpu = true;
  const Tactic rows[] = {a, b};
  const TacticTable tables[] = {rows};
  Selector selector(tables, options, nullptr);
  const Problem problem = relu_problem();
  EXPECT_TRUE(selector.ways(problem).empty());
  const auto chosen = selector.choose(problem);
  ASSERT_TRUE(chosen.ok()) << chosen.status().message();
  EXPECT_STREQ(chosen->tactic->name, "b");
  std::vector<std::string> ways;
  for (const Choice& way : selector.ways(problem)) ways.push_back(way.tactic->name + to_string(way.config));
  EXPECT_EQ(ways, (std::vector<std::string>{"b1x2x3x0", "b1x2x3x1", "a1x2x3x0", "a1x2x3x1"}));
  selector.prefer(problem, selector.ways(problem)[1]);
  EXPECT_EQ(selector.choose(problem)->config.v[kInNetwork], 1);
}

TEST(Selector, HeuristicFollowsTheEstimate) {
  SelectorOptions options;
  options.mode = SelectMode::heuristic;
  EXPECT_EQ(chosen_from({kQuick, kSlow}, options), "slow");
}

TEST(Selector, AForcedTacticIsTakenWhereItApplies) {
  SelectorOptions options;
  options.forced = {"slow"};
  EXPECT_EQ(chosen_from({kQuick, kSlow}, options), "slow");
}

TEST(Selector, WithoutBudgetTheEstimateDecidesAndItIsCounted) {
  std::vector<Tactic> table = {kSlow, kQuick};
  std::vector<TacticTable> tables = {table};
  SelectorOptions options;
  options.budget_s = -1;
  Selector selector(tables, options, nullptr);
  EXPECT_STREQ(selector.choose(relu_problem())->tactic->name, "slow");
  EXPECT_EQ(selector.over_budget(), 1);
}

struct CacheFile : testing::Test {
  std::string path = testing::TempDir() + "tactics.tsv";
  void SetUp() override { std::filesystem::remove(path); }
};

TEST_F(CacheFile, FrozenAnswersFromTheCacheAlone) {
  std::vector<Tactic> table = {kSlow, kQuick};
  std::vector<TacticTable> tables = {table};
  {
    TacticCache cache(path, "machine");
    ASSERT_TRUE(cache.load().ok());
    Selector selector(tables, {}, &cache);
    ASSERT_TRUE(selector.choose(relu_problem()).ok());
    ASSERT_TRUE(cache.save().ok());
  }
  SelectorOptions frozen;
  frozen.mode = SelectMode::frozen;
  TacticCache cache(path, "machine");
  ASSERT_TRUE(cache.load().ok());
  Selector selector(tables, frozen, &cache);
  Result<Choice> choice = selector.choose(relu_problem());
  ASSERT_TRUE(choice.ok());
  EXPECT_STREQ(choice->tactic->name, "quick");
  EXPECT_EQ(selector.timed(), 0);
  EXPECT_FALSE(selector.choose(relu_problem(77)).ok());

  TacticCache other(path, "another machine");
  ASSERT_TRUE(other.load().ok());
  EXPECT_FALSE(Selector(tables, frozen, &other).choose(relu_problem()).ok());
}

TEST_F(CacheFile, DamagedLinesAreSkippedAndForeignFilesRefused) {
  TacticCache cache(path, "m");
  cache.put("p", {"t", 1, Config{{1, 2, 3, 4}}, 1e-3});
  ASSERT_TRUE(cache.save().ok());
  std::ofstream(path, std::ios::app) << "m\tq\tt\tnot a number\t1x1x1x1\t5\n\t\t\nhalf a line";
  TacticCache again(path, "m");
  ASSERT_TRUE(again.load().ok());
  ASSERT_TRUE(again.find("p").has_value());
  EXPECT_EQ(again.find("p")->config.v[3], 4);
  EXPECT_FALSE(again.find("q").has_value());
  std::ofstream(path) << "something else\n";
  EXPECT_EQ(TacticCache(path, "m").load().code(), Code::bad_input);
}

TEST_F(CacheFile, SavingKeepsWhatOthersWrote) {
  TacticCache a(path, "m"), b(path, "m");
  a.put("pa", {"t", 1, {}, 1e-3});
  b.put("pb", {"t", 1, {}, 1e-3});
  ASSERT_TRUE(a.save().ok());
  ASSERT_TRUE(b.save().ok());
  TacticCache both(path, "m");
  ASSERT_TRUE(both.load().ok());
  EXPECT_TRUE(both.find("pa").has_value() && both.find("pb").has_value());
}

}  // namespace
}  // namespace stretto
