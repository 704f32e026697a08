#include "sandbox/inspector/guard.h"

#include <algorithm>
#include <string_view>

#include "sandbox/form_origin.h"

namespace turnpike::twin {
namespace {

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
    return host.substr(0, host.find(':'));
}

/// Four numbers with dots between them. No public name looks like that.
bool is_ipv4(std::string_view name) {
    return std::ranges::count(name, '.') == 3 &&
           std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

bool is_local_host(std::string_view host) {
    const auto name = without_port(host);
    if (name.empty()) return false;
    return name.starts_with('[') || is_ipv4(name) || name.ends_with(".localhost") ||
           name.find('.') == std::string_view::npos;
}

std::string refusal_of_guard(const http::Request& request) {
    const auto* host = request.header("Host");
    if (host == nullptr || !is_local_host(*host))
        return "This answers at localhost, at an IP address, or at a name without dots.";
    if (!comes_from_elsewhere(request)) return "";
    return "Only a page of this sandbox may do that.";
}

}  // namespace turnpike::twin
