#pragma once

#include <string>
#include <string_view>

namespace turnpike::twin {

/// html_page() with CSS of its own that follows the shared one. Defined beside it.
std::string styled_page(std::string_view title, const std::string& body,
                        std::string_view more_style);

}  // namespace turnpike::twin
