#include "sandbox/web_host.h"

#include <algorithm>
#include <cstdint>

#include "sandbox/characters.h"

namespace turnpike::twin {
namespace {

constexpr std::int64_t kPortMax = 65'535;

bool is_space_or_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
}

bool is_host_letter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_v6_letter(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f') || c == ':' ||
           c == '.';
}

/// "" or ":8080"
bool is_port(std::string_view text) {
    if (text.empty()) return true;
    text.remove_prefix(1);
    const auto port = parse_integer(text);
    return port && *port > 0 && *port <= kPortMax;
}

}  // namespace

bool names_a_web_host(std::string_view url) {
    if (!url.starts_with("http://") && !url.starts_with("https://")) return false;
    if (std::ranges::any_of(url, is_space_or_control)) return false;
    url.remove_prefix(url.find("//") + 2);
    auto host = url.substr(0, url.find_first_of("/?#"));
    if (const auto user = host.rfind('@'); user != std::string_view::npos)
        host.remove_prefix(user + 1);
    const bool is_v6 = host.starts_with('[');
    const auto end = host.find(is_v6 ? ']' : ':');
    if (is_v6 && end == std::string_view::npos) return false;
    const auto name = is_v6 ? host.substr(1, end - 1) : host.substr(0, end);
    const auto rest = is_v6                           ? host.substr(end + 1)
                      : end == std::string_view::npos ? std::string_view()
                                                      : host.substr(end);
    if (!rest.empty() && !rest.starts_with(':')) return false;
    return !name.empty() && std::ranges::all_of(name, is_v6 ? is_v6_letter : is_host_letter) &&
           is_port(rest);
}

}  // namespace turnpike::twin
