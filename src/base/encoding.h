#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace turnpike {

/// Lower-case hexadecimal of raw bytes.
std::string to_hex(std::string_view bytes);
/// Lower-case only, even length; nullopt otherwise.
std::optional<std::string> from_hex(std::string_view text);

std::string to_base64(std::string_view bytes);
/// Standard alphabet with padding; nullopt for anything non-canonical.
std::optional<std::string> from_base64(std::string_view text);
/// URL alphabet, no padding (RFC 7515).
std::string to_base64url(std::string_view bytes);
/// nullopt for padding, foreign characters, or trailing bits that are not zero.
std::optional<std::string> from_base64url(std::string_view text);

/// What '+' means: itself in a path segment, a space in a form value.
enum class PlusSign : bool { Literal, IsSpace };
/// Percent-decoding, once. nullopt for a bad escape or a NUL, encoded or not.
std::optional<std::string> percent_decode(std::string_view text, PlusSign plus);
/// Escapes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);

}  // namespace turnpike
