// Types of operators on regions and boxes of pictures.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "op/enum_names.h"
#include "op/infer_rules.h"

namespace stretto::op {
namespace {

Status all_f32(Types in) {
  for (const TensorType& t : in) {
    if (t.dtype != DType::f32) {
      return bad_input(fmt::format("element type {} is not supported here; expected f32", stretto::name_of(t.dtype)));
    }
  }
  return {};
}

}  // namespace

Result<TensorType> infer_one(const GridSample& a, Types in) {
  STRETTO_TRY(all_f32(in));
  if (!enum_valid(a.mode) || !enum_valid(a.padding)) return bad_input("unknown mode or padding");
  const Shape &src = in[0].shape, &grid = in[1].shape;
  const int axes = src.size() - 2;
  const bool fits = (axes == 2 || axes == 3) && grid.size() == axes + 2 && grid[0] == src[0] && grid.back() == axes;
  if (!fits || (axes == 3 && a.mode == GridMode::cubic)) {
    return bad_input(
        fmt::format("source {} and grid {} do not fit: expected [N,C,H,W] and [N,h,w,2], or one axis more "
                    "where the mode is not cubic",
                    stretto::to_string(src), stretto::to_string(grid)));
  }
  Shape out{src[0], src[1]};
  for (int i = 1; i <= axes; ++i) out.push_back(grid[i]);
  return TensorType{DType::f32, out};
}

Result<TensorType> infer_one(const RoiAlign& a, Types in) {
  STRETTO_TRY(all_f32(in.subspan(0, 2)));
  const Shape &src = in[0].shape, &rois = in[1].shape, &images = in[2].shape;
  if (!is_index(in[2].dtype)) {
    return bad_input(fmt::format("images are {}; expected i32 or i64", stretto::name_of(in[2].dtype)));
  }
  if (src.size() != 4 || rois.size() != 2 || rois[1] != 4 || !(images == Shape{rois[0]})) {
    return bad_input(fmt::format("{}, {} and {} do not fit: expected [N,C,H,W], [R,4] and [R]", stretto::to_string(src),
                                 stretto::to_string(rois), stretto::to_string(images)));
  }
  if (!enum_valid(a.kind)) return bad_input("unknown kind of pooling");
  STRETTO_TRY(check_dims("height, width and sampling", {a.height, a.width, a.sampling + 1}, 3, 1, kMaxWindow));
  if (!std::isfinite(a.scale)) return bad_input("scale must be finite");
  return TensorType{DType::f32, {rois[0], src[1], a.height, a.width}};
}

Result<TensorType> infer_one(const NonMaxSuppression& a, Types in) {
  STRETTO_TRY(all_f32(in));
  const Shape &boxes = in[0].shape, &scores = in[1].shape;
  const bool fits = boxes.size() == 3 && scores.size() == 3 && boxes[0] == scores[0] && boxes[1] == scores[2];
  if (!fits || boxes[2] != 4) {
    return bad_input(fmt::format("boxes {} and scores {} do not fit: expected [B,n,4] and [B,C,n]",
                                 stretto::to_string(boxes), stretto::to_string(scores)));
  }
  if (a.most < 1) return bad_input(fmt::format("at most {} boxes a class leave nothing", a.most));
  if (std::isnan(a.overlap) || std::isnan(a.score)) return bad_input("thresholds must be numbers");
  const std::optional<int64_t> rows = checked_elements({scores[0], scores[1], std::min(a.most, scores[2])});
  if (!rows || *rows > kMaxSize) return bad_input("the result would have more than 2^31 rows");
  return TensorType{DType::i64, {*rows, 3}};
}

}  // namespace stretto::op
