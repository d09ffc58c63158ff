// A timeline of profiled runs in Chrome's trace event format, which Perfetto and chrome://tracing open.
#pragma once

#include <stretto/context.h>

#include <string>
#include <vector>

namespace stretto::tools {

/// One thread of complete events, run after run; times in microseconds. `title` names the process.
std::string trace_json(const std::string& title, const std::vector<std::vector<StepTime>>& runs);

}  // namespace stretto::tools
