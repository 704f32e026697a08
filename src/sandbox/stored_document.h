#pragma once

#include <string_view>

#include "json/json.h"

namespace turnpike::twin {

/// The value of a text that to_text() wrote, several times as fast as parse_json() reads what comes
/// from outside. Anything else is a broken promise.
Json read_stored(std::string_view text);

}  // namespace turnpike::twin
