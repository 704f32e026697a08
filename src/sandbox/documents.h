#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/json.h"

/// Small readers for a provider's documents, where a member may be absent, null, or an object that
/// stands for its id.
namespace turnpike::twin {

/// "" when absent or null.
std::string text_of(const Json& object, std::string_view member);
/// 0 when absent or null.
std::int64_t integer_of(const Json& object, std::string_view member);
/// False when absent or null.
bool flag_of(const Json& object, std::string_view member);
/// Unix seconds; nullopt when absent or null.
std::optional<Instant> instant_of(const Json& object, std::string_view member);
/// object[member] as an object or array; an empty object when absent or null.
const Json& part_of(const Json& object, std::string_view member);

/// An object with room for so many members: one that outgrows its room copies all it has.
Json roomy_object(std::size_t members);

/// null for "".
Json text_or_null(const std::string& text);
/// Unix seconds, or null.
Json seconds_or_null(const std::optional<Instant>& moment);

/// "usd" or "USD" 2500 -> "$25.00"; for descriptions and pages.
std::string format_amount(std::int64_t minor, const std::string& currency);

}  // namespace turnpike::twin
