// Types of matrix products.
#include <fmt/format.h>

#include <cmath>

#include "op/broadcast.h"
#include "op/infer_rules.h"

namespace stretto::op {

Result<TensorType> infer_one(const Gemm &a, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  const Shape &sa = in[0].shape, &sb = in[1].shape;
  if (sa.size() != 2 || sb.size() != 2) {
    return bad_input(
        fmt::format("A is {} and B is {}; both must be matrices", stretto::to_string(sa), stretto::to_string(sb)));
  }
  if (std::isnan(a.alpha) || std::isnan(a.beta)) return bad_input("alpha and beta must be numbers");
  int64_t m = sa[a.trans_a ? 1 : 0], k = sa[a.trans_a ? 0 : 1];
  int64_t k_of_b = sb[a.trans_b ? 1 : 0], n = sb[a.trans_b ? 0 : 1];
  if (k != k_of_b) {
    return bad_input(fmt::format("A {} and B {} disagree on the inner size ({} and {})", stretto::to_string(sa),
                                 stretto::to_string(sb), k, k_of_b));
  }
  Shape out{m, n};
  if (in.size() == 3) {
    std::optional<Shape> common = broadcast_shapes(in[2].shape, out);
    if (!common || !(*common == out)) {
      return bad_input(
          fmt::format("C {} does not broadcast to {}", stretto::to_string(in[2].shape), stretto::to_string(out)));
    }
  }
  return TensorType{in[0].dtype, out};
}

Result<TensorType> infer_one(const MatMul &, Types in) {
  STRETTO_TRY(check_dtypes(in, false));
  const Shape &a = in[0].shape, &b = in[1].shape;
  if (a.empty() || b.empty()) return bad_input("operands need at least one axis");
  int64_t k = a.back(), k_of_b = b.size() == 1 ? b[0] : b[b.size() - 2];
  Shape batch_a, batch_b;
  for (int i = 0; i + 2 < a.size(); ++i) batch_a.push_back(a[i]);
  for (int i = 0; i + 2 < b.size(); ++i) batch_b.push_back(b[i]);
  std::optional<Shape> out = broadcast_shapes(batch_a, batch_b);
  if (k != k_of_b || !out) {
    return bad_input(fmt::format("operands {} and {} do not fit: inner sizes must agree and batch axes broadcast",
                                 stretto::to_string(a), stretto::to_string(b)));
  }
  if (a.size() > 1) out->push_back(a[a.size() - 2]);
  if (b.size() > 1) out->push_back(b.back());
  return TensorType{in[0].dtype, *out};
}

}  // namespace stretto::op
