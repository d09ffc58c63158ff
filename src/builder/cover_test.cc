#include "builder/cover.h"

#include <gtest/gtest.h>

#include "builder/compile.h"
#include "builder/split_moves.h"
#include "tactics/match.h"

namespace stretto {
namespace {

// A pretended machine: tactics with fixed costs, chosen by estimate.

std::vector<Config> one_config(const Problem&) {
  return {Config{}};
}
Booking no_booking(const Problem&, const Config&) {
  Booking booking;
  booking.tasks = {1};
  return booking;
}
void no_task(const StepArgs&, TaskId) {}

bool all_in(const Problem& p, Layout layout) {
  for (const Operand& o : p.operands) {
    bool external = o.role == Role::input || o.role == Role::output;
    if (external && o.type.shape.size() == 4 && o.layout != layout) return false;
  }
  return true;
}

Refusal supports_conv(const Problem& p, Layout layout) {
  if (first_as<op::Conv>(p) == nullptr) return Refusal::other_operator;
  if (!all_in(p, layout)) return Refusal::other_layout;
  return match_epilogue(p) ? Refusal::none : Refusal::fused_operators;
}
Refusal blocked_conv(const Problem& p) {
  return supports_conv(p, Layout::c16);
}
Refusal half_conv(const Problem& p) {
  return supports_conv(p, Layout::c32h);
}
Refusal plain_conv(const Problem& p) {
  return supports_conv(p, Layout::plain);
}
Refusal reformat(const Problem& p) {
  return first_as<op::Reformat>(p) != nullptr ? Refusal::none : Refusal::other_operator;
}
Refusal elementwise(const Problem& p) {
  bool single = p.nodes.size() == 1 && (first_as<op::Unary>(p) != nullptr || first_as<op::Binary>(p) != nullptr);
  if (!single) return Refusal::other_operator;
  return all_in(p, Layout::plain) || all_in(p, Layout::c16) ? Refusal::none : Refusal::other_layout;
}

template <int kMicroseconds>
double costs(const Problem&, const Config&, int) {
  return kMicroseconds * 1e-6;
}

constexpr Tactic kTactics[] = {
    {"blocked_conv", 1, Isa::scalar, Numerics::rounding, blocked_conv, one_config, costs<1000>, no_booking, nullptr,
     no_task},
    {"half_conv", 1, Isa::scalar, Numerics::rounding, half_conv, one_config, costs<600>, no_booking, nullptr, no_task},
    {"plain_conv", 1, Isa::scalar, Numerics::rounding, plain_conv, one_config, costs<1500>, no_booking, nullptr,
     no_task},
    {"reformat", 1, Isa::scalar, Numerics::bit_exact, reformat, one_config, costs<1000>, no_booking, nullptr, no_task},
    {"elementwise", 1, Isa::scalar, Numerics::rounding, elementwise, one_config, costs<200>, no_booking, nullptr,
     no_task},
};
const TacticTable kTables[] = {kTactics};

struct CoverTest : testing::Test {
  ir::Graph graph;
  ir::ValueId x = graph.add_input("x", {DType::f32, {1, 32, 8, 8}});

  ir::ValueId add(op::Attrs attrs, std::vector<ir::ValueId> inputs) {
    auto value = graph.add_node("n" + std::to_string(graph.node_count()), std::move(attrs), std::move(inputs));
    EXPECT_TRUE(value.ok()) << value.status().message();
    return *value;
  }
  ir::ValueId conv(ir::ValueId input) {
    ir::ValueId weights =
        graph.add_constant("w" + std::to_string(graph.value_count()), Tensor({DType::f32, {32, 32, 1, 1}}));
    return add(op::Conv{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1}, {input, weights});
  }
  Cover cover(bool fuse = true, std::vector<Layout> blocked = {Layout::c16}) {
    SelectorOptions options;
    options.mode = SelectMode::heuristic;
    Selector selector(kTables, options, nullptr);
    CoverOptions cover_options;
    cover_options.blocked = std::move(blocked);
    cover_options.fuse = fuse;
    Result<Cover> found = choose_cover(graph, selector, cover_options);
    EXPECT_TRUE(found.ok()) << found.status().message();
    return *found;
  }
  std::vector<std::string> tactics(const Cover& c) {
    std::vector<std::string> names;
    for (const CoverStep& step : c.steps) names.push_back(step.is_view ? "view" : step.choice.tactic->name);
    return names;
  }
};

TEST_F(CoverTest, OneConvolutionIsNotWorthTwoReformats) {
  graph.add_output(conv(x));
  EXPECT_EQ(tactics(cover()), std::vector<std::string>({"plain_conv"}));
}

TEST_F(CoverTest, ValuesLieAsF16WhereThatIsOfferedAndFaster) {
  ir::ValueId v = x;
  for (int i = 0; i < 6; ++i) v = conv(v);
  graph.add_output(v);
  EXPECT_EQ(tactics(cover()), std::vector<std::string>(6, "blocked_conv"));
  EXPECT_EQ(tactics(cover(true, {Layout::c16, Layout::c32h})), std::vector<std::string>(6, "half_conv"));
}

TEST_F(CoverTest, PartsOfAnF16ConcatenationLieHalfAsFarApart) {
  graph.add_output(add(op::Concat{1}, {x, x}));
  const std::optional<View> view = view_of(graph, 0, Layout::c32h);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view_offset(graph, 0, *view, 1), 32 * 8 * 8 * 2);
  EXPECT_EQ(view_offset(graph, 0, View{}, 1), 32 * 8 * 8 * 4);
}

TEST_F(CoverTest, BytesInBlocksAreConcatenatedInPlace) {
  ir::ValueId bytes = graph.add_input("bytes", {DType::u8, {1, 32, 8, 8}});
  graph.add_output(add(op::Concat{1}, {bytes, bytes}));
  const std::optional<View> view = view_of(graph, 0, Layout::c16);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view_offset(graph, 0, *view, 1), 32 * 8 * 8);
  EXPECT_FALSE(view_of(graph, 0, Layout::c8).has_value());
}

TEST_F(CoverTest, SixConvolutionsAre) {
  ir::ValueId v = x;
  for (int i = 0; i < 6; ++i) v = conv(v);
  graph.add_output(v);
  EXPECT_EQ(tactics(cover()), std::vector<std::string>(6, "blocked_conv"));
}

TEST_F(CoverTest, AnEpilogueIsFusedWithItsConvolution) {
  ir::ValueId v = conv(x);
  v = add(op::Binary{op::BinaryKind::add}, {v, x});
  v = add(op::Unary{op::UnaryKind::relu}, {v});
  graph.add_output(v);
  Cover c = cover();
  ASSERT_EQ(c.steps.size(), 1u);
  EXPECT_EQ(c.steps[0].candidate.nodes.size(), 3u);
  EXPECT_EQ(cover(false).steps.size(), 3u);
}

TEST_F(CoverTest, AValueThatOthersReadIsNotFusedAway) {
  ir::ValueId v = conv(x);
  ir::ValueId relu = add(op::Unary{op::UnaryKind::relu}, {v});
  graph.add_output(add(op::Binary{op::BinaryKind::add}, {v, relu}));
  for (const CoverStep& step : cover().steps) {
    if (step.candidate.nodes[0] == 0) {
      EXPECT_EQ(step.candidate.nodes.size(), 1u);
    }
  }
}

TEST_F(CoverTest, CompiledConcatenationWritesSideBySide) {
  ir::ValueId a = add(op::Unary{op::UnaryKind::relu}, {x}), b = add(op::Unary{op::UnaryKind::abs}, {x});
  graph.add_output(add(op::Unary{op::UnaryKind::neg}, {add(op::Concat{1}, {a, b})}));
  Cover c = cover();
  SelectorOptions options;
  options.mode = SelectMode::heuristic;
  Selector selector(kTables, options, nullptr);
  plan::WeightsPool pool;
  Result<plan::Program> program = compile_program(graph, c, selector, pool);
  ASSERT_TRUE(program.ok()) << program.status().message();
  ASSERT_EQ(program->steps.size(), 3u);
  const auto& first = program->tensors[program->steps[0].output];
  const auto& second = program->tensors[program->steps[1].output];
  EXPECT_EQ(second.where.offset - first.where.offset, first.type.bytes());
  EXPECT_EQ(program->tensors[program->steps[2].inputs[0]].where.offset, first.where.offset);
}

TEST_F(CoverTest, ABlockedTensorNeverLiesInTheCallersMemory) {
  ir::ValueId pooled = graph.add_input("pooled", {DType::f32, {1, 32, 1, 1}});
  ir::ValueId v = pooled;
  for (int i = 0; i < 6; ++i) v = conv(v);
  graph.add_output(add(op::Reshape{{1, 32}}, {v}));
  graph.add_output(conv(x));
  Cover c = cover();
  SelectorOptions options;
  options.mode = SelectMode::heuristic;
  Selector selector(kTables, options, nullptr);
  plan::WeightsPool pool;
  Result<plan::Program> program = compile_program(graph, c, selector, pool);
  ASSERT_TRUE(program.ok()) << program.status().message();
  for (const plan::ProgramTensor& tensor : program->tensors) {
    bool callers = tensor.where.place == plan::Place::input || tensor.where.place == plan::Place::output;
    EXPECT_FALSE(callers && tensor.layout != Layout::plain) << tensor.name;
  }
}

TEST_F(CoverTest, EverySliceOfAShuffleGetsAChainOfItsOwn) {
  ir::ValueId joined = add(op::Concat{1}, {add(op::Unary{op::UnaryKind::relu}, {x}), x});
  ir::ValueId split = add(op::Reshape{{1, 2, 32, 8, 8}}, {joined});
  ir::ValueId mixed = add(op::Reshape{{1, 64, 8, 8}}, {add(op::Transpose{{0, 2, 1, 3, 4}}, {split})});
  for (int64_t start : {0, 32}) {
    graph.add_output(add(op::Slice{{0, start, 0, 0}, {1, 1, 1, 1}, {1, 32, 8, 8}}, {mixed}));
  }
  Result<int> copies = split_moves(graph);
  ASSERT_TRUE(copies.ok()) << copies.status().message();
  EXPECT_EQ(*copies, 1);
  EXPECT_TRUE(ir::verify(graph).ok());
  size_t longest = 0;
  for (const Candidate& c : find_candidates(graph)) longest = std::max(longest, c.nodes.size());
  EXPECT_EQ(longest, 5u);
  EXPECT_EQ(*split_moves(graph), 0);
}

}  // namespace
}  // namespace stretto
