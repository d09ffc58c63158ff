#include "runtime/throw.h"

namespace stretto {

void throw_status(const Status& status) {
  switch (status.code()) {
    case Code::failed:
      throw Error(ErrorKind::failed, status.message());
    case Code::bad_input:
      throw Error(ErrorKind::bad_input, status.message());
    case Code::bad_usage:
      throw Error(ErrorKind::bad_usage, status.message());
    case Code::ok:
    case Code::internal:
      break;
  }
  throw Error(ErrorKind::internal, status.message());
}

}  // namespace stretto
