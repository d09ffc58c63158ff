// What each operator becomes, where opsets differ or the canonical form is not the obvious one.
#include <limits>

#include "onnx/testing.h"

namespace stretto::onnx {
namespace {

using namespace testing;

using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

#define EXPECT_REFUSED(expression, words)                                                               \
  {                                                                                                     \
    auto refused = (expression);                                                                        \
    ASSERT_FALSE(refused.ok());                                                                         \
    EXPECT_NE(refused.status().message().find(words), std::string::npos) << refused.status().message(); \
  }

Floats counting(int64_t count) {
  Floats values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
  return values;
}

/// x → op → y, with attributes set by `adorn`.
template <class Adorn>
Result<ImportedGraph> one(int64_t opset, const std::string& op, const Ints& x, Adorn&& adorn) {
  ModelText m(opset);
  m.input("x", x).output("y");
  adorn(m.node(op, {"x"}, {"y"}, "node"));
  return m.import();
}

Shape output_shape(const ImportedGraph& g) {
  return g.graph.value(g.graph.outputs()[0]).type.shape;
}

// --- convolution and pooling

TEST(Conv, auto_pad_becomes_pads) {
  for (auto& [mode, pads] : {std::pair{"SAME_UPPER", Dims{0, 1, 1, 1}},
                             {"SAME_LOWER", Dims{1, 1, 0, 1}},
                             {"VALID", Dims{0, 0, 0, 0}},
                             {"NOTSET", Dims{0, 0, 0, 0}}}) {
    ModelText m;
    m.input("x", {1, 2, 6, 5}).filled("w", {4, 2, 3, 3}, 1).output("y");
    auto& conv = m.node("Conv", {"x", "w"}, {"y"});
    attribute(conv, "auto_pad", mode);
    attribute(conv, "strides", Ints{2, 2});
    ASSERT_IMPORTS(g, m.import());
    ASSERT_NE(only<op::Conv>(g->graph), nullptr);
    EXPECT_EQ(only<op::Conv>(g->graph)->pads, pads) << mode;
  }
}

TEST(Conv, kernel_shape_must_agree_with_the_weights) {
  ModelText m;
  m.input("x", {1, 2, 6, 5}).filled("w", {4, 2, 3, 3}, 1).output("y");
  attribute(m.node("Conv", {"x", "w"}, {"y"}, "c"), "kernel_shape", Ints{5, 5});
  EXPECT_REFUSED(m.import(), "node 'c' (Conv): kernel_shape 5x5 contradicts");
}

TEST(ConvTranspose, output_shape_and_auto_pad_become_pads) {
  auto import = [](auto&& adorn) {
    ModelText m;
    m.input("x", {1, 1, 3, 3}).filled("w", {1, 2, 3, 3}, 1).output("y");
    auto& conv = m.node("ConvTranspose", {"x", "w"}, {"y"});
    attribute(conv, "strides", Ints{3, 2});
    adorn(conv);
    return m.import();
  };
  ASSERT_IMPORTS(sized, import([](auto& n) { attribute(n, "output_shape", Ints{10, 6}); }));
  EXPECT_EQ(output_shape(*sized), (Shape{1, 2, 10, 6}));
  EXPECT_EQ(only<op::ConvTranspose>(sized->graph)->pads, (Dims{0, 1, 0, 0}));
  EXPECT_EQ(only<op::ConvTranspose>(sized->graph)->output_padding, (Dims{1, 0}));
  ASSERT_IMPORTS(same, import([](auto& n) { attribute(n, "auto_pad", "SAME_UPPER"); }));
  EXPECT_EQ(output_shape(*same), (Shape{1, 2, 9, 6}));
  EXPECT_EQ(only<op::ConvTranspose>(same->graph)->pads, (Dims{0, 0, 0, 1}));
}

TEST(Pool, ceil_mode_has_no_meaning_beside_auto_pad) {
  auto pool = [](const char* auto_pad) {
    return one(17, "MaxPool", {1, 1, 6, 6}, [&](auto& n) {
      attribute(n, "kernel_shape", Ints{3, 3});
      attribute(n, "strides", Ints{2, 2});
      attribute(n, "ceil_mode", 1);
      attribute(n, "auto_pad", auto_pad);
    });
  };
  ASSERT_IMPORTS(same, pool("SAME_UPPER"));
  EXPECT_FALSE(only<op::Pool>(same->graph)->ceil_mode);
  ASSERT_IMPORTS(plain, pool("NOTSET"));
  EXPECT_TRUE(only<op::Pool>(plain->graph)->ceil_mode);
  EXPECT_EQ(output_shape(*plain), (Shape{1, 1, 3, 3}));
}

TEST(Pool, indices_are_an_operator_of_their_own_where_somebody_reads_them) {
  ModelText m;
  m.input("x", {1, 1, 4, 4}).output("y");
  attribute(m.node("MaxPool", {"x"}, {"y", "indices"}, "p"), "kernel_shape", Ints{2, 2});
  ASSERT_IMPORTS(alone, m.import());
  EXPECT_EQ(operators_of(alone->graph), "max_pool");
  m.output("indices");
  ASSERT_IMPORTS(both, m.import());
  EXPECT_EQ(only<op::PoolIndices>(both->graph)->kernel, (Dims{2, 2}));
}

TEST(Pool, global_pooling_is_a_reduce) {
  ASSERT_IMPORTS(g, one(17, "GlobalMaxPool", {2, 3, 4, 5}, [](auto&) {}));
  EXPECT_EQ(*only<op::Reduce>(g->graph), (op::Reduce{op::ReduceKind::max, {2, 3}, true}));
}

// --- elementwise

TEST(Clip, bounds_are_attributes_before_11_and_inputs_since) {
  ASSERT_IMPORTS(old, one(10, "Clip", {2}, [](auto& n) { attribute(n, "max", 6.0f); }));
  EXPECT_EQ(only<op::Unary>(old->graph)->b, 6.0f);
  EXPECT_EQ(only<op::Unary>(old->graph)->a, std::numeric_limits<float>::lowest());
  ModelText m(13);
  m.input("x", {2}).floats("low", {}, {-1}).output("y");
  m.node("Clip", {"x", "low"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(*only<op::Unary>(g->graph), (op::Unary{op::UnaryKind::clip, -1, std::numeric_limits<float>::max()}));
}

TEST(Clip, bounds_the_network_computes_become_min_and_max) {
  ModelText m(13);
  m.input("x", {2}).input("low", {}).floats("high", {}, {1}).output("y");
  m.node("Clip", {"x", "low", "high"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "max min");
}

TEST(Elementwise, many_inputs_are_a_chain_and_one_is_itself) {
  ModelText m;
  m.input("a", {2}).floats("b", {2}, {1, 2}).floats("c", {2}, {3, 4}).output("y").output("z");
  m.node("Sum", {"a", "b", "c"}, {"y"});
  m.node("Max", {"y"}, {"t"});
  m.node("Min", {"t", "a"}, {"z"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(operators_of(g->graph), "add add min");
}

TEST(Pow, an_exponent_of_another_type_is_cast) {
  ModelText m;
  m.input("x", {2}).ints("two", {2}).output("y");
  m.node("Pow", {"x", "two"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {3, 4}), (Floats{9, 16}));
}

TEST(Softmax, before_13_is_over_all_axes_from_one_on) {
  ASSERT_IMPORTS(coerced, one(11, "Softmax", {2, 2, 3}, [](auto&) {}));
  EXPECT_EQ(operators_of(coerced->graph), "reshape softmax reshape");
  EXPECT_EQ(output_shape(*coerced), (Shape{2, 2, 3}));
  ASSERT_IMPORTS(last, one(11, "Softmax", {2, 3}, [](auto&) {}));
  EXPECT_EQ(operators_of(last->graph), "softmax");
  ASSERT_IMPORTS(ones, one(11, "Softmax", {2, 3, 1, 1}, [](auto&) {}));
  EXPECT_EQ(operators_of(ones->graph), "softmax");
  ASSERT_IMPORTS(since, one(13, "Softmax", {2, 2, 3}, [](auto&) {}));
  EXPECT_EQ(only<op::Softmax>(since->graph)->axis, 2);
}

TEST(BatchNorm, training_is_refused) {
  ModelText m(15);
  m.input("x", {1, 2, 3, 3}).output("y");
  for (const char* name : {"s", "b", "m", "v"}) m.filled(name, {2}, 1);
  attribute(m.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, "bn"), "training_mode", 1);
  EXPECT_REFUSED(m.import(), "training_mode");
}

// --- reductions

TEST(Reduce, axes_move_to_an_input) {
  ASSERT_IMPORTS(old, one(13, "ReduceMean", {2, 3, 4}, [](auto& n) { attribute(n, "axes", Ints{-1, 0}); }));
  EXPECT_EQ(only<op::Reduce>(old->graph)->axes, (Dims{0, 2}));
  for (auto& [op, opset] : {std::pair{"ReduceMean", 18}, {"ReduceSum", 13}}) {
    ModelText m(opset);
    m.input("x", {2, 3, 4}).ints("axes", {-1}).output("y");
    attribute(m.node(op, {"x", "axes"}, {"y"}), "keepdims", 0);
    ASSERT_IMPORTS(g, m.import());
    EXPECT_EQ(output_shape(*g), (Shape{2, 3}));
  }
}

TEST(Reduce, no_axes_means_all_or_nothing) {
  ASSERT_IMPORTS(all, one(18, "ReduceMax", {2, 3}, [](auto&) {}));
  EXPECT_EQ(output_shape(*all), (Shape{1, 1}));
  ASSERT_IMPORTS(none, one(18, "ReduceMax", {2, 3}, [](auto& n) { attribute(n, "noop_with_empty_axes", 1); }));
  EXPECT_EQ(output_shape(*none), (Shape{2, 3}));
  EXPECT_REFUSED(one(13, "ReduceMax", {2, 3}, [](auto& n) { attribute(n, "axes", Ints{1, -1}); }), "named twice");
}

// --- shapes

TEST(Reshape, zero_copies_unless_allowed) {
  auto import = [](bool allow, const Ints& x, const Ints& target) {
    ModelText m(14);
    m.input("x", x).ints("t", target).output("y");
    attribute(m.node("Reshape", {"x", "t"}, {"y"}, "r"), "allowzero", allow ? 1 : 0);
    return m.import();
  };
  ASSERT_IMPORTS(copied, import(false, {2, 3, 4}, {0, -1}));
  EXPECT_EQ(output_shape(*copied), (Shape{2, 12}));
  EXPECT_REFUSED(import(true, {2, 3}, {0, 6}), "cannot become");
  EXPECT_REFUSED(import(false, {2, 3}, {-1, -1}), "cannot become");
  EXPECT_REFUSED(import(false, {2, 3}, {4, -1}), "cannot become");
  EXPECT_REFUSED(import(false, {2, 3}, {std::numeric_limits<int64_t>::max(), 3, -1}), "cannot become");
}

TEST(Reshape, flatten_squeeze_and_unsqueeze_are_reshapes) {
  ASSERT_IMPORTS(flat, one(13, "Flatten", {2, 3, 4}, [](auto& n) { attribute(n, "axis", -1); }));
  EXPECT_EQ(output_shape(*flat), (Shape{6, 4}));
  ASSERT_IMPORTS(first, one(13, "Flatten", {2, 3, 4}, [](auto& n) { attribute(n, "axis", 0); }));
  EXPECT_EQ(output_shape(*first), (Shape{1, 24}));
  ASSERT_IMPORTS(squeezed, one(11, "Squeeze", {1, 3, 1}, [](auto& n) { attribute(n, "axes", Ints{-1}); }));
  EXPECT_EQ(output_shape(*squeezed), (Shape{1, 3}));
  ASSERT_IMPORTS(all, one(13, "Squeeze", {1, 3, 1}, [](auto&) {}));
  EXPECT_EQ(output_shape(*all), (Shape{3}));
  EXPECT_REFUSED(one(11, "Squeeze", {2, 3}, [](auto& n) { attribute(n, "axes", Ints{0}); }), "is not 1");
  ASSERT_IMPORTS(grown, one(11, "Unsqueeze", {2, 3}, [](auto& n) { attribute(n, "axes", Ints{-1, 0}); }));
  EXPECT_EQ(output_shape(*grown), (Shape{1, 2, 3, 1}));
  ModelText m(13);
  m.input("x", {2, 3}).ints("axes", {1}).output("y");
  m.node("Unsqueeze", {"x", "axes"}, {"y"});
  ASSERT_IMPORTS(since, m.import());
  EXPECT_EQ(output_shape(*since), (Shape{2, 1, 3}));
}

TEST(Expand, broadcasts_both_ways) {
  ModelText m;
  m.input("x", {3, 1}).ints("t", {2, 1, 4}).output("y");
  m.node("Expand", {"x", "t"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(output_shape(*g), (Shape{2, 3, 4}));
}

TEST(Shape, takes_a_range_since_15) {
  ModelText m(15);
  m.input("x", {2, 3, 4, 5}).output("y");
  auto& shape = m.node("Shape", {"x"}, {"s"});
  attribute(shape, "start", -3);
  attribute(shape, "end", -1);
  attribute(m.node("Cast", {"s"}, {"y"}), "to", 1);
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, counting(120)), (Floats{3, 4}));
}

// --- movement

Floats sliced(const Ints& starts, const Ints& ends, const Ints& axes, const Ints& steps) {
  ModelText m;
  m.input("x", {2, 5}).ints("s", starts).ints("e", ends).ints("a", axes).ints("p", steps).output("y");
  m.node("Slice", {"x", "s", "e", "a", "p"}, {"y"});
  auto g = m.import();
  EXPECT_TRUE(g.ok()) << g.status().message();
  return g.ok() ? run(g->graph, counting(10)) : Floats{};
}

TEST(Slice, clamps_and_counts_from_the_end) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(sliced({1}, {kMax}, {-2}, {1}), (Floats{5, 6, 7, 8, 9}));
  EXPECT_EQ(sliced({-2}, {-1}, {1}, {1}), (Floats{3, 8}));
  EXPECT_EQ(sliced({-1}, {kMin}, {1}, {-2}), (Floats{4, 2, 0, 9, 7, 5}));
  EXPECT_EQ(sliced({kMax}, {-3}, {1}, {-1}), (Floats{4, 3, 9, 8}));
  EXPECT_EQ(sliced({0}, {5}, {1}, {kMax}), (Floats{0, 5}));
  EXPECT_EQ(sliced({4}, {kMin}, {1}, {kMin}), (Floats{4, 9}));
}

TEST(Slice, attributes_before_opset_10) {
  ASSERT_IMPORTS(g, one(9, "Slice", {2, 5}, [](auto& n) {
                   attribute(n, "starts", Ints{0, 1});
                   attribute(n, "ends", Ints{1, -1});
                 }));
  EXPECT_EQ(run(g->graph, counting(10)), (Floats{1, 2, 3}));
}

TEST(Split, becomes_slices_even_given_or_ragged) {
  auto shapes = [](int64_t opset, int outputs, auto&& adorn) -> std::vector<int64_t> {
    ModelText m(opset);
    m.input("x", {7, 2});
    std::vector<std::string> names;
    for (int i = 0; i < outputs; ++i) {
      names.push_back("y" + std::to_string(i));
      m.output(names.back());
    }
    adorn(m, m.node("Split", {"x"}, names, "s"));
    auto g = m.import();
    EXPECT_TRUE(g.ok()) << g.status().message();
    Ints sizes;
    if (g.ok()) {
      for (ir::ValueId id : g->graph.outputs()) sizes.push_back(g->graph.value(id).type.shape[0]);
    }
    return sizes;
  };
  EXPECT_EQ(shapes(11, 2, [](auto&, auto& n) { attribute(n, "split", Ints{3, 4}); }), (Ints{3, 4}));
  EXPECT_EQ(shapes(13, 2, [](auto& m, auto& n) { m.ints("sizes", {1, 6}), n.add_input("sizes"); }), (Ints{1, 6}));
  EXPECT_EQ(shapes(18, 3, [](auto&, auto& n) { attribute(n, "num_outputs", 3); }), (Ints{3, 3, 1}));
  EXPECT_EQ(shapes(17, 7, [](auto&, auto&) {}), (Ints(7, 1)));
  ModelText m;
  m.input("x", {7, 2}).output("a").output("b");
  attribute(m.node("Split", {"x"}, {"a", "b"}, "s"), "axis", 0);
  EXPECT_REFUSED(m.import(), "equal parts");
}

TEST(Slice, an_empty_part_is_known_and_joins_to_nothing) {
  ModelText m(13);
  m.input("x", {2, 5}).ints("sizes", {0, 5}).ints("s", {7}).ints("e", {9}).ints("a", {1}).output("y");
  auto& split = m.node("Split", {"x", "sizes"}, {"none", "all"});
  attribute(split, "axis", 1);
  m.node("Slice", {"x", "s", "e", "a"}, {"nothing"});
  attribute(m.node("Concat", {"none", "all", "nothing"}, {"y"}), "axis", 1);
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(output_shape(*g), (Shape{2, 5}));
  EXPECT_EQ(operators_of(g->graph), "slice");
}

TEST(Pad, attributes_then_inputs_then_axes) {
  ASSERT_IMPORTS(old, one(10, "Pad", {1, 2}, [](auto& n) {
                   attribute(n, "pads", Ints{0, 1, 0, 1});
                   attribute(n, "value", 7.0f);
                 }));
  EXPECT_EQ(run(old->graph, {1, 2}), (Floats{7, 1, 2, 7}));
  ModelText m(18);
  m.input("x", {1, 2}).ints("pads", {1, 0}).floats("v", {}, {5}).ints("axes", {-1}).output("y");
  m.node("Pad", {"x", "pads", "v", "axes"}, {"y"});
  ASSERT_IMPORTS(g, m.import());
  EXPECT_EQ(run(g->graph, {1, 2}), (Floats{5, 1, 2}));
  EXPECT_REFUSED(one(10, "Pad", {1, 2},
                     [](auto& n) {
                       attribute(n, "pads", Ints{0, 1, 0, 1});
                       attribute(n, "mode", "mirror");
                     }),
                 "'mirror'");
}

// --- resizing

Result<ImportedGraph> resized(int64_t opset, const Ints& x, const Floats& scales, const Ints& sizes,
                              const std::vector<std::pair<const char*, const char*>>& words) {
  ModelText m(opset);
  m.input("x", x).output("y");
  std::vector<std::string> inputs{"x", "", "", ""};
  if (!scales.empty()) m.floats("scales", {static_cast<int64_t>(scales.size())}, scales), inputs[2] = "scales";
  if (!sizes.empty()) m.ints("sizes", sizes), inputs[3] = "sizes";
  if (opset < 11) inputs = {"x", "scales"};
  auto& node = m.node("Resize", inputs, {"y"}, "r");
  for (auto& [name, value] : words) attribute(node, name, value);
  return m.import();
}

TEST(Resize, opset_10_and_upsample_divide_coordinates_by_the_scale) {
  ASSERT_IMPORTS(g, resized(10, {1, 1, 2, 2}, {1, 1, 2, 2}, {}, {}));
  EXPECT_EQ(only<op::Resize>(g->graph)->coordinate, op::ResizeCoordinate::asymmetric);
  EXPECT_EQ(only<op::Resize>(g->graph)->rounding, op::ResizeRounding::floor);
  ASSERT_IMPORTS(old, one(7, "Upsample", {1, 1, 1, 2}, [](auto& n) { attribute(n, "scales", Floats{1, 1, 2, 2}); }));
  EXPECT_EQ(run(old->graph, {1, 2}), (Floats{1, 1, 2, 2, 1, 1, 2, 2}));
  ModelText m(9);
  m.input("x", {1, 1, 1, 2}).floats("s", {4}, {1, 1, 1, 2}).output("y");
  attribute(m.node("Upsample", {"x", "s"}, {"y"}), "mode", "linear");
  ASSERT_IMPORTS(linear, m.import());
  EXPECT_EQ(run(linear->graph, {1, 2}), (Floats{1, 1.5f, 2, 2}));
}

TEST(Resize, keeps_the_scales_of_the_model) {
  ASSERT_IMPORTS(scaled, resized(13, {1, 1, 5, 5}, {1, 1, 0.7f, 1.3f}, {}, {{"mode", "linear"}}));
  EXPECT_EQ(only<op::Resize>(scaled->graph)->scale_h, 0.7f);
  EXPECT_EQ(output_shape(*scaled), (Shape{1, 1, 3, 6}));
  ASSERT_IMPORTS(sized, resized(13, {1, 1, 5, 5}, {}, {1, 1, 3, 6}, {{"mode", "linear"}}));
  EXPECT_EQ(only<op::Resize>(sized->graph)->scale_h, 3.0f / 5.0f);
}

TEST(Resize, other_ranks_and_channels_last_are_brought_to_nchw) {
  ASSERT_IMPORTS(line, resized(13, {2, 3, 4}, {1, 1, 2}, {}, {}));
  EXPECT_EQ(operators_of(line->graph), "reshape resize reshape");
  EXPECT_EQ(output_shape(*line), (Shape{2, 3, 8}));
  ASSERT_IMPORTS(last, resized(13, {1, 2, 2, 3}, {}, {1, 4, 4, 3}, {}));
  EXPECT_EQ(operators_of(last->graph), "transpose resize transpose");
  ASSERT_IMPORTS(three, resized(13, {1, 2, 2, 3}, {1, 2, 2, 2}, {}, {}));
  EXPECT_EQ(operators_of(three->graph), "gather gather gather");
}

TEST(Resize, sizes_written_for_another_batch_follow_it) {
  ModelText m;
  m.input("x", {1, 1, 2, 2}).ints("sizes", {1, 1, 4, 4}).output("y");
  m.node("Resize", {"x", "", "", "sizes"}, {"y"});
  ASSERT_IMPORTS(g, m.import({.batch = 3}));
  EXPECT_EQ(output_shape(*g), (Shape{3, 1, 4, 4}));
}

TEST(Resize, nonsense_is_refused) {
  EXPECT_REFUSED(resized(18, {1, 1, 4, 4}, {}, {1, 1, 2, 2}, {{"keep_aspect_ratio_policy", "sometimes"}}), "unknown");
  EXPECT_REFUSED(
      resized(13, {1, 1, 4, 4}, {1, 1, 2, 2}, {}, {{"coordinate_transformation_mode", "tf_crop_and_resize"}}),
      "input 1");
  EXPECT_REFUSED(resized(13, {1, 1, 4, 4}, {}, {}, {}), "neither");
  EXPECT_REFUSED(resized(13, {1, 1, 4, 4}, {1, 1, -1, 1}, {}, {}), "out of range");
}

TEST(Resize, a_policy_keeps_the_aspect) {
  ASSERT_IMPORTS(g, resized(18, {1, 1, 4, 2}, {}, {1, 1, 6, 6}, {{"keep_aspect_ratio_policy", "not_larger"}}));
  EXPECT_EQ(output_shape(*g), (Shape{1, 1, 4, 2}));
}

TEST(Resize, half_pixel_for_nn_is_half_pixel_rounded_up) {
  ASSERT_IMPORTS(g, resized(11, {1, 1, 1, 4}, {1, 1, 1, 0.6f}, {},
                            {{"coordinate_transformation_mode", "tf_half_pixel_for_nn"}, {"nearest_mode", "floor"}}));
  EXPECT_EQ(run(g->graph, {0, 1, 2, 3}), (Floats{0, 2}));
}

}  // namespace
}  // namespace stretto::onnx
