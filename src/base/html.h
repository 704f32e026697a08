#pragma once

#include <string>
#include <string_view>

namespace turnpike {

/// Text as HTML shows it, also between the quotes of an attribute.
inline std::string escape_html(std::string_view text) {
    std::string html;
    for (const char c : text) {
        switch (c) {
            case '&': html += "&amp;"; break;
            case '<': html += "&lt;"; break;
            case '>': html += "&gt;"; break;
            case '"': html += "&quot;"; break;
            case '\'': html += "&#39;"; break;
            default: html += c;
        }
    }
    return html;
}

}  // namespace turnpike
