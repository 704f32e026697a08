#pragma once

#include <cstddef>
#include <string_view>

namespace turnpike {

/// How many bytes the first character has, 1 to 4; 0 when there is none, or no well-formed one: no
/// overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_length(std::string_view bytes);

/// Takes the first character off, of which there must be one. Where it is not well-formed that is
/// one byte, for which U+FFFD stands.
char32_t take_code_point(std::string_view& bytes);

/// All of it is well-formed UTF-8.
bool is_utf8(std::string_view bytes);

}  // namespace turnpike
