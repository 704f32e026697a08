#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace turnpike {
namespace {

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
    return static_cast<std::uint8_t>(bytes[i]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

/// Unicode 15, table 3-7: the range of the second byte depends on the first.
std::size_t utf8_length(std::string_view bytes) {
    if (bytes.empty()) return 0;
    const std::uint8_t first = byte_at(bytes, 0);
    if (first < 0x80) return 1;
    std::size_t length = 0;
    std::uint8_t low = 0x80, high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        if (first == 0xE0) low = 0xA0;
        if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        if (first == 0xF0) low = 0x90;
        if (first == 0xF4) high = 0x8F;
    }
    if (length == 0 || bytes.size() < length) return 0;
    if (byte_at(bytes, 1) < low || byte_at(bytes, 1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (!is_continuation(byte_at(bytes, i))) return 0;
    return length;
}

char32_t take_code_point(std::string_view& bytes) {
    const std::size_t length = utf8_length(bytes);
    char32_t code_point = U'\uFFFD';
    if (length == 1) code_point = byte_at(bytes, 0);
    if (length > 1) code_point = byte_at(bytes, 0) & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
        code_point = (code_point << 6U) | (byte_at(bytes, i) & 0x3FU);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
    return code_point;
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = utf8_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

}  // namespace turnpike
