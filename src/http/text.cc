#include "http/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace turnpike::http {
namespace {

constexpr auto kTokenBytes = [] {
    std::array<bool, 256> table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<std::uint8_t>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
        table[static_cast<std::uint8_t>(c)] = true;
    return table;
}();

}  // namespace

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

}  // namespace turnpike::http
