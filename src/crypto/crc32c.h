#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace turnpike {

/// The CRC-32C (Castagnoli) of RFC 3720, by the processor's own instructions where it has them. It
/// finds damage by accident; against a forger use a MAC.
std::uint32_t crc32c(std::span<const std::byte> bytes);

/// The CRC-32C of what `crc` is of (0: of nothing), followed by `bytes`.
std::uint32_t extend_crc32c(std::uint32_t crc, std::span<const std::byte> bytes);

}  // namespace turnpike
