#pragma once

#include <span>
#include <string_view>

namespace turnpike::twin {

/// Every type of event that a webhook endpoint can ask for at this API version, sorted; most are
/// never raised here.
std::span<const std::string_view> event_types();
bool is_event_type(std::string_view name);

}  // namespace turnpike::twin
