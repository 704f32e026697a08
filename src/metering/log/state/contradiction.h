#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace turnpike {

/// Of records that cannot follow those before them.
inline std::unexpected<Error> contradiction(const char* what, std::string in = "the usage log") {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                std::move(in) + " contradicts itself: " + what);
}

}  // namespace turnpike
