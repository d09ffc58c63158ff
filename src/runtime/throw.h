// From Status to the public API's exception.
#pragma once

#include <stretto/error.h>

#include <utility>

#include "base/status.h"

namespace stretto {

/// Precondition: `status` is a failure.
[[noreturn]] void throw_status(const Status& status);

inline void throw_if_failed(const Status& status) {
  if (!status.ok()) throw_status(status);
}

template <class T>
T value_or_throw(Result<T> result) {
  if (!result.ok()) throw_status(result.status());
  return std::move(result).value();
}

}  // namespace stretto
