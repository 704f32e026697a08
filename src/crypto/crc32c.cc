#include "crypto/crc32c.h"

#include <algorithm>

#include <isa-l/crc.h>

namespace turnpike {
namespace {

/// ISA-L takes the length as an int.
constexpr std::size_t kPieceBytes = std::size_t{1} << 30;

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) { return extend_crc32c(0, bytes); }

std::uint32_t extend_crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
    // ISA-L works on the bare register and leaves both inversions to its caller.
    std::uint32_t state = ~crc;
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
        // It only reads, whatever its parameter says.
        auto* const begin = const_cast<std::byte*>(piece.data());
        state = crc32_iscsi(reinterpret_cast<unsigned char*>(begin), static_cast<int>(piece.size()),
                            state);
        bytes = bytes.subspan(piece.size());
    }
    return ~state;
}

}  // namespace turnpike
