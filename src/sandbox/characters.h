#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace turnpike::twin {

/// Characters, not bytes: providers count what a person would.
inline std::size_t characters_in(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::ranges::count_if(utf8, [](char c) { return (c & '\xC0') != '\x80'; }));
}

}  // namespace turnpike::twin
