#pragma once

#include <expected>
#include <string>

#include "base/error.h"

namespace turnpike {

/// Unavailable "metering.identity_damaged": the file is not what was once written.
inline std::unexpected<Error> damaged_identities(const std::string& path, const std::string& what) {
    return unavailable("metering.identity_damaged", path + ": " + what);
}

}  // namespace turnpike
