#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace turnpike::twin {

/// Letters and digits for the ids of a provider. An IdSource's body holds 48 bits of time in its
/// first kTimeCharacters and 80 of randomness in the other 16: rewritten with 62 signs they need 9
/// and 14 characters.
inline constexpr std::size_t kTimeCharacters = 10;
inline constexpr std::size_t kRandomLength = 14;

/// Rewrites Crockford base32 (at most 80 bits) with 0-9, A-Z, a-z, padded to `length` characters,
/// which must hold it all.
std::string base62(std::string_view crockford, std::size_t length);

}  // namespace turnpike::twin
