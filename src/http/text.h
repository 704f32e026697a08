#pragma once

#include <cstddef>
#include <string_view>

namespace turnpike::http {

/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);
/// No byte that could end a header line or hide in one: no control but the tab.
bool is_line_text(std::string_view text);
/// How many bytes at the front are token characters (RFC 9110, 5.6.2).
std::size_t token_length(std::string_view text);

}  // namespace turnpike::http
