#include "quantize/types.h"

#include "quantize/testing.h"

namespace stretto::quantize::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

const Shape kShape{1, 8, 6, 6};

Role role_of(const ir::Graph& graph, ir::ValueId value) {
  return plan_types(graph).roles[static_cast<size_t>(graph.producer(value))].role;
}

TEST(Types, roles_of_single_operators) {
  auto role = [](const op::Attrs& attrs) {
    Build b;
    ir::ValueId v = b.node(attrs, {b.unary(UnaryKind::abs, b.input(kShape))});
    return role_of(b.output(v), v);
  };
  for (const op::Attrs& attrs :
       {op::Attrs(op::Pool{op::PoolKind::max, {2, 2}, {1, 1}, {1, 1}, {1, 1, 1, 1}}),
        op::Attrs(op::Pool{op::PoolKind::average, {2, 2}, {1, 1}, {1, 1}, {1, 1, 1, 1}}),
        op::Attrs(op::Reduce{op::ReduceKind::max, {2, 3}, true}), op::Attrs(op::Reshape{{1, 288}}),
        op::Attrs(op::Transpose{{0, 2, 3, 1}}), op::Attrs(op::Slice{{0, 0, 0, 0}, {1, 1, 1, 1}, {1, 4, 6, 6}}),
        op::Attrs(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}}), op::Attrs(op::Concat{1}),
        op::Attrs(op::Resize{op::ResizeMode::nearest,
                             op::ResizeCoordinate::asymmetric,
                             op::ResizeRounding::floor,
                             {1, 8, 12, 12},
                             2,
                             2})}) {
    EXPECT_EQ(role(attrs), Role::transparent) << op::to_string(attrs);
  }
  for (const op::Attrs& attrs :
       {op::Attrs(op::Pool{op::PoolKind::average, {2, 2}, {1, 1}, {1, 1}, {1, 1, 1, 1}, true}),
        op::Attrs(op::Pad{op::PadMode::constant, {0, 0, 1, 1, 0, 0, 1, 1}, 1}), op::Attrs(op::Softmax{1}),
        op::Attrs(op::Reduce{op::ReduceKind::mean, {1}, true}),
        op::Attrs(op::Reduce{op::ReduceKind::sum, {2, 3}, true}),
        op::Attrs(op::Resize{
            op::ResizeMode::linear, op::ResizeCoordinate::half_pixel, op::ResizeRounding::floor, {1, 8, 12, 12}, 2, 2}),
        op::Attrs(op::Unary{UnaryKind::exp}), op::Attrs(op::Lrn{})}) {
    EXPECT_EQ(role(attrs), Role::real) << op::to_string(attrs);
  }
  EXPECT_EQ(role(op::Reduce{op::ReduceKind::mean, {2, 3}, true}), Role::global_average);
  EXPECT_EQ(role(op::Unary{UnaryKind::relu}), Role::table);
}

TEST(Types, products_need_constant_weights_and_two_spatial_axes) {
  Build b;
  ir::ValueId x = b.input(kShape), computed = b.input({8, 8, 1, 1}, "weights"), line = b.input({1, 8, 6}, "line");
  const op::Conv point{{1, 1}, {1, 1}, {0, 0, 0, 0}, 1};
  ir::ValueId good = b.conv(x, 8, 1, 1), by_input = b.node(point, {x, computed});
  ir::ValueId flat = b.node(op::Conv{{1}, {1}, {0, 0}, 1}, {line, b.random({8, 8, 1}, 2)});
  ir::ValueId by_input_bias = b.node(point, {x, b.random({8, 8, 1, 1}, 3), b.input({8}, "bias")});
  const ir::Graph& g = b.graph();
  EXPECT_EQ(role_of(g, good), Role::product);
  for (ir::ValueId v : {by_input, flat, by_input_bias}) EXPECT_EQ(role_of(g, v), Role::real);
}

TEST(Types, an_activation_belongs_to_the_product_that_it_alone_reads) {
  Build b;
  ir::ValueId x = b.input(kShape), v = b.conv(x, 8, 1, 1), shared = b.conv(x, 8, 1, 2);
  ir::ValueId alone = b.unary(UnaryKind::relu, v), other = b.unary(UnaryKind::relu, shared);
  ir::ValueId sum = b.binary(BinaryKind::add, b.binary(BinaryKind::add, alone, other), shared);
  ir::Graph g = b.output(b.conv(b.unary(UnaryKind::clip, sum, 0, 6), 8, 1, 3));
  TypePlan plan = plan_types(g);
  EXPECT_EQ(role_of(g, alone), Role::activation);
  EXPECT_EQ(role_of(g, other), Role::table);
  EXPECT_EQ(plan.group_of[static_cast<size_t>(v)], -1);
  EXPECT_EQ(plan.group_of[static_cast<size_t>(sum)], -1);
  EXPECT_GE(plan.group_of[static_cast<size_t>(alone)], 0);
  EXPECT_GE(plan.group_of[static_cast<size_t>(shared)], 0);
}

TEST(Types, a_leaky_relu_is_part_of_its_product_where_it_rises_no_faster_below_zero) {
  Build b;
  ir::ValueId x = b.input(kShape);
  const float inside[] = {0, 0.1f, 1}, outside[] = {-0.1f, 1.5f};
  for (float slope : inside) x = b.unary(UnaryKind::leaky_relu, b.conv(x, 8, 1, 1), slope);
  for (float slope : outside) x = b.unary(UnaryKind::leaky_relu, b.conv(x, 8, 1, 1), slope);
  ir::ValueId of_bytes = b.unary(UnaryKind::leaky_relu, x, 0.1f);
  ir::Graph g = b.output(b.conv(of_bytes, 8, 1, 3));
  EXPECT_EQ(role_of(g, of_bytes), Role::table);
  for (ir::NodeId id : g.topological_order()) {
    const auto* u = std::get_if<op::Unary>(&g.node(id).attrs);
    if (u == nullptr || g.node(id).output == of_bytes) continue;
    EXPECT_EQ(role_of(g, g.node(id).output), u->a >= 0 && u->a <= 1 ? Role::activation : Role::table) << u->a;
  }
}

TEST(Types, concat_and_what_moves_share_one_scale_and_its_sources_are_observed) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId p = b.conv(x, 8, 1, 1), q = b.conv(x, 8, 1, 2);
  ir::ValueId pooled = b.node(op::Pool{op::PoolKind::max, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, {p});
  ir::ValueId all = b.node(op::Concat{1}, {pooled, q});
  ir::Graph g = b.output(b.conv(all, 8, 1, 3));
  TypePlan plan = plan_types(g);
  ASSERT_EQ(plan.groups.size(), 2u);
  EXPECT_EQ(plan.groups[0].values, (std::vector<ir::ValueId>{x}));
  EXPECT_EQ(plan.groups[1].observed, (std::vector<ir::ValueId>{p, q}));
  EXPECT_EQ(plan.groups[1].values.size(), 4u);
  EXPECT_EQ(plan.groups[1].values.front(), p);
  EXPECT_EQ(plan.group_of[static_cast<size_t>(g.outputs()[0])], -1);
}

TEST(Types, the_float_tail_joins_no_scales) {
  Build b;
  ir::ValueId x = b.input(kShape);
  ir::ValueId p = b.conv(x, 8, 1, 1), q = b.conv(p, 8, 1, 2);
  ir::Graph g =
      b.output(b.node(op::Concat{1}, {b.node(op::Reshape{{1, 288}}, {p}), b.node(op::Reshape{{1, 288}}, {q})}));
  TypePlan plan = plan_types(g);
  EXPECT_EQ(plan.groups.size(), 2u);
  EXPECT_EQ(plan.group_of[static_cast<size_t>(q)], -1);
}

TEST(Observe, failures_name_sample_and_value) {
  Build b;
  ir::ValueId x = b.input({1, 2});
  ir::Graph g = b.output(b.unary(UnaryKind::abs, x));
  auto message = [&](int samples, const Evaluate& evaluate) {
    auto o = observe(g, {x}, samples, evaluate);
    return o.ok() ? std::string("fine") : o.status().message();
  };
  auto gives = [&](std::vector<float> values) {
    return [x, values](int, const Sink& sink) {
      return sink(x, floats({1, static_cast<int64_t>(values.size())}, values));
    };
  };
  auto has = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  EXPECT_EQ(message(3, gives({1, 2})), "fine");
  EXPECT_TRUE(has(message(0, gives({1, 2})), "at least one sample"));
  EXPECT_TRUE(has(message(1, gives({1, 2, 3})), "sample 0: value 'x' is f32[1x3]"));
  EXPECT_TRUE(has(message(1, gives({1, std::nanf("")})), "NaN"));
  EXPECT_TRUE(has(message(1, [](int, const Sink&) { return Status(); }), "not given"));
  EXPECT_TRUE(has(message(2,
                          [&](int i, const Sink& sink) {
                            return sink(x, floats({1, 2}, {i == 1 ? INFINITY : 0, 1}));
                          }),
                  "sample 1: value 'x' has 1 elements"));
  EXPECT_TRUE(has(message(1,
                          [&](int, const Sink& sink) -> Status {
                            STRETTO_TRY(sink(x, floats({1, 2}, {1, 2})));
                            return sink(x, floats({1, 2}, {1, 2}));
                          }),
                  "twice"));
}

TEST(Draft, the_text_of_a_recipe_gives_the_same_graph) {
  Build b;
  ir::ValueId p = b.unary(UnaryKind::relu, b.conv(b.input(kShape), 8, 3, 1));
  ir::Graph g = b.output(b.node(op::Softmax{1}, {b.conv(p, 4, 1, 2)}));
  for (Method method : {Method::minmax, Method::percentile, Method::entropy, Method::mse}) {
    for (Scheme scheme : {Scheme::affine, Scheme::symmetric_restricted}) {
      Recipe recipe = recipe_for(g, {method, 99.99, scheme});
      EXPECT_EQ(recipe.values["x"].zero == 128, scheme == Scheme::symmetric_restricted);
      EXPECT_EQ(recipe.values[g.value(p).name].zero, 0);
      auto read = parse_recipe(to_text(recipe), "r.txt");
      ASSERT_TRUE(read.ok()) << read.status().message();
      EXPECT_EQ(*read, recipe);
      EXPECT_GT(signal_to_noise(g, applied(g, *read).graph), 25) << name_of(method);
    }
  }
}

}  // namespace
}  // namespace stretto::quantize::testing
