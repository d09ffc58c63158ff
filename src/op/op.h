// What every operator answers about itself: its name, its text, and the types of its outputs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "op/attrs.h"

namespace stretto::op {

/// "conv", "unary", …
std::string_view name_of(const Attrs& attrs);
/// The name a reader expects: "relu" for a unary of that kind, "add", "max_pool", "conv", …
std::string_view display_name(const Attrs& attrs);
std::string_view name_of(UnaryKind kind);
std::string_view name_of(BinaryKind kind);

/// "conv(strides=1x1,dilations=1x1,pads=0x0x0x0,group=1)": every attribute, in the order of fields(); floats
/// round-trip.
std::string to_string(const Attrs& attrs);
/// The inverse of to_string.
Result<Attrs> attrs_from_string(std::string_view text);

/// How many inputs the operator takes: {least, most}.
std::pair<int, int> arity(const Attrs& attrs);

/// The type of the one output. Checks arity, ranks, sizes, element types and overflow: whatever passes here is safe
/// for every kernel to compute.
Result<TensorType> infer(const Attrs& attrs, std::span<const TensorType> inputs);

/// Multiply–accumulates count as two, any other arithmetic as one; moving data as none.
double flops(const Attrs& attrs, std::span<const TensorType> inputs, const TensorType& output);

}  // namespace stretto::op
