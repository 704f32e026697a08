#pragma once

#include <span>
#include <string_view>

namespace turnpike::twin {

/// The API versions that a webhook endpoint can ask for, oldest first.
std::span<const std::string_view> api_versions();

}  // namespace turnpike::twin
