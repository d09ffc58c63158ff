// Arithmetic by operator: a multiply–accumulate counts two, anything else one, moving data none.
#include "op/op.h"

namespace stretto::op {
namespace {

double count(const TensorType& type) {
  return static_cast<double>(type.elements());
}
double product(const Dims& d, int from) {
  double p = 1;
  for (int i = from; i < d.size(); ++i) p *= static_cast<double>(d[i]);
  return p;
}

struct Flops {
  std::span<const TensorType> in;
  const TensorType& out;

  double bias() const { return in.size() > 2 ? count(out) : 0; }
  double operator()(const Conv&) const { return 2 * count(out) * product(in[1].shape, 1) + bias(); }
  double operator()(const ConvTranspose&) const { return 2 * count(in[0]) * product(in[1].shape, 1) + bias(); }
  double operator()(const ConvInteger& a) const { return (*this)(static_cast<const Conv&>(a)); }
  double operator()(const ConvTransposeInteger& a) const { return (*this)(static_cast<const ConvTranspose&>(a)); }
  double operator()(const GemmInteger&) const { return 2 * count(out) * static_cast<double>(in[0].shape[1]) + bias(); }
  double operator()(const Quantize&) const { return 2 * count(out); }
  double operator()(const Dequantize&) const { return 2 * count(out); }
  double operator()(const Requantize&) const { return (in.size() > 2 ? 5 : 2) * count(out); }
  double operator()(const Gemm& a) const {
    return 2 * count(out) * static_cast<double>(in[0].shape[a.trans_a ? 0 : 1]) + bias();
  }
  double operator()(const MatMul&) const { return 2 * count(out) * static_cast<double>(in[0].shape.back()); }
  double operator()(const BatchNorm&) const { return 2 * count(out); }
  double operator()(const Unary&) const { return count(out); }
  double operator()(const Binary&) const { return count(out); }
  double operator()(const Softmax&) const { return 5 * count(out); }  // maximum, subtract, exp, sum, divide
  double operator()(const Lrn& a) const { return count(out) * (2 * static_cast<double>(a.size) + 3); }
  double operator()(const Pool& a) const { return count(out) * product(a.kernel, 0); }
  double operator()(const Reduce&) const { return count(in[0]); }
  double operator()(const Resize& a) const {
    int taps = a.mode == ResizeMode::nearest ? 0 : a.mode == ResizeMode::linear ? 4 : 16;
    return 2 * taps * count(out);
  }
  double operator()(const Map& a) const { return a.kind < MapKind::bit_not ? 20 * count(out) : count(out); }
  double operator()(const Cumulate&) const { return count(out); }
  double operator()(const TopK& a) const { return count(in[0]) * (a.k == 1 ? 1 : 10); }
  double operator()(const PoolIndices& a) const { return count(out) * product(a.kernel, 0); }
  double operator()(const Scatter&) const { return count(in[2]); }
  double operator()(const GridSample& a) const { return count(out) * (a.mode == GridMode::cubic ? 40 : 16); }
  double operator()(const RoiAlign& a) const {
    return count(out) * 10 * (a.sampling > 0 ? static_cast<double>(a.sampling * a.sampling) : 64.0 * 64.0);
  }
  double operator()(const NonMaxSuppression& a) const {
    return count(in[1]) * (10 + 10 * static_cast<double>(a.most < in[0].shape[1] ? a.most : in[0].shape[1]));
  }
  template <class T>
  double operator()(const T&) const {
    return 0;
  }
};

}  // namespace

double flops(const Attrs& attrs, std::span<const TensorType> inputs, const TensorType& output) {
  return std::visit(Flops{inputs, output}, attrs);
}

}  // namespace stretto::op
