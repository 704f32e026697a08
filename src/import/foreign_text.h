#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

/// A moment as databases and files write it: RFC 3339, the same with a blank or without a zone
/// ("2026-11-01 08:00:00", then UTC), with a short zone ("+00", "+0530"), a day ("2026-11-01",
/// midnight UTC), or seconds or milliseconds since 1970 (up to 11 digits, and 13).
std::optional<Instant> parse_foreign_time(std::string_view text);

/// Whether anybody can have meant it: from 2000 to before 2100.
bool is_plausible(Instant moment);

/// A whole number from 0 to 10^12, of digits only: no sign, no fraction, no exponent.
std::optional<std::int64_t> parse_count(std::string_view text);

/// Somebody else's text as it may be printed in a line of a report: control characters and bytes
/// that are not UTF-8 become U+FFFD, and what is longer than 120 characters is cut.
std::string shown(std::string_view text);

}  // namespace turnpike
