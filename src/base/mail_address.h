#pragma once

#include <algorithm>
#include <string_view>

namespace turnpike {

/// 3 to 254 bytes around one '@', without spaces or control characters, so that it can stand in a
/// header line. Whether somebody reads the mail is not ours to know.
inline bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    return text.size() >= 3 && text.size() <= 254 && at != std::string_view::npos && at != 0 &&
           at + 1 != text.size() && text.find('@', at + 1) == std::string_view::npos &&
           std::ranges::none_of(text, [](char c) { return (c >= 0 && c <= 0x20) || c == 0x7F; });
}

}  // namespace turnpike
