#include "access/session_cookie.h"

#include <algorithm>

#include "base/letter_case.h"

namespace turnpike {
namespace {

constexpr std::string_view kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Lax";

std::string_view without_spaces(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

bool changes_something(http::Method method) {
    return method != http::Method::Get && method != http::Method::Head &&
           method != http::Method::Options;
}

/// "https://billing.example.com:8443" is of the host "billing.example.com:8443". A proxy that ends
/// TLS leaves the name alone, and its scheme is not seen here.
bool is_own_origin(std::string_view origin, const std::string* host) {
    const auto scheme_end = origin.find("://");
    if (host == nullptr || scheme_end == std::string_view::npos) return false;
    return equal_ignoring_case(origin.substr(scheme_end + 3), *host);
}

}  // namespace

Result<std::string_view> session_cookie(const http::Headers& headers) {
    std::string_view found;
    for (const auto& [name, value] : headers) {
        if (!equal_ignoring_case(name, "cookie")) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(';'), rest.size());
            const auto pair = without_spaces(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            const auto equals = std::min(pair.find('='), pair.size());
            if (pair.substr(0, equals) != kSessionCookie) continue;
            if (!found.empty())
                return fail(ErrorCode::Unauthenticated, "access.credential_malformed",
                            "the session's cookie is there twice");
            found = pair.substr(std::min(equals + 1, pair.size()));
        }
    }
    return found;
}

Result<void> check_same_site(const http::Request& request) {
    if (!changes_something(request.method)) return {};
    const auto* site = request.header("sec-fetch-site");
    const auto* origin = request.header("origin");
    const bool is_ours = site != nullptr
                             ? *site == "same-origin"
                             : origin != nullptr && is_own_origin(*origin, request.header("host"));
    if (is_ours) return {};
    return fail(ErrorCode::Forbidden, "access.cross_site",
                "a browser's session changes something only for pages of this site; programs send "
                "Authorization: Bearer");
}

std::string set_session_cookie(std::string_view secret) {
    return std::string(kSessionCookie) + "=" + std::string(secret) + std::string(kAttributes);
}

std::string clear_session_cookie() {
    return std::string(kSessionCookie) + "=" + std::string(kAttributes) + "; Max-Age=0";
}

}  // namespace turnpike
