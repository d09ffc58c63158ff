// The pipeline as a whole.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "passes/pipeline.h"
#include "passes/testing.h"

namespace stretto::passes::testing {
namespace {

/// Grows a small network of seeded choices over feature maps.
class RandomNetwork {
 public:
  explicit RandomNetwork(unsigned seed) : engine_(seed) {}

  ir::Graph grow(int steps) {
    maps_.push_back(b_.input({1, 4, 6, 6}));
    for (int i = 0; i < steps; ++i) add(pick(14), maps_[static_cast<size_t>(pick(static_cast<int>(maps_.size())))]);
    ir::ValueId pooled = b_.node(op::Reduce{op::ReduceKind::mean, {2, 3}, false}, {maps_.back()});
    ir::ValueId w = b_.random({type(pooled).shape[1], 3}, seed());
    ir::ValueId scores = b_.binary(BinaryKind::add, b_.node(op::MatMul{}, {pooled, w}), b_.random({3}, seed()));
    b_.graph().add_output(maps_.back());
    return b_.output(scores);
  }

 private:
  int pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(engine_); }
  unsigned seed() { return static_cast<unsigned>(engine_()); }
  const TensorType& type(ir::ValueId v) { return b_.graph().value(v).type; }
  int64_t channels(ir::ValueId v) { return type(v).shape[1]; }

  ir::ValueId batch_norm(ir::ValueId x) {
    int64_t c = channels(x);
    return b_.node(op::BatchNorm{}, {x, b_.random({c}, seed(), 0.5f, 2), b_.random({c}, seed()), b_.random({c}, seed()),
                                     b_.random({c}, seed(), 0.5f, 2)});
  }

  void add(int what, ir::ValueId x) {
    ir::ValueId y = x;
    switch (what) {
      case 0:
        y = batch_norm(b_.conv(x, 4, 3, seed()));
        break;
      case 1:
        y = b_.conv(x, 2 + 2 * pick(2), 1, seed(), ir::kNone, 2);
        break;
      case 2:
        y = batch_norm(x);
        break;
      case 3:
        y = b_.binary(BinaryKind::mul, x, b_.random({1, channels(x), 1, 1}, seed()));
        break;
      case 4:
        y = b_.binary(pick(2) ? BinaryKind::add : BinaryKind::sub, x, b_.scalar(static_cast<float>(pick(4))));
        break;
      case 5:
        y = b_.binary(BinaryKind::div, x, b_.unary(UnaryKind::abs, b_.scalar(static_cast<float>(1 + pick(6)))));
        break;
      case 6:
        y = b_.unary(UnaryKind::clip, b_.binary(BinaryKind::add, x, b_.scalar(3)), 0, 6);
        break;
      case 7:
        y = b_.binary(BinaryKind::mul, x, maps_.back() == x ? b_.unary(UnaryKind::sigmoid, x) : x);
        break;
      case 8:
        y = b_.binary(BinaryKind::max, x, b_.scalar(static_cast<float>(pick(2))));
        break;
      case 9:
        y = b_.node(op::Transpose{{0, 1, 3, 2}}, {x});
        break;
      case 10:
        y = b_.conv(b_.node(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}}, {x}), 4, 3, seed());
        break;
      case 11:
        y = b_.node(op::Reshape{type(x).shape}, {b_.node(op::Reshape{{elements(type(x).shape)}}, {x})});
        break;
      case 12:
        y = b_.node(op::Pool{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}},
                    {b_.node(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}}, {x})});
        break;
      case 13: {
        ir::ValueId gate = b_.unary(UnaryKind::clip, b_.binary(BinaryKind::add, x, b_.scalar(3)), 0, 6);
        y = b_.binary(BinaryKind::div, b_.binary(BinaryKind::mul, gate, x), b_.scalar(6));
        break;
      }
    }
    // Squares of squares would leave the range of float.
    if (pick(3) == 0) y = b_.unary(UnaryKind::tanh, y);
    maps_.push_back(y);
  }

  std::mt19937 engine_;
  Build b_;
  std::vector<ir::ValueId> maps_;
};

TEST(Optimise, random_networks_keep_their_outputs_and_reach_a_fixed_point) {
  std::map<std::string, int> rewrites;
  for (unsigned seed = 0; seed < 150; ++seed) {
    ir::Graph before = RandomNetwork(seed).grow(2 + static_cast<int>(seed % 9));
    ir::Graph after = before;
    auto reports = optimise(after);
    ASSERT_TRUE(reports.ok()) << reports.status().message();
    for (const PassReport& r : *reports) rewrites[r.name] += r.rewrites;
    EXPECT_LT(error_between(before, after), 1e-5) << "seed " << seed << "\n" << ir::dump(before) << ir::dump(after);
    for (size_t i = 0; i < before.outputs().size(); ++i) {
      EXPECT_EQ(before.value(before.outputs()[i]).name, after.value(after.outputs()[i]).name);
    }
    EXPECT_LE(after.topological_order().size(), before.topological_order().size() + 4);
    auto again = optimise(after);
    ASSERT_TRUE(again.ok());
    for (const PassReport& r : *again) EXPECT_EQ(r.rewrites, 0) << "seed " << seed << ": " << r.name;
  }
  for (const stretto::passes::Pass& pass : pipeline()) {
    if (std::string(pass.name) == "lower_quantized") continue;  // has networks of its own
    EXPECT_GT(rewrites[pass.name], 0) << pass.name << " was never needed: the networks do not test it";
  }
}

TEST(Optimise, each_pass_alone_keeps_the_outputs) {
  for (unsigned seed = 200; seed < 230; ++seed) {
    ir::Graph before = RandomNetwork(seed).grow(8);
    for (const stretto::passes::Pass& pass : pipeline()) {
      ir::Graph after = before;
      auto rewrites = pass.run(after);
      ASSERT_TRUE(rewrites.ok()) << pass.name << ": " << rewrites.status().message();
      Status sound = ir::verify(after);
      ASSERT_TRUE(sound.ok()) << pass.name << ": " << sound.message();
      EXPECT_LT(error_between(before, after), 1e-5) << pass.name << ", seed " << seed;
    }
  }
}

TEST(Optimise, a_block_of_a_residual_network_ends_as_conv_relu_conv_add_relu) {
  Build b;
  ir::ValueId x = b.input({1, 4, 6, 6});
  auto conv_bn = [&](ir::ValueId v, unsigned seed) {
    ir::ValueId c = b.conv(v, 4, 3, seed);
    std::vector<ir::ValueId> in{c};
    for (unsigned i = 0; i < 4; ++i) in.push_back(b.random({4}, seed + 10 + i, 0.5f, 1));
    return b.node(op::BatchNorm{}, in);
  };
  ir::ValueId v = b.unary(UnaryKind::clip, conv_bn(x, 1), 0, std::numeric_limits<float>::infinity());
  ir::Graph g = b.output(b.unary(UnaryKind::relu, b.binary(BinaryKind::add, conv_bn(v, 2), x)));
  ASSERT_TRUE(optimise(g).ok());
  std::string names;
  for (ir::NodeId id : g.topological_order()) names += std::string(op::display_name(g.node(id).attrs)) + " ";
  EXPECT_EQ(names, "conv relu conv add relu ");
}

TEST(Optimise, skips_by_name_and_refuses_unknown_names) {
  Build b;
  ir::Graph g = b.output(b.unary(UnaryKind::relu, b.unary(UnaryKind::relu, b.input({2}))));
  ir::Graph skipped = g;
  auto reports = optimise(skipped, {.skip = {"merge_activations"}});
  ASSERT_TRUE(reports.ok());
  EXPECT_EQ(skipped.topological_order().size(), 2u);
  EXPECT_EQ(reports->size(), pipeline().size() - 1);
  auto wrong = optimise(g, {.skip = {"nonsense"}});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.status().code(), Code::bad_usage);
  EXPECT_NE(wrong.status().message().find("fold_batch_norm"), std::string::npos);
  EXPECT_EQ(g.topological_order().size(), 2u);
}

TEST(Optimise, a_failing_pass_is_named_and_leaves_the_graph_it_was_given) {
  Build b;
  ir::ValueId r = b.unary(UnaryKind::relu, b.input({2}));
  ir::Graph g = b.output(b.unary(UnaryKind::tanh, r));
  // A cycle: whichever pass is verified first finds it.
  ASSERT_TRUE(g.replace_node(0, op::Unary{UnaryKind::abs}, {g.outputs()[0]}).ok());
  std::string dir = ::testing::TempDir();
  auto failure = optimise(g, {.reproducer_dir = dir});
  ASSERT_FALSE(failure.ok());
  EXPECT_NE(failure.status().message().find("pass fold_constants"), std::string::npos) << failure.status().message();
  std::string path = dir + "/failing_fold_constants.graph";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find("node "), std::string::npos);
  std::remove(path.c_str());
}

TEST(Optimise, names_of_passes_are_unique_and_told_in_one_line) {
  for (const stretto::passes::Pass& a : pipeline()) {
    EXPECT_EQ(std::string(a.what).find('\n'), std::string::npos);
    auto same = [&](const stretto::passes::Pass& b) { return std::string(a.name) == b.name; };
    EXPECT_EQ(std::count_if(pipeline().begin(), pipeline().end(), same), 1);
  }
}

}  // namespace
}  // namespace stretto::passes::testing
