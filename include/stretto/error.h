// The one exception of the public API.
#pragma once

#include <stdexcept>
#include <string>

namespace stretto {

/// What kind of failure; the command line exits with 1 for `failed` and `internal`, 2 for the others.
enum class ErrorKind { failed = 1, bad_input = 2, bad_usage = 3, internal = 4 };

/// Thrown by every function of the public API that cannot do its work. what() is one line: what, where, what to do.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace stretto
