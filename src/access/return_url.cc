#include "access/return_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

#include <fmt/format.h>

namespace turnpike {
namespace {

/// The part of a URL that says where a browser goes.
struct Origin {
    std::string scheme, host;
    std::uint16_t port = 0;

    [[nodiscard]] std::string text() const { return fmt::format("{}://{}:{}", scheme, host, port); }
};

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/// A name, an IPv4 address, or the only IPv6 address that anybody means here.
bool is_host(std::string_view host) {
    return host == "[::1]" || (!host.empty() && std::ranges::all_of(host, is_name_character));
}

bool is_url_character(char c) {
    constexpr std::string_view kOthers = "-._~:/?#[]@!$&'()*+,;=%";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
}

/// Browsers read a backslash as a slash, drop tabs and line ends, and spell names beyond ASCII
/// otherwise. None of that is ever meant.
bool is_plain(std::string_view url) { return std::ranges::all_of(url, is_url_character); }

std::string lower(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lowered;
}

/// Digits without a zero before them.
std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, port);
    if (digits.empty() || digits.front() == '0' || read.ec != std::errc() || read.ptr != end)
        return std::nullopt;
    return port;
}

/// "shop.example:8443". What is not exactly that, a user before it too, is nothing.
std::optional<Origin> read_authority(std::string scheme, std::string_view authority) {
    const std::uint16_t usual = scheme == "https" ? 443 : 80;
    const auto colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
    const std::string host = lower(authority.substr(0, colon));
    const auto port = colon == std::string_view::npos ? std::optional(usual)
                                                      : parse_port(authority.substr(colon + 1));
    if (!is_host(host) || !port) return std::nullopt;
    return Origin{std::move(scheme), host, *port};
}

std::optional<Origin> read_origin(std::string_view text) {
    if (text.size() > kReturnUrlBytesMax || !is_plain(text)) return std::nullopt;
    constexpr std::string_view kBeforeHost = "://";
    const auto colon = text.find(kBeforeHost);
    if (colon == std::string_view::npos) return std::nullopt;
    std::string scheme = lower(text.substr(0, colon));
    if (scheme != "https" && scheme != "http") return std::nullopt;
    const auto rest = text.substr(colon + kBeforeHost.size());
    return read_authority(std::move(scheme), rest.substr(0, rest.find_first_of("/?#")));
}

bool is_loopback(const Origin& origin) {
    constexpr auto kHosts = std::to_array<std::string_view>({"localhost", "127.0.0.1", "[::1]"});
    return std::ranges::find(kHosts, origin.host) != kHosts.end();
}

/// An origin and nothing else.
std::optional<Origin> read_bare_origin(const std::string& text) {
    const auto origin = read_origin(text);
    if (!origin) return std::nullopt;
    const auto after_scheme = text.find("://") + 3;
    const bool bare = text.find_first_of("/?#", after_scheme) == std::string::npos;
    if (!bare || (origin->scheme == "http" && !is_loopback(*origin))) return std::nullopt;
    return origin;
}

}  // namespace

Result<AllowedOrigins> AllowedOrigins::create(const std::string& own,
                                              const std::vector<std::string>& others) {
    AllowedOrigins allowed(own);
    if (const auto ours = read_origin(own)) allowed.origins_.push_back(ours->text());
    for (const std::string& other : others) {
        if (other == kAnyLoopback) {
            allowed.any_loopback_ = true;
            continue;
        }
        const auto origin = read_bare_origin(other);
        if (!origin)
            return invalid_argument("config.invalid",
                                    "'" + other +
                                        "' is no origin; give https://app.example.com, without a "
                                        "slash at the end, or http for this machine only");
        allowed.origins_.push_back(origin->text());
    }
    return allowed;
}

Result<ReturnUrl> AllowedOrigins::check(const std::string& url, std::string_view field) const {
    const auto complain = [&](Reason reason, const char* detail) {
        Error error{ErrorCode::Unprocessable, reason, std::string(field) + " " + detail};
        error.fields.push_back({"/" + std::string(field), "bad_url", detail});
        return std::unexpected(std::move(error));
    };
    const auto origin = read_origin(url);
    if (!origin)
        return complain("billing.bad_return_url", "must be an absolute https URL in plain ASCII");
    const bool known = std::ranges::find(origins_, origin->text()) != origins_.end() ||
                       (any_loopback_ && is_loopback(*origin));
    if (!known)
        return complain("billing.return_url_not_allowed",
                        "must lead to one of the origins in web.allowed_origins");
    return ReturnUrl(url);
}

}  // namespace turnpike
