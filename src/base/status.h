// Status and Result: how everything inside Stretto reports failure. Nothing throws below the public API.
//
// A message is one line: what went wrong, where (file, node, tensor), and what to do about it.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace stretto {

/// Why something failed; the command line maps it to its exit status.
enum class Code : uint8_t {
  ok = 0,
  failed = 1,     ///< the work could not be done: unsupported operator, guard not met, plan this machine cannot serve
  bad_input = 2,  ///< a file is missing, damaged, or not what it should be
  bad_usage = 3,  ///< the caller asked for something that makes no sense
  internal = 4,   ///< a mistake of ours
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::ok; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  /// The same failure with a place put in front: "node 'conv1': " + message.
  Status in(const std::string& place) const { return ok() ? *this : Status(code_, place + ": " + message_); }

 private:
  Code code_ = Code::ok;
  std::string message_;
};

inline Status failed(std::string message) {
  return {Code::failed, std::move(message)};
}
inline Status bad_input(std::string message) {
  return {Code::bad_input, std::move(message)};
}
inline Status bad_usage(std::string message) {
  return {Code::bad_usage, std::move(message)};
}
inline Status internal_error(std::string message) {
  return {Code::internal, std::move(message)};
}

/// A value, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Status status) : state_(std::move(status)) { assert(!std::get<Status>(state_).ok()); }

  bool ok() const { return state_.index() == 0; }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Status status() const { return ok() ? Status() : std::get<1>(state_); }

 private:
  std::variant<T, Status> state_;
};

}  // namespace stretto

#define STRETTO_CONCAT_(a, b) a##b
#define STRETTO_CONCAT(a, b) STRETTO_CONCAT_(a, b)

/// Returns from the enclosing function if `expr` (a Status) failed.
#define STRETTO_TRY(expr)                                                    \
  do {                                                                       \
    if (::stretto::Status stretto_status_ = (expr); !stretto_status_.ok()) { \
      return stretto_status_;                                                \
    }                                                                        \
  } while (false)

/// `STRETTO_ASSIGN(auto x, f())`: declares or assigns x from a Result, or returns its Status.
#define STRETTO_ASSIGN(target, expr) STRETTO_ASSIGN_(STRETTO_CONCAT(stretto_result_, __LINE__), target, expr)
#define STRETTO_ASSIGN_(name, target, expr) \
  auto name = (expr);                       \
  if (!name.ok()) return name.status();     \
  target = std::move(name).value()

/// For programmers' errors alone: never for anything a file or a user can cause.
#define STRETTO_CHECK(condition)                                                                  \
  do {                                                                                            \
    if (!(condition)) {                                                                           \
      std::fprintf(stderr, "%s:%d: internal check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                               \
    }                                                                                             \
  } while (false)
