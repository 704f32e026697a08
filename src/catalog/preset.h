#pragma once

#include <optional>
#include <string_view>

namespace turnpike {

/// The catalog file that comes with the program under this name ("api-metering"), as TOML.
std::optional<std::string_view> preset_catalog(std::string_view name);

}  // namespace turnpike
