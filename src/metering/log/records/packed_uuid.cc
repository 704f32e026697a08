#include "metering/log/records/packed_uuid.h"

#include <cstdint>

namespace turnpike {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

constexpr bool has_hyphen(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

/// 16 and more: no digit.
unsigned value_of(char digit) {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
    return 16;
}

}  // namespace

std::optional<std::array<char, kPackedUuidBytes>> pack_uuid(std::string_view text) {
    if (text.size() != kUuidTextBytes) return std::nullopt;
    std::array<char, kPackedUuidBytes> packed{};
    std::size_t digits = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (has_hyphen(at)) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        const unsigned value = value_of(text[at]);
        if (value > 15) return std::nullopt;
        const unsigned before = static_cast<std::uint8_t>(packed[digits / 2]);
        packed[digits / 2] = static_cast<char>(before << 4 | value);
        ++digits;
    }
    return packed;
}

void unpack_uuid(std::string_view packed, std::span<char, kUuidTextBytes> text) {
    std::size_t at = 0;
    for (const char byte : packed.substr(0, kPackedUuidBytes)) {
        if (has_hyphen(at)) text[at++] = '-';
        text[at++] = kDigits[static_cast<std::uint8_t>(byte) >> 4];
        text[at++] = kDigits[static_cast<std::uint8_t>(byte) & 15];
    }
}

}  // namespace turnpike
