#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace turnpike {

// Most senders name their events by UUIDs: 36 characters that say 16 bytes.
inline constexpr std::size_t kUuidTextBytes = 36;
inline constexpr std::size_t kPackedUuidBytes = 16;

/// nullopt unless the text is a UUID in the one form that unpack_uuid() gives back: hexadecimal
/// digits in lower case, hyphens at 8, 13, 18 and 23.
std::optional<std::array<char, kPackedUuidBytes>> pack_uuid(std::string_view text);

/// \param packed  kPackedUuidBytes
void unpack_uuid(std::string_view packed, std::span<char, kUuidTextBytes> text);

}  // namespace turnpike
