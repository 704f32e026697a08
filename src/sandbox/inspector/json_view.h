#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike::twin {

/// A document as indented HTML text, its members in order, private ones ("_...") left out. Texts
/// that look like ids become links to `address_of` them.
std::string json_view(const Json& document,
                      const std::function<std::string(std::string_view id)>& address_of);

/// "cus_QXg1o8vlGmeWfN", "acct_1", "clock_..": a short word, "_", letters and digits.
bool looks_like_id(std::string_view text);

/// A body as it was sent: indented when it is JSON, as it is when not. Escaped.
std::string body_view(std::string_view body);

}  // namespace turnpike::twin
