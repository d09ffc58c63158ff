// Chains of elementwise operators: a plane is taken in chunks that rest in level 1 while all nodes pass over them.
#pragma once

#include "device/task.h"
#include "kernels/cpu/x86/elementwise_params.h"
#include "kernels/cpu/x86/unary_loops.h"

namespace stretto::kernels {
namespace {

constexpr int kChunk = 512;  // floats

/// An operand in one chunk: `step` is the vector's width, or 0 for one vector that stands for all.
struct ElementView {
  const float* data;
  ptrdiff_t step;
};

template <class V, ElementCode code>
void binary_row_of(ElementView a, ElementView b, float* dst, int vectors) {
  using T = typename V::T;
  for (int i = 0; i < vectors; ++i) {
    const T x = V::load(a.data + i * a.step), y = V::load(b.data + i * b.step);
    T z;
    if constexpr (code == ElementCode::add) z = V::add(x, y);
    if constexpr (code == ElementCode::sub) z = V::sub(x, y);
    if constexpr (code == ElementCode::mul) z = V::mul(x, y);
    if constexpr (code == ElementCode::div) z = V::div(x, y);
    if constexpr (code == ElementCode::min) z = V::min(y, x);
    if constexpr (code == ElementCode::max) z = V::max(y, x);
    if constexpr (code == ElementCode::prelu) z = V::if_negative(x, V::mul(x, y), x);
    V::store(dst + i * V::width, z);
  }
}

template <class V>
void element_row(const ElementNode& node, ElementView a, ElementView b, float* dst, int vectors) {
  switch (node.code) {
    case ElementCode::add:
      return binary_row_of<V, ElementCode::add>(a, b, dst, vectors);
    case ElementCode::sub:
      return binary_row_of<V, ElementCode::sub>(a, b, dst, vectors);
    case ElementCode::mul:
      return binary_row_of<V, ElementCode::mul>(a, b, dst, vectors);
    case ElementCode::div:
      return binary_row_of<V, ElementCode::div>(a, b, dst, vectors);
    case ElementCode::min:
      return binary_row_of<V, ElementCode::min>(a, b, dst, vectors);
    case ElementCode::max:
      return binary_row_of<V, ElementCode::max>(a, b, dst, vectors);
    case ElementCode::prelu:
      return binary_row_of<V, ElementCode::prelu>(a, b, dst, vectors);
    case ElementCode::pow:
      return;  // refused by supports
    case ElementCode::unary:
      if (a.step != 0) return unary_row<V>(node.unary, a.data, dst, vectors, V::width);
      unary_row<V>(node.unary, a.data, dst, 1, V::width);
      for (int i = 1; i < vectors; ++i) V::store(dst + i * V::width, V::load(dst));
      return;
  }
}

/// The operands of one plane: pointers to its first float, or a vector in `fixed`, or, where V keeps less than a float
/// in memory, to its first element in `stored`.
template <class V>
struct ElementPlane {
  using Element = typename V::Element;
  static constexpr bool narrow = sizeof(Element) < sizeof(float);
  const StepArgs* args;
  const ElementwiseParams* p;
  ElementView view[kElementwiseNodes][2];
  const Element* stored[kElementwiseNodes][2] = {};
  alignas(64) float fixed[kElementwiseNodes][2][V::width];

  void bind(int plane) {
    for (int i = 0; i < p->nodes; ++i) {
      bind(p->node[i].a, plane, i, 0);
      if (p->node[i].code != ElementCode::unary) bind(p->node[i].b, plane, i, 1);
    }
  }

  void bind(const ElementOperand& o, int plane, int node, int side) {
    constexpr int W = V::width;
    if (o.source == ElementOperand::node) return;
    ElementView& v = view[node][side];
    float* vector = fixed[node][side];
    const float* base = o.source == ElementOperand::input ? static_cast<const float*>(args->src[o.index])
                                                          : reinterpret_cast<const float*>(args->weights) + o.offset;
    v.data = base;
    v.step = W;
    const bool elements = o.source == ElementOperand::input && !o.plain;
    const Element* first = elements ? static_cast<const Element*>(args->src[o.index]) : nullptr;
    if constexpr (narrow) {
      if (elements && o.spread == ElementOperand::full) {
        stored[node][side] = first + plane * static_cast<ptrdiff_t>(p->length);
        return;
      }
    }
    if (o.spread == ElementOperand::full) v.data += plane * static_cast<ptrdiff_t>(p->length);
    if (o.spread == ElementOperand::full || o.spread == ElementOperand::row) return;
    const int place = plane % o.period;
    if (o.spread == ElementOperand::scalar) {
      const float value = narrow && elements ? V::first(first) : *base;
      V::store(vector, V::set(value));
    } else if (p->channel_blocks == 0) {
      V::store(vector, V::broadcast(base + place));
    } else if (o.plain) {
      const int block = place % p->channel_blocks;
      const int lanes = least_of(W, o.channels - block * W);
      V::store(vector, V::load_part(base + place / p->channel_blocks * o.channels + block * W, lanes));
    } else if (narrow && elements) {
      V::store(vector, V::load(first + static_cast<ptrdiff_t>(place) * W));
    } else {
      V::store(vector, V::load(base + static_cast<ptrdiff_t>(place) * W));
    }
    v.data = vector;
    v.step = 0;
  }

  static int least_of(int a, int b) { return a < b ? a : b; }
};

/// Elements begin…end of one plane, whose operands are bound.
template <class V>
void element_span(const ElementPlane<V>& plane, ptrdiff_t begin, ptrdiff_t end, typename V::Element* dst, int lanes) {
  constexpr int W = V::width;
  constexpr bool narrow = ElementPlane<V>::narrow;
  const ElementwiseParams& p = *plane.p;
  alignas(64) float results[kElementwiseNodes][kChunk];
  alignas(64) float tails[2][W];
  alignas(64) float widened[2][narrow ? kChunk : 1];
  for (ptrdiff_t at = begin; at < end;) {
    const ptrdiff_t left = end - at;
    const int count = static_cast<int>(left < W ? left : (left < kChunk ? left / W * W : kChunk));
    const bool part = count < W;
    const int vectors = part ? 1 : count / W;
    for (int i = 0; i < p.nodes; ++i) {
      ElementView views[2] = {};
      for (int side = 0; side < (p.node[i].code == ElementCode::unary ? 1 : 2); ++side) {
        const ElementOperand& o = side == 0 ? p.node[i].a : p.node[i].b;
        ElementView& v = views[side];
        if (o.source == ElementOperand::node) {
          v = {results[o.index], W};
          continue;
        }
        if constexpr (narrow) {
          if (const auto* stored = plane.stored[i][side]) {
            for (int k = 0; k < vectors; ++k) V::store(widened[side] + k * W, V::load(stored + at + k * W));
            v = {widened[side], W};
            continue;
          }
        }
        v = plane.view[i][side];
        if (v.step == 0) continue;
        v.data += at;
        if (part) {
          V::store(tails[side], V::load_part(v.data, count));
          v.data = tails[side];
        }
      }
      float* result = results[i];
      if constexpr (!narrow) {
        if (i + 1 == p.nodes && !part) result = dst + at;
      }
      element_row<V>(p.node[i], views[0], views[1], result, vectors);
    }
    if constexpr (narrow) {
      for (int i = 0; i < vectors; ++i) V::store(dst + at + i * W, V::load(results[p.nodes - 1] + i * W));
    } else if (part) {
      V::store_part(dst + at, V::load(results[p.nodes - 1]), count);
    }
    if (lanes < W) {
      for (int i = 0; i < vectors; ++i) V::store(dst + at + i * W, V::keep(V::load(dst + at + i * W), lanes));
    }
    at += count;
  }
}

template <class V>
void elementwise_task(const StepArgs& args, TaskId id) {
  const ElementwiseParams& p = *static_cast<const ElementwiseParams*>(args.params);
  ElementPlane<V> plane;
  plane.args = &args;
  plane.p = &p;
  const int first = id.index / p.parts * p.plane_block;
  const int last = first + p.plane_block < p.planes ? first + p.plane_block : p.planes;
  const ptrdiff_t begin = id.index % p.parts * static_cast<ptrdiff_t>(p.part);
  const ptrdiff_t end = begin + p.part < p.length ? begin + p.part : p.length;
  for (int i = first; i < last; ++i) {
    plane.bind(i);
    const bool tail = p.tail > 0 && (i + 1) % p.channel_blocks == 0;
    element_span<V>(plane, begin, end,
                    static_cast<typename V::Element*>(args.dst) + i * static_cast<ptrdiff_t>(p.length),
                    tail ? p.tail : V::width);
  }
}

}  // namespace
}  // namespace stretto::kernels
