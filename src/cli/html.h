// Text from files, made safe to stand in a page.
#pragma once

#include <string>
#include <string_view>

namespace stretto::cli {

/// As text and between quotes in attributes: & < > " ' are written as references, control characters become spaces, and
/// bytes that are not UTF-8 U+FFFD.
std::string html_escaped(std::string_view text);

}  // namespace stretto::cli
