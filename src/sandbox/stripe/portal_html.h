#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike::twin {

/// Text for element content and for attribute values in double quotes.
std::string escape_html(std::string_view text);

/// A whole page. `title` is escaped here; `body` is HTML.
std::string html_page(std::string_view title, const std::string& body);

/// "10 November 2025"
std::string long_day(Instant moment);

}  // namespace turnpike::twin
