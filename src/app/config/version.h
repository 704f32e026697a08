#pragma once

#include <string_view>

namespace turnpike {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace turnpike
