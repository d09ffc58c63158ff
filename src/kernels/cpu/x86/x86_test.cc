// The x86 tactics take the problems they are meant for, in both widths, and solve them in every configuration.
#include <gtest/gtest.h>

#include "kernels/cpu/testing.h"
#include "kernels/cpu/x86/table.h"

namespace stretto::kernels::testing {
namespace {

using op::BinaryKind;
using op::UnaryKind;

struct Target {
  const char* isa;
  Isa needed;
  Layout layout;
  TacticTable table;
};

std::vector<Target> targets() {
  std::vector<Target> all{{"avx512", Isa::avx512, Layout::c16, x86_avx512_table()},
                          {"avx2", Isa::avx2, Layout::c8, x86_avx2_table()}};
  std::erase_if(all, [](const Target& t) { return !cpu_has(t.needed); });
  return all;
}

/// The tactic `name` of every table takes the problem and is right in all its configurations.
template <class MakeProblem>
void expect_solved(const std::string& name, MakeProblem make) {
  for (const Target& target : targets()) {
    const Problem problem = make(target.layout);
    const std::string full = std::string("cpu.") + target.isa + "." + name;
    SCOPED_TRACE(full + " on " + to_string(problem));
    bool found = false;
    for (const Tactic& tactic : target.table) {
      if (full != tactic.name) continue;
      found = true;
      ASSERT_EQ(name_of(tactic.supports(problem)), name_of(Refusal::none));
      for (const Config& config : tactic.configs(problem)) {
        EXPECT_EQ(check(problem, tactic, config), "") << to_string(config);
        EXPECT_GT(tactic.estimate(problem, config, 2), 0);
      }
    }
    EXPECT_TRUE(found);
  }
}

op::Unary act(UnaryKind kind, float a = 0, float b = 0) {
  return {kind, a, b};
}

struct ConvCase {
  Shape src;
  int64_t oc = 1;
  Dims kernel{3, 3}, strides{1, 1}, dilations{1, 1}, pads{1, 1, 1, 1};
  int64_t group = 1;
  bool bias = true;
};

/// Opens a problem with a convolution; returns its value.
int open_conv(Builder& b, const ConvCase& c, Layout src_layout) {
  std::vector<int> in{b.in(c.src, src_layout), b.constant({c.oc, c.src[1] / c.group, c.kernel[0], c.kernel[1]})};
  if (c.bias) in.push_back(b.constant({c.oc}));
  return b.node(op::Conv{c.strides, c.dilations, c.pads, c.group}, in);
}

Problem conv_alone(const ConvCase& c, Layout src_layout, Layout layout) {
  Builder b;
  open_conv(b, c, src_layout);
  return b.done(layout);
}

Problem conv_with(const ConvCase& c, std::vector<op::Unary> acts, Layout layout) {
  Builder b;
  int x = open_conv(b, c, layout);
  for (const op::Unary& a : acts) x = b.node(a, {x});
  return b.done(layout);
}

/// act1, then ∘ with another input of shape dst, then act2.
Problem conv_joined(const ConvCase& c, const Shape& dst, BinaryKind kind, std::vector<op::Unary> before,
                    std::vector<op::Unary> after, Layout layout) {
  Builder b;
  const int other = b.in(dst, layout);
  int x = open_conv(b, c, layout);
  for (const op::Unary& a : before) x = b.node(a, {x});
  x = b.node(op::Binary{kind}, {x, other});
  for (const op::Unary& a : after) x = b.node(a, {x});
  return b.done(layout);
}

TEST(X86, conv_direct_takes_any_kernel_stride_dilation_and_padding) {
  const ConvCase cases[] = {
      {.src = {1, 20, 9, 13}, .oc = 37},
      {.src = {2, 33, 15, 14}, .oc = 40, .strides = {2, 2}},
      {.src = {2, 40, 7, 7}, .oc = 100, .kernel = {1, 1}, .pads = {0, 0, 0, 0}},
      {.src = {1, 40, 8, 7}, .oc = 65, .kernel = {1, 1}, .strides = {2, 2}, .pads = {0, 0, 0, 0}},
      {.src = {1, 16, 17, 11}, .oc = 16, .kernel = {5, 5}, .dilations = {2, 2}, .pads = {4, 4, 4, 4}},
      {.src = {1, 6, 31, 30}, .oc = 18, .kernel = {7, 7}, .strides = {3, 3}, .pads = {3, 3, 3, 3}, .bias = false},
      {.src = {1, 24, 10, 12}, .oc = 24, .pads = {0, 2, 1, 0}},
      {.src = {1, 16, 3, 3}, .oc = 16, .pads = {4, 4, 4, 4}},
      {.src = {1, 32, 9, 29}, .oc = 32, .kernel = {1, 7}, .pads = {0, 3, 0, 3}},
      {.src = {1, 16, 20, 21}, .oc = 16, .strides = {4, 4}},
      {.src = {1, 16, 20, 21}, .oc = 16, .strides = {2, 2}, .dilations = {3, 3}, .pads = {3, 3, 3, 3}},
      {.src = {2, 64, 9, 9}, .oc = 32, .group = 2},
  };
  for (const ConvCase& c : cases) expect_solved("conv_direct", [&](Layout l) { return conv_alone(c, l, l); });
}

TEST(X86, conv_gathered_takes_any_kernel_stride_dilation_and_padding) {
  const ConvCase cases[] = {
      {.src = {1, 20, 9, 13}, .oc = 37},
      {.src = {2, 33, 15, 14}, .oc = 140, .strides = {2, 2}},
      {.src = {2, 40, 8, 7}, .oc = 65, .kernel = {1, 1}, .strides = {2, 2}, .pads = {0, 0, 0, 0}},
      {.src = {1, 40, 13, 13}, .oc = 64, .kernel = {1, 1}, .strides = {2, 1}, .pads = {1, 0, 0, 2}},
      {.src = {1, 16, 17, 11}, .oc = 16, .kernel = {5, 3}, .dilations = {2, 3}, .pads = {4, 4, 4, 4}},
      {.src = {1, 16, 3, 3}, .oc = 16, .pads = {4, 4, 4, 4}},
      {.src = {1, 16, 20, 21}, .oc = 16, .strides = {4, 4}, .bias = false},
  };
  for (const ConvCase& c : cases) expect_solved("conv_gathered", [&](Layout l) { return conv_alone(c, l, l); });
  const ConvCase many{.src = {1, 512, 6, 7}, .oc = 72, .strides = {2, 2}};
  expect_solved("conv_gathered", [&](Layout l) {
    return conv_joined(many, {1, 72, 3, 4}, BinaryKind::add, {}, {act(UnaryKind::relu)}, l);
  });
}

TEST(X86, conv_direct_keeps_partial_sums_over_many_channels) {
  const ConvCase square{.src = {1, 512, 6, 7}, .oc = 64};
  const ConvCase point{.src = {1, 2048, 7, 7}, .oc = 72, .kernel = {1, 1}, .pads = {0, 0, 0, 0}};
  expect_solved("conv_direct", [&](Layout l) {
    return conv_joined(square, {1, 64, 6, 7}, BinaryKind::add, {}, {act(UnaryKind::relu)}, l);
  });
  expect_solved("conv_direct", [&](Layout l) {
    return conv_joined(point, {1, 72, 7, 7}, BinaryKind::mul, {act(UnaryKind::swish)}, {}, l);
  });
}

TEST(X86, every_activation_may_follow_and_padding_lanes_stay_zero) {
  const ConvCase c{.src = {1, 5, 10, 12}, .oc = 21, .kernel = {1, 1}, .pads = {0, 0, 0, 0}};
  const op::Unary acts[] = {act(UnaryKind::relu),           act(UnaryKind::leaky_relu, 0.1f),
                            act(UnaryKind::clip, 0.25f, 6), act(UnaryKind::clip, -1, 6),
                            act(UnaryKind::sigmoid),        act(UnaryKind::hard_sigmoid, 0.2f, 0.5f),
                            act(UnaryKind::hard_swish),     act(UnaryKind::swish),
                            act(UnaryKind::tanh),           act(UnaryKind::linear, 2, 1)};
  for (const op::Unary& a : acts) expect_solved("conv_direct", [&](Layout l) { return conv_with(c, {a}, l); });
  expect_solved("conv_direct", [&](Layout l) {
    return conv_joined(c, {1, 21, 10, 12}, BinaryKind::add, {act(UnaryKind::hard_swish)}, {act(UnaryKind::sigmoid)}, l);
  });
}

TEST(X86, conv_first_reads_plain_images) {
  const ConvCase cases[] = {
      {.src = {2, 3, 31, 45}, .oc = 64, .kernel = {7, 7}, .strides = {2, 2}, .pads = {3, 3, 3, 3}},
      {.src = {1, 3, 63, 50}, .oc = 64, .kernel = {11, 11}, .strides = {4, 4}, .pads = {2, 2, 2, 2}},
      {.src = {1, 1, 20, 33}, .oc = 70, .bias = false},
      {.src = {1, 4, 13, 9}, .oc = 33, .kernel = {5, 5}, .pads = {0, 0, 0, 0}},
      {.src = {1, 3, 5, 4}, .oc = 24, .pads = {4, 5, 6, 3}},
  };
  for (const ConvCase& c : cases)
    expect_solved("conv_first", [&](Layout l) { return conv_alone(c, Layout::plain, l); });
}

/// A convolution of a plain image, activations, a pool.
Problem conv_pooled(const ConvCase& c, std::vector<op::Unary> acts, const op::Pool& pool, Layout layout) {
  Builder b;
  int x = open_conv(b, c, Layout::plain);
  for (const op::Unary& a : acts) x = b.node(a, {x});
  b.node(pool, {x});
  return b.done(layout);
}

op::Pool pool_of(op::PoolKind kind, int64_t kernel, int64_t stride, Dims pads, bool count_pads = false,
                 bool ceil = false) {
  return {kind, Dims::filled(2, kernel), Dims::filled(2, stride), {1, 1}, pads, count_pads, ceil};
}

const ConvCase kPicture{.src = {1, 3, 37, 30}, .oc = 40, .strides = {2, 2}};

TEST(X86, conv_first_pool_takes_any_kernel_stride_and_padding_of_both) {
  const ConvCase pictures[] = {
      kPicture,
      {.src = {2, 3, 41, 67}, .oc = 64, .kernel = {7, 7}, .strides = {2, 2}, .pads = {3, 3, 3, 3}},
      {.src = {1, 3, 93, 90}, .oc = 50, .kernel = {11, 11}, .strides = {4, 4}, .pads = {2, 2, 2, 2}},
      {.src = {2, 1, 12, 9}, .oc = 70, .pads = {0, 2, 1, 0}, .bias = false},
  };
  using op::PoolKind;
  const op::Pool pools[] = {
      pool_of(PoolKind::max, 3, 2, {1, 1, 1, 1}),           pool_of(PoolKind::max, 3, 2, {0, 0, 0, 0}),
      pool_of(PoolKind::max, 2, 2, {0, 0, 0, 0}),           pool_of(PoolKind::max, 2, 3, {0, 1, 1, 0}),
      pool_of(PoolKind::average, 5, 1, {2, 2, 2, 2}, true), pool_of(PoolKind::average, 3, 2, {1, 0, 0, 1}),
  };
  for (const ConvCase& c : pictures) {
    for (const op::Pool& pool : pools) {
      expect_solved("conv_first_pool", [&](Layout l) { return conv_pooled(c, {act(UnaryKind::relu)}, pool, l); });
    }
  }
}

TEST(X86, conv_first_pool_takes_ceil_mode_and_every_activation) {
  for (bool count_pads : {false, true}) {
    for (op::PoolKind kind : {op::PoolKind::max, op::PoolKind::average}) {
      const op::Pool pool = pool_of(kind, 3, 2, {0, 0, 0, 0}, count_pads, true);
      expect_solved("conv_first_pool", [&](Layout l) {
        return conv_pooled({.src = {1, 3, 20, 23}, .oc = 24}, {}, pool, l);
      });
    }
  }
  const op::Pool pool = pool_of(op::PoolKind::max, 3, 2, {1, 1, 1, 1});
  for (const op::Unary& a : {act(UnaryKind::sigmoid), act(UnaryKind::hard_swish), act(UnaryKind::clip, -1, 2)}) {
    expect_solved("conv_first_pool", [&](Layout l) { return conv_pooled(kPicture, {a}, pool, l); });
  }
}

TEST(X86, conv_first_pool_says_what_it_does_not_take) {
  for (const Target& target : targets()) {
    const Layout l = target.layout;
    const op::Pool pool = pool_of(op::PoolKind::max, 3, 2, {1, 1, 1, 1});
    auto refusal = [&](const Problem& problem) {
      for (const Tactic& tactic : target.table) {
        if (std::string(tactic.name).ends_with("conv_first_pool")) return name_of(tactic.supports(problem));
      }
      return name_of(Refusal::isa);
    };
    EXPECT_EQ(refusal(conv_pooled(kPicture, {}, pool, l)), name_of(Refusal::none));
    EXPECT_EQ(refusal(conv_alone(kPicture, Layout::plain, l)), name_of(Refusal::other_operator));
    EXPECT_EQ(refusal(conv_pooled(kPicture, {}, pool, Layout::plain)), name_of(Refusal::other_layout));
    EXPECT_EQ(refusal(conv_pooled({.src = {1, 9, 20, 20}, .oc = 24}, {}, pool, l)), name_of(Refusal::other_shape));
    op::Pool dilated = pool;
    dilated.dilations = {2, 2};
    EXPECT_EQ(refusal(conv_pooled(kPicture, {}, dilated, l)), name_of(Refusal::dilated));
    // An addition between the two reads a map as large as the one that is never written.
    Builder b;
    const int other = b.in({1, 40, 19, 15}, l);
    b.node(pool, {b.node(op::Binary{BinaryKind::add}, {open_conv(b, kPicture, Layout::plain), other})});
    EXPECT_EQ(refusal(b.done(l)), name_of(Refusal::fused_operators));
  }
}

TEST(X86, depthwise_takes_every_kernel) {
  for (int64_t kernel : {3, 5, 7}) {
    for (int64_t stride : {1, 2}) {
      const ConvCase c{.src = {2, 37, 17, 22},
                       .oc = 37,
                       .kernel = {kernel, kernel},
                       .strides = {stride, stride},
                       .pads = Dims::filled(4, kernel / 2),
                       .group = 37};
      expect_solved("depthwise", [&](Layout l) { return conv_with(c, {act(UnaryKind::clip, 0, 6)}, l); });
    }
  }
  const ConvCase tiny{.src = {1, 40, 2, 2}, .oc = 40, .kernel = {5, 5}, .pads = {2, 2, 2, 2}, .group = 40};
  expect_solved("depthwise", [&](Layout l) {
    return conv_joined(tiny, {1, 40, 2, 2}, BinaryKind::add, {}, {act(UnaryKind::hard_swish)}, l);
  });
  const ConvCase dilated{.src = {1, 40, 11, 9}, .oc = 40, .dilations = {2, 2}, .pads = {2, 2, 2, 2}, .group = 40};
  expect_solved("depthwise", [&](Layout l) { return conv_alone(dilated, l, l); });
}

TEST(X86, conv_transpose_takes_strides_larger_and_smaller_than_the_kernel) {
  struct Case {
    Shape src;
    int64_t oc, kernel, stride, pad, output_padding;
  };
  const Case cases[] = {{{2, 20, 5, 7}, 37, 2, 2, 0, 0},  {{1, 33, 5, 7}, 16, 4, 2, 1, 0},
                        {{1, 16, 9, 17}, 24, 3, 2, 1, 1}, {{1, 16, 4, 5}, 24, 2, 3, 0, 1},
                        {{1, 40, 6, 7}, 24, 3, 1, 1, 0},  {{1, 40, 6, 7}, 24, 8, 4, 2, 0}};
  for (const Case& c : cases) {
    expect_solved("conv_transpose", [&](Layout l) {
      Builder b;
      const int x = b.node(op::ConvTranspose{Dims::filled(2, c.stride), Dims::filled(2, 1), Dims::filled(4, c.pad),
                                             Dims::filled(2, c.output_padding), 1},
                           {b.in(c.src, l), b.constant({c.src[1], c.oc, c.kernel, c.kernel}), b.constant({c.oc})});
      b.node(act(UnaryKind::sigmoid), {x});
      return b.done(l);
    });
  }
}

TEST(X86, pools_count_what_the_attributes_say) {
  for (bool ceil : {false, true}) {
    for (bool pads : {false, true}) {
      for (op::PoolKind kind : {op::PoolKind::max, op::PoolKind::average}) {
        expect_solved("pool", [&](Layout l) {
          Builder b;
          b.node(op::Pool{kind, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, pads, ceil}, {b.in({2, 21, 14, 17}, l)});
          return b.done(l);
        });
      }
    }
  }
}

TEST(X86, spatial_reduce_writes_blocked_and_plain) {
  for (op::ReduceKind kind : {op::ReduceKind::mean, op::ReduceKind::max, op::ReduceKind::min, op::ReduceKind::sum}) {
    for (bool plain : {false, true}) {
      expect_solved("spatial_reduce", [&](Layout l) {
        Builder b;
        b.node(op::Reduce{kind, {2, 3}, true}, {b.in({2, 37, 5, 7}, l)});
        return b.done(plain ? Layout::plain : l);
      });
    }
  }
}

TEST(X86, elementwise_broadcasts_channels_and_scalars) {
  const Shape shape{2, 37, 9, 7};
  for (BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div, BinaryKind::min,
                          BinaryKind::max, BinaryKind::prelu}) {
    expect_solved("elementwise", [&](Layout l) {
      Builder b;
      b.node(op::Binary{kind}, {b.in(shape, l), b.in({2, 37, 1, 1}, l)});
      return b.done(l);
    });
    expect_solved("elementwise", [&](Layout l) {
      Builder b;
      b.node(op::Binary{kind}, {b.constant({37, 1, 1}), b.in(shape, l)});
      return b.done(l);
    });
    expect_solved("elementwise", [&](Layout) {
      Builder b;
      const int x = b.in({3, 77}), y = b.constant({77}), scalar = b.constant({1});
      b.node(op::Binary{kind}, {b.node(op::Binary{BinaryKind::add}, {x, y}), scalar});
      return b.done();
    });
  }
  expect_solved("elementwise", [&](Layout l) {
    Builder b;
    const int x = b.node(op::Binary{BinaryKind::mul}, {b.in(shape, l), b.constant(shape)});
    b.node(op::Binary{BinaryKind::sub}, {b.in({1, 37, 1, 1}), b.node(act(UnaryKind::swish), {x})});
    return b.done(l);
  });
}

TEST(X86, gemm_takes_few_rows_and_many) {
  for (int64_t m : {1, 2, 5, 16, 200}) {
    for (bool trans_b : {false, true}) {
      expect_solved("gemm", [&](Layout) {
        Builder b;
        const int x = b.in({m, 77}), w = b.constant(trans_b ? Shape{101, 77} : Shape{77, 101});
        const int y = b.node(op::Gemm{false, trans_b, 0.5f, 2}, {x, w, b.constant({101})});
        b.node(act(UnaryKind::relu), {b.node(op::Binary{BinaryKind::add}, {b.in({m, 101}), y})});
        return b.done();
      });
    }
  }
  expect_solved("gemm", [&](Layout) {
    Builder b;
    b.node(op::MatMul{}, {b.in({3, 50, 2000}), b.constant({2000, 65})});
    return b.done();
  });
}

TEST(X86, data_moves_between_layouts_channels_and_sizes) {
  for (const Shape& shape : {Shape{2, 37, 9, 7}, Shape{1, 3, 31, 33}, Shape{1, 64, 16, 16}, Shape{1, 1, 1, 1}}) {
    for (bool to_plain : {false, true}) {
      expect_solved("reformat", [&](Layout l) {
        Builder b;
        b.node(op::Reformat{}, {b.in(shape, to_plain ? l : Layout::plain)});
        return b.done(to_plain ? Layout::plain : l);
      });
    }
  }
  expect_solved("channels", [](Layout l) {
    Builder b;
    const int x = b.node(op::Concat{1}, {b.in({2, 58, 9, 7}, l), b.in({2, 37, 9, 7}, l), b.in({2, 3, 9, 7}, l)});
    b.node(op::Slice{{0, 90, 0, 0}, {1, -2, 1, 1}, {2, 40, 9, 7}}, {x});
    return b.done(l);
  });
  expect_solved("channels", [](Layout l) {
    Builder b;
    const int x = b.node(op::Reshape{{2, 3, 20, 9, 7}}, {b.in({2, 60, 9, 7}, l)});
    b.node(op::Reshape{{2, 60, 9, 7}}, {b.node(op::Transpose{{0, 2, 1, 3, 4}}, {x})});
    return b.done(l);
  });
  for (op::ResizeMode mode : {op::ResizeMode::nearest, op::ResizeMode::linear}) {
    for (op::ResizeCoordinate coordinate : {op::ResizeCoordinate::half_pixel, op::ResizeCoordinate::align_corners}) {
      expect_solved("resample", [&](Layout l) {
        Builder b;
        op::Resize resize{mode, coordinate, op::ResizeRounding::floor, {2, 20, 18, 15}, 2, 15.0f / 7};
        b.node(resize, {b.in({2, 20, 9, 7}, l)});
        return b.done(l);
      });
    }
  }
}

}  // namespace
}  // namespace stretto::kernels::testing
