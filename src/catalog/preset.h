#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

/// The catalog file that comes with the program under this name ("api-metering"), as TOML.
std::optional<std::string_view> preset_catalog(std::string_view name);

/// Of those that come with the program, in the order in which "all" serves them.
std::vector<std::string> preset_names();

}  // namespace turnpike
