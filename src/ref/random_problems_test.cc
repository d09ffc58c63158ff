// Random problems, mostly nonsense: whatever op::infer accepts, at() and evaluate() compute alike and inside their
// inputs (the sanitizer build watches the latter).
#include <chrono>
#include <random>

#include "ref/test_tensors.h"

namespace stretto::ref {
namespace {

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  int64_t number(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_() % static_cast<uint64_t>(most - least + 1));
  }
  Dims dims(int count, int64_t least, int64_t most) {
    Dims d;
    for (int i = 0; i < count; ++i) d.push_back(number(least, most));
    return d;
  }
  template <class E>
  E kind(int count) {
    return static_cast<E>(number(0, count - 1));
  }
  float real() { return static_cast<float>(number(-8, 8)) / 4; }

  Tensor tensor(Shape shape, bool integers) {
    std::vector<float> v(static_cast<size_t>(elements(shape)));
    std::vector<int64_t> w(v.size());
    for (size_t i = 0; i < v.size(); ++i) {
      w[i] = number(-3, 3);
      v[i] = real();
    }
    return integers ? longs(shape, w) : floats(shape, v);
  }

  op::Attrs attrs(const Shape& x) {
    int rank = x.size(), s = std::max(1, rank - 2);
    auto axis = number(0, std::max(0, rank - 1));
    switch (number(0, 35)) {
      case 28:
        return op::Map{kind<op::MapKind>(36), real(), real()};
      case 29:
        return op::Cumulate{kind<op::CumulateKind>(2), axis, number(0, 1) == 1, number(0, 1) == 1};
      case 30:
        return op::TopK{axis, number(1, 4), number(0, 1) == 1};
      case 31:
        return op::PoolIndices{{op::PoolKind::max, dims(s, 1, 4), dims(s, 1, 3), dims(s, 1, 3), dims(2 * s, 0, 3),
                                false, number(0, 1) == 1}};
      case 32:
        return op::Scatter{kind<op::ScatterKind>(5)};
      case 33:
        return op::GridSample{kind<op::GridMode>(3), kind<op::GridPadding>(3), number(0, 1) == 1};
      case 34:
        return op::RoiAlign{kind<op::PoolKind>(2), number(1, 3), number(1, 3), number(0, 2), real(), number(0, 1) == 1};
      case 35:
        return op::NonMaxSuppression{number(1, 5), real(), real(), number(0, 1) == 1};
      case 21:
        return op::Quantize{0.25f, number(-3, 3), number(0, 1) == 0 ? DType::u8 : DType::i8};
      case 22:
        return op::Dequantize{number(0, 3), axis};
      case 23:
        return op::Requantize{number(0, 3), number(0, 3), real(),    number(0, 3),
                              number(0, 3), number(3, 9), DType::u8, real()};
      case 24:
        return op::Lookup{};
      case 25: {
        op::ConvInteger conv;
        static_cast<op::Conv&>(conv) = op::Conv{dims(s, 1, 3), dims(s, 1, 3), dims(2 * s, 0, 3), number(1, 2)};
        conv.zero = number(0, 3);
        return conv;
      }
      case 26: {
        op::ConvTransposeInteger conv;
        static_cast<op::ConvTranspose&>(conv) =
            op::ConvTranspose{dims(s, 1, 3), dims(s, 1, 3), dims(2 * s, 0, 2), dims(s, 0, 1), number(1, 2)};
        conv.zero = number(0, 3);
        return conv;
      }
      case 27:
        return op::GemmInteger{number(0, 3)};
      case 0:
        return op::Conv{dims(s, 1, 3), dims(s, 1, 3), dims(2 * s, 0, 3), number(1, 2)};
      case 1:
        return op::ConvTranspose{dims(s, 1, 3), dims(s, 1, 3), dims(2 * s, 0, 2), dims(s, 0, 1), number(1, 2)};
      case 2:
        return op::Gemm{number(0, 1) == 1, number(0, 1) == 1, real(), real()};
      case 3:
        return op::MatMul{};
      case 4:
        return op::BatchNorm{0.5f};
      case 5:
        return op::Unary{kind<op::UnaryKind>(14), real(), real()};
      case 6:
        return op::Binary{kind<op::BinaryKind>(8)};
      case 7:
        return op::Softmax{axis};
      case 8:
        return op::Lrn{number(1, 4), 0.5f, 0.75f, 1};
      case 9:
      case 10:
        return op::Pool{kind<op::PoolKind>(2), dims(s, 1, 4),     dims(s, 1, 3),    dims(s, 1, 3),
                        dims(2 * s, 0, 3),     number(0, 1) == 1, number(0, 1) == 1};
      case 11:
        return op::Reduce{kind<op::ReduceKind>(4), Dims{axis}, number(0, 1) == 1};
      case 12:
        return op::Concat{axis};
      case 13:
        return op::Slice{dims(rank, 0, 4), dims(rank, -2, 2), dims(rank, 0, 3)};
      case 14:
        return op::Reshape{dims(2, 0, 12)};
      case 15:
        return op::Transpose{dims(rank, 0, rank - 1)};
      case 16:
        return op::Expand{dims(rank + 1, 1, 3)};
      case 17:
        return op::Gather{axis};
      case 18:
        return op::Pad{kind<op::PadMode>(3), dims(2 * rank, -2, 3), real()};
      case 19:
        return resize(x);
      default:
        return op::Cast{static_cast<DType>(number(1, 13))};
    }
  }

 private:
  op::Attrs resize(const Shape& x) {
    op::Resize r{kind<op::ResizeMode>(3), kind<op::ResizeCoordinate>(4), kind<op::ResizeRounding>(4), x};
    if (x.size() != 4) return r;
    r.sizes[2] = number(1, 8);
    r.sizes[3] = number(1, 8);
    r.scale_h = static_cast<float>(r.sizes[2]) / static_cast<float>(x[2]);
    r.scale_w = static_cast<float>(r.sizes[3]) / static_cast<float>(x[3]);
    return r;
  }

  std::mt19937 random_;
};

/// `count` small values: never below zero where the type has no such.
Tensor small(DType dtype, Shape shape, Generator& g) {
  Tensor tensor(TensorType{dtype, shape});
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    store(tensor.mutable_data(), dtype, i, {g.real(), g.number(dtype == DType::u8 ? 0 : -9, 9)});
  }
  return tensor;
}

/// Inputs of an operator on quantised values; none for any other.
std::vector<Tensor> integer_inputs_for(const op::Attrs& attrs, const Shape& x, Generator& g) {
  const bool third = g.number(0, 1) == 1;
  if (std::holds_alternative<op::Quantize>(attrs)) return {small(DType::f32, x, g)};
  if (const auto* a = std::get_if<op::Dequantize>(&attrs)) {
    return {small(third ? DType::i32 : DType::u8, x, g), small(DType::f32, {x[static_cast<int>(a->axis)]}, g)};
  }
  if (std::holds_alternative<op::Requantize>(attrs)) {
    std::vector<Tensor> inputs = {small(third ? DType::i32 : DType::i8, x, g), small(DType::f32, {1}, g)};
    if (third) inputs.push_back(small(DType::u8, x, g));
    return inputs;
  }
  if (std::holds_alternative<op::Lookup>(attrs)) return {small(DType::u8, x, g), small(DType::i8, {256}, g)};
  const bool conv = std::holds_alternative<op::ConvInteger>(attrs);
  const bool gemm = std::holds_alternative<op::GemmInteger>(attrs);
  if (!conv && !gemm && !std::holds_alternative<op::ConvTransposeInteger>(attrs)) return {};
  const Shape weights = gemm ? Shape{g.number(1, 3), x.back()} : g.dims(x.size(), 1, 3);
  std::vector<Tensor> inputs = {small(DType::u8, x, g), small(DType::i8, weights, g)};
  if (third) inputs.push_back(small(DType::i32, {weights[conv || gemm || weights.size() < 2 ? 0 : 1]}, g));
  return inputs;
}

/// Inputs of an operator whose inputs differ in type or rank; none for any other.
std::vector<Tensor> general_inputs_for(const op::Attrs& attrs, const Shape& x, Generator& g) {
  if (const auto* a = std::get_if<op::Map>(&attrs)) {
    const bool tests = a->kind < op::MapKind::bit_not, shifts = a->kind == op::MapKind::shift_left;
    const DType type = tests ? DType::f32 : shifts ? DType::u16 : static_cast<DType>(g.number(1, 13));
    std::vector<Tensor> inputs{small(a->kind == op::MapKind::select ? DType::boolean : type, x, g)};
    while (static_cast<int>(inputs.size()) < op::arity(attrs).first) {
      inputs.push_back(small(type, g.number(0, 1) == 0 ? x : Shape{x.back()}, g));
    }
    return inputs;
  }
  const int64_t n = g.number(1, 5);
  if (std::holds_alternative<op::Scatter>(attrs)) {
    Shape rows = x;
    rows[0] = n;
    const DType type = g.number(0, 1) == 0 ? DType::f32 : DType::i32;
    return {small(type, x, g), small(DType::i64, {n}, g), small(type, rows, g)};
  }
  if (std::holds_alternative<op::GridSample>(attrs) && (x.size() == 4 || x.size() == 5)) {
    Shape grid = g.dims(x.size(), 1, 3);
    grid[0] = x[0];
    grid[x.size() - 1] = x.size() - 2;
    return {small(DType::f32, x, g), small(DType::f32, grid, g)};
  }
  if (std::holds_alternative<op::RoiAlign>(attrs) && x.size() == 4) {
    return {small(DType::f32, x, g), small(DType::f32, {n, 4}, g), small(DType::i32, {n}, g)};
  }
  if (std::holds_alternative<op::NonMaxSuppression>(attrs) && x.size() == 3) {
    return {small(DType::f32, {x[0], x[2], 4}, g), small(DType::f32, x, g)};
  }
  return {};
}

/// Shapes that give the operator a chance.
std::vector<Tensor> inputs_for(const op::Attrs& attrs, const Shape& x, Generator& g) {
  if (std::vector<Tensor> made = general_inputs_for(attrs, x, g); !made.empty()) return made;
  if (std::vector<Tensor> made = integer_inputs_for(attrs, x, g); !made.empty()) return made;
  bool integers = g.number(0, 3) == 0;
  std::vector<Tensor> inputs{g.tensor(x, integers)};
  auto [least, most] = op::arity(attrs);
  int count = static_cast<int>(g.number(least, std::min(most, least + 1)));
  int64_t channels = x.size() > 1 ? x[1] : 1;
  while (static_cast<int>(inputs.size()) < count) {
    Shape shape = g.number(0, 3) == 0 ? g.dims(static_cast<int>(g.number(0, 3)), 1, 3) : x;
    if (std::holds_alternative<op::BatchNorm>(attrs)) shape = Shape{channels};
    bool window = std::holds_alternative<op::Conv>(attrs) || std::holds_alternative<op::ConvTranspose>(attrs);
    if (window && inputs.size() == 1) shape = g.dims(x.size(), 1, 3);
    if (window && inputs.size() == 2) shape = Shape{inputs[1].shape().empty() ? 1 : inputs[1].shape()[0]};
    inputs.push_back(g.tensor(shape, integers || std::holds_alternative<op::Gather>(attrs)));
  }
  return inputs;
}

TEST(RandomProblems, WhateverInferAcceptsIsComputedAlikeByAtAndEvaluate) {
  std::vector<int> accepted(std::variant_size_v<op::Attrs>, 0);
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (unsigned seed = 0; seed < 5000 || (seed < 20000 && std::chrono::steady_clock::now() < deadline); ++seed) {
    Generator g(seed);
    Shape x = g.dims(static_cast<int>(g.number(1, 5)), 1, 4);
    op::Attrs attrs = g.attrs(x);
    std::vector<Tensor> inputs = inputs_for(attrs, x, g);
    std::vector<TensorType> types;
    for (const Tensor& t : inputs) types.push_back(t.type());
    Result<TensorType> type = op::infer(attrs, types);
    if (!type.ok()) continue;
    EXPECT_GE(op::flops(attrs, types, *type), 0);
    if (std::holds_alternative<op::Gather>(attrs) && !evaluate(attrs, inputs).ok()) continue;
    computed(attrs, inputs);
    ++accepted[attrs.index()];
    if (HasFailure()) {
      FAIL() << "seed " << seed << ": " << op::to_string(attrs) << " on " << to_string(types[0]);
    }
  }
  const size_t identity = op::Attrs(op::Reformat{}).index();
  for (size_t i = 0; i < accepted.size(); ++i) {
    if (i == identity) continue;
    EXPECT_GT(accepted[i], 0) << "alternative " << i << " never ran";
  }
}

}  // namespace
}  // namespace stretto::ref
