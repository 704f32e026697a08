#include "analytics/usage/request_line.h"

#include <algorithm>
#include <list>

#include "base/decimal.h"
#include "base/id.h"
#include "json/scanner.h"

namespace turnpike {
namespace {

constexpr int kMicrosecondDigits = 6;

struct Members {
    std::string_view method, target, customer, status, seconds;
};

/// A text or a number as it was sent; everything else is passed over.
bool take_value(JsonScanner& scanner, std::string_view& into) {
    switch (scanner.kind()) {
        case JsonScanner::Kind::Text: return scanner.text(into);
        case JsonScanner::Kind::Number: return scanner.number(into);
        default: return scanner.skip();
    }
}

bool take_request_member(JsonScanner& scanner, std::string_view name, Members& members) {
    if (name == "method") return take_value(scanner, members.method);
    if (name == "uri") return take_value(scanner, members.target);
    return scanner.skip();
}

bool take_member(JsonScanner& scanner, std::string_view name, Members& members) {
    if (name == "customer" || name == "user_id") return take_value(scanner, members.customer);
    if (name == "status") return take_value(scanner, members.status);
    if (name == "seconds" || name == "duration") return take_value(scanner, members.seconds);
    const bool is_nested = name == "request" && scanner.kind() == JsonScanner::Kind::Object;
    if (!is_nested) return take_request_member(scanner, name, members);
    return scanner.object(
        [&](std::string_view inner) { return take_request_member(scanner, inner, members); });
}

/// Finer digits than microseconds are cut off.
std::optional<Duration> duration_from(std::string_view seconds) {
    const auto dot = std::min(seconds.find('.'), seconds.size());
    const auto kept = std::min(seconds.size(), dot + 1 + kMicrosecondDigits);
    if (seconds.find_first_not_of("0123456789", kept) != std::string_view::npos)
        return std::nullopt;
    const auto micros = parse_scaled(seconds.substr(0, kept), kMicrosecondDigits);
    if (!micros || *micros < 0) return std::nullopt;
    return Duration(*micros);
}

}  // namespace

std::optional<RequestLine> read_request_line(std::string_view datagram) {
    datagram.remove_prefix(std::min(datagram.find('{'), datagram.size()));
    std::list<std::string> decoded;
    JsonScanner scanner(decoded);
    scanner.begin(datagram);
    Members members;
    const bool is_read = scanner.object([&](std::string_view name) {
        return take_member(scanner, name, members);
    }) && scanner.at_end();
    const auto status = parse_scaled(members.status, 0);
    const auto latency = duration_from(members.seconds);
    const bool is_complete = is_read && !members.method.empty() && !members.target.empty() &&
                             latency && status && *status >= 100 && *status <= 599;
    if (!is_complete) return std::nullopt;
    RequestLine line{.method = std::string(members.method),
                     .target = std::string(members.target),
                     .customer = {},
                     .status = static_cast<int>(*status),
                     .latency = *latency};
    if (CustomerId::parse(members.customer)) line.customer = members.customer;
    return line;
}

}  // namespace turnpike
