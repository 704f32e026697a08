#include "http/target.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/letter_case.h"
#include "base/utf8.h"
#include "http/limits.h"

namespace turnpike::http {
namespace {

constexpr Refusal kTooLong{414, "http.target_too_long", "The request target exceeds 8 KiB."};
constexpr Refusal kBadTarget{400, "http.bad_target", "The request target is malformed."};
constexpr Refusal kBadQuery{400, "http.bad_query",
                            "The query has a broken escape or is not UTF-8."};

bool is_target_byte(char c) { return c > ' ' && c < '\x7F' && c != '#'; }

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Empty, or up to 65535.
bool is_port(std::string_view text) {
    const bool fits = text.size() < 5 || (text.size() == 5 && text <= "65535");
    return fits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The length of "http://" or "https://" at the front; 0 for anything else.
std::size_t scheme_length(std::string_view raw) {
    for (const std::string_view scheme : {"http://", "https://"})
        if (equal_ignoring_case(raw.substr(0, scheme.size()), scheme)) return scheme.size();
    return 0;
}

std::optional<std::string> query_text(std::string_view raw) {
    auto text = percent_decode(raw, PlusSign::IsSpace);
    if (text && !is_utf8(*text)) return std::nullopt;
    return text;
}

std::optional<Refusal> read_query(std::string_view raw, Request& request) {
    while (!raw.empty()) {
        const std::string_view pair = raw.substr(0, raw.find('&'));
        raw.remove_prefix(std::min(raw.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = query_text(pair.substr(0, equals));
        auto value = query_text(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value) return kBadQuery;
        request.query.emplace_back(std::move(*name), std::move(*value));
    }
    return std::nullopt;
}

/// Strips "http://host" from an absolute form; false when there is no valid host.
bool strip_origin(std::string_view& raw) {
    raw.remove_prefix(scheme_length(raw));
    const auto end = std::min(raw.find_first_of("/?"), raw.size());
    const bool good = is_host(raw.substr(0, end));
    raw.remove_prefix(end);
    return good;
}

}  // namespace

bool is_host(std::string_view text) {
    std::string_view host = text, port;
    const auto colon = text.rfind(':');
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return false;
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) return false;
        port.remove_prefix(port.empty() ? 0 : 1);
        const auto is_address = [](char c) { return is_alphanumeric(c) || c == ':' || c == '.'; };
        return !host.empty() && std::ranges::all_of(host, is_address) && is_port(port);
    }
    if (colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    const auto is_name = [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
    };
    return !host.empty() && std::ranges::all_of(host, is_name) && is_port(port);
}

std::optional<Refusal> read_target(std::string_view raw, Request& request) {
    if (raw.size() > kTargetBytesMax) return kTooLong;
    if (!std::ranges::all_of(raw, is_target_byte)) return kBadTarget;
    if (raw == "*" && request.method == Method::Options) {
        request.target = request.path = raw;
        return std::nullopt;
    }
    const bool is_absolute = scheme_length(raw) != 0;
    if (is_absolute && !strip_origin(raw)) return kBadTarget;
    const bool lacks_path = is_absolute && !raw.starts_with('/');
    if (!lacks_path && !raw.starts_with('/')) return kBadTarget;

    request.target = lacks_path ? "/" : "";
    request.target += raw;
    const std::string_view target = request.target;
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    if (question == target.size()) return std::nullopt;
    return read_query(target.substr(question + 1), request);
}

}  // namespace turnpike::http
