#pragma once

#include <string_view>

namespace turnpike {

/// Whether a path is one of a pattern's: "/signals/history/{symbol}", where a part in braces stands
/// for any one part, or "/reports/**" for everything below.
bool route_matches(std::string_view pattern, std::string_view path);

}  // namespace turnpike
