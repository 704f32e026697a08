#pragma once

#include <string>
#include <utility>

#include "turnpike/client/error.h"

namespace turnpike::client {

/// An error that no answer of the server's says; the codes are listed at Error::code.
inline Error own_error(ErrorKind kind, std::string code, std::string message) {
    return {kind, std::move(code), std::move(message), {}, {}, {}};
}

}  // namespace turnpike::client
