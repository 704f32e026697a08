#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "turnpike/client/clock.h"

namespace turnpike::client {

/// RFC 3339 in UTC with as many fraction digits as it needs: "2024-09-15T00:00:00.25Z".
/// Years 1970 to 9999.
std::string format_instant(Instant instant);
/// The same back; nullopt for anything else, a zone other than Z included.
std::optional<Instant> parse_instant(std::string_view text);

}  // namespace turnpike::client
