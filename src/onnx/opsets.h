// Which operators of which opsets can be imported, and by which function: one row a meaning.
//
// To add an operator: write one function in its family's file, declare it in operators.h, add one row to the table in
// opsets.cc. A newer opset that changes nothing for our operators needs kNewestOpset raised; one that does closes the
// old row (`last`) and opens another.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"

namespace stretto::onnx {

class NodeContext;

inline constexpr int64_t kOldestOpset = 7;
inline constexpr int64_t kNewestOpset = 28;
inline constexpr int64_t kOldestIrVersion = 3;
inline constexpr int64_t kNewestIrVersion = 14;

/// What an operator may be fed with.
enum class Feeds : uint8_t {
  anything,   // becomes nodes of the graph, or is evaluated where everything is known
  constants,  // shape arithmetic that we evaluate but have no operator for: every input must be known at import
};

struct OperatorRow {
  std::string_view op;
  int64_t first, last;  // opsets of the row's domain, both included
  Status (*import)(NodeContext&);
  Feeds feeds = Feeds::anything;
};

inline bool is_default_domain(std::string_view domain) {
  return domain.empty() || domain == "ai.onnx";
}

std::span<const OperatorRow> operator_rows();
/// ONNX Runtime's own operators, of domain `com.microsoft`; that domain has one version.
std::span<const OperatorRow> microsoft_rows();
/// nullptr: the operator is unknown, or not in that opset (of the default domain).
const OperatorRow* find_operator(std::string_view domain, std::string_view op, int64_t opset);

}  // namespace stretto::onnx
