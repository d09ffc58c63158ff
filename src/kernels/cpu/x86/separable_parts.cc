#include "kernels/cpu/x86/separable_parts.h"

#include "kernels/cpu/x86/blocked.h"
#include "kernels/cpu/x86/conv_direct.h"
#include "kernels/cpu/x86/group_parts.h"
#include "kernels/cpu/x86/window.h"

namespace stretto::kernels {
namespace {

bool is_conv(const Problem::Node& node) {
  return std::holds_alternative<op::Conv>(node.attrs);
}

bool is_pointwise(const Problem& problem) {
  const auto& conv = *first_as<op::Conv>(problem);
  const Shape& weights = first_input(problem, 1).type.shape;
  return conv.group == 1 && weights.size() == 4 && weights[2] == 1 && weights[3] == 1 &&
         conv.strides == Dims::filled(2, 1) && conv.pads == Dims::filled(4, 0);
}

bool chains(const Problem& whole, size_t conv) {
  return conv == 0 || whole.nodes[conv].inputs[0] == whole.nodes[conv - 1].output;
}

}  // namespace

template <int width>
Refusal divide_separable(const Problem& problem, SeparableGroup& group) {
  std::vector<size_t> convs;
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    if (is_conv(problem.nodes[i])) convs.push_back(i);
  }
  if (convs.size() < 2 || convs.size() > 3 || convs[0] != 0) return Refusal::other_operator;
  std::vector<SeparablePart> parts;
  for (size_t i = 0; i < convs.size(); ++i) {
    if (!chains(problem, convs[i])) return Refusal::fused_operators;
    const size_t end = i + 1 < convs.size() ? convs[i + 1] : problem.nodes.size();
    parts.push_back({part_of(problem, convs[i], end, width), static_cast<int>(convs[i])});
  }
  const bool expands = Depthwise<width>::supports(parts[0].problem) != Refusal::none;
  if (expands) group.expand = parts[0];
  group.depthwise = parts[expands ? 1 : 0];
  const size_t rest = expands ? 2 : 1;
  if (rest < parts.size()) group.project = parts[rest];
  if (rest + 1 < parts.size()) return Refusal::fused_operators;
  if (Refusal r = Depthwise<width>::supports(group.depthwise.problem); r != Refusal::none) return r;
  for (const auto* pointwise : {&group.expand, &group.project}) {
    if (!*pointwise) continue;
    if (Refusal r = check_conv((*pointwise)->problem, width); r != Refusal::none) return r;
    if (!is_pointwise((*pointwise)->problem)) return Refusal::other_shape;
  }
  // Only the last part may add another input.
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    if (match_epilogue(parts[i].problem)->has_binary) return Refusal::fused_operators;
  }
  if (!group.project && match_epilogue(group.depthwise.problem)->has_binary) return Refusal::fused_operators;
  return Refusal::none;
}

template Refusal divide_separable<8>(const Problem&, SeparableGroup&);
template Refusal divide_separable<16>(const Problem&, SeparableGroup&);
template Refusal divide_separable<32>(const Problem&, SeparableGroup&);

}  // namespace stretto::kernels
