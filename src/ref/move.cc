#include "ref/move.h"

#include <fmt/format.h>

#include <cstring>
#include <vector>

#include "ref/movement.h"

namespace stretto::ref {
namespace {

template <class T>
void copy_rows(const Affine& affine, const Types& t, const void* src, void* dst) {
  const T* from = static_cast<const T*>(src) + affine.first;
  T* to = static_cast<T*>(dst);
  for_each_row(t.out.shape, affine.strides, affine.strides, [&](const Row& r) {
    for (int64_t i = 0; i < r.count; ++i) to[r.dst + i] = from[r.x + i * r.step_x];
  });
}

void copy_affine(const Affine& affine, const Types& t, const void* src, void* dst) {
  if (t.out.elements() == 0) return;
  switch (size_of(t.out.dtype)) {
    case 1:
      return copy_rows<uint8_t>(affine, t, src, dst);
    case 2:
      return copy_rows<uint16_t>(affine, t, src, dst);
    case 4:
      return copy_rows<uint32_t>(affine, t, src, dst);
    default:
      return copy_rows<uint64_t>(affine, t, src, dst);
  }
}

struct Move {
  const Types& t;
  std::span<const Tensor> inputs;
  std::byte* dst;

  size_t item() const { return size_of(t.out.dtype); }
  const std::byte* src(int input) const { return static_cast<const std::byte*>(inputs[size_t(input)].data()); }

  Status operator()(const op::Slice& a) const { return affine(affine_of(a, t)); }
  Status operator()(const op::Transpose& a) const { return affine(affine_of(a, t)); }
  Status operator()(const op::Expand& a) const { return affine(affine_of(a, t)); }
  Status affine(const Affine& affine) const {
    copy_affine(affine, t, src(0), dst);
    return {};
  }

  Status operator()(const op::Concat& a) const {
    const Shape& out = t.out.shape;
    int axis = static_cast<int>(a.axis);
    int64_t outer = product(out, 0, axis), inner = product(out, axis + 1, out.size());
    size_t pitch = static_cast<size_t>(out[axis] * inner) * item(), offset = 0;
    for (size_t k = 0; k < inputs.size(); ++k) {
      size_t block = static_cast<size_t>(inputs[k].shape()[axis] * inner) * item();
      for (size_t o = 0; o < static_cast<size_t>(outer) && block > 0; ++o) {
        std::memcpy(dst + o * pitch + offset, src(static_cast<int>(k)) + o * block, block);
      }
      offset += block;
    }
    return {};
  }

  Status operator()(const op::Gather& a) const {
    int64_t size = t.shape(0)[static_cast<int>(a.axis)];
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < inputs[1].elements(); ++i) {
      indices.push_back(load(inputs[1], i).integer);
      if (indices.back() >= -size && indices.back() < size) continue;
      return bad_input(fmt::format("index {} of gather is outside an axis of {}", indices.back(), size));
    }
    int64_t block = product(t.shape(0), static_cast<int>(a.axis) + 1, t.shape(0).size());
    size_t bytes = static_cast<size_t>(block) * item();
    for (int64_t i = 0; block > 0 && i < t.out.elements(); i += block) {
      GatherPoint p = gather_point(a, t, i);
      int64_t from = gathered(a, t, p, indices[static_cast<size_t>(p.index)]);
      std::memcpy(dst + static_cast<size_t>(i) * item(), src(0) + static_cast<size_t>(from) * item(), bytes);
    }
    return {};
  }

  Status operator()(const op::Pad& a) const {
    std::byte value[8];
    store(value, t.out.dtype, 0, convert(DType::f32, t.out.dtype, {a.value, 0}));
    return each(a, value);
  }
  Status operator()(const op::Resize& a) const { return each(a, nullptr); }

  template <class A>
  Status each(const A& a, const std::byte* value) const {
    size_t size = item();
    for (int64_t i = 0; i < t.out.elements(); ++i) {
      Source s = source_of(a, t, i);
      const std::byte* from = s.input < 0 ? value : src(0) + static_cast<size_t>(s.linear) * size;
      std::memcpy(dst + static_cast<size_t>(i) * size, from, size);
    }
    return {};
  }

  template <class A>
  Status operator()(const A&) const {
    return internal_error("not an operator that moves data");
  }
};

}  // namespace

bool moves_data(const op::Attrs& attrs) {
  if (auto* resize = std::get_if<op::Resize>(&attrs)) return resize->mode == op::ResizeMode::nearest;
  return std::holds_alternative<op::Concat>(attrs) || std::holds_alternative<op::Slice>(attrs) ||
         std::holds_alternative<op::Transpose>(attrs) || std::holds_alternative<op::Expand>(attrs) ||
         std::holds_alternative<op::Gather>(attrs) || std::holds_alternative<op::Pad>(attrs);
}

Status move_data(const op::Attrs& attrs, const Types& t, std::span<const Tensor> inputs, void* dst) {
  return std::visit(Move{t, inputs, static_cast<std::byte*>(dst)}, attrs);
}

}  // namespace stretto::ref
