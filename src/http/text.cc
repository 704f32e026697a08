#include "http/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace turnpike::http {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr auto kTokenBytes = [] {
    std::array<bool, 256> table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<std::uint8_t>(c)] = true;
    return table;
}();

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
    return static_cast<std::uint8_t>(bytes[i]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xC0) == 0x80; }

/// Unicode 15, table 3-7: the range of the second byte depends on the first.
std::size_t sequence_length(std::string_view bytes) {
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

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_line_text(std::string_view text) {
    // Without an early end, so that the compiler can look at many bytes at once.
    bool has_control = false;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        has_control |= (byte < 0x20 && byte != '\t') || byte == 0x7F;
    }
    return !has_control;
}

std::size_t token_length(std::string_view text) {
    const auto is_token_byte = [](char c) { return kTokenBytes[static_cast<std::uint8_t>(c)]; };
    const auto end = std::ranges::find_if_not(text, is_token_byte);
    return static_cast<std::size_t>(end - text.begin());
}

bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t length = sequence_length(bytes);
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

}  // namespace turnpike::http
