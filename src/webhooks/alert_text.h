#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike {

/// What a person is told of an event, in one line. Pure; any JSON is allowed, what is missing is
/// left out.
std::string alert_text(std::string_view event_type, const Json& data);

}  // namespace turnpike
