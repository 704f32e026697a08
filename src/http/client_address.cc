#include "http/client_address.h"

#include <algorithm>

#include "base/letter_case.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::size_t kSubscriberBytes = 8;  ///< a /64

/// Nothing but an address: no port, no brackets, no zone, no end of a C string in it.
std::optional<Address> hop_from(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') ||
               c == '.' || c == ':';
    };
    if (text.empty() || !std::ranges::all_of(text, is_part)) return std::nullopt;
    return parse_address(text);
}

/// Hops of one header line, from the right.
class HopsBackwards {
public:
    explicit HopsBackwards(std::string_view line) : rest_(line) {}
    [[nodiscard]] bool ended() const { return ended_; }
    std::string_view next() {
        const auto comma = rest_.rfind(',');
        if (comma == std::string_view::npos) {
            ended_ = true;
            return trimmed(rest_);
        }
        const auto hop = trimmed(rest_.substr(comma + 1));
        rest_ = rest_.substr(0, comma);
        return hop;
    }

private:
    std::string_view rest_;
    bool ended_ = false;
};

}  // namespace

std::string client_address(const Networks& proxies, std::string_view peer, const Headers& headers) {
    const auto connected = hop_from(peer);
    if (!connected || !proxies.contain(*connected)) return std::string(peer);
    Address client = *connected;
    // Proxies append: the last line, and its last hop, is the nearest.
    for (auto line = headers.rbegin(); line != headers.rend(); ++line) {
        if (!equal_ignoring_case(line->first, kForwardedFor)) continue;
        HopsBackwards hops(line->second);
        while (!hops.ended()) {
            const auto hop = hop_from(hops.next());
            if (!hop) return to_text(client);
            client = *hop;
            if (!proxies.contain(client)) return to_text(client);
        }
    }
    return to_text(client);
}

std::string limited_peer(std::string_view address) {
    if (address.find(':') == std::string_view::npos) return std::string(address);
    auto parsed = hop_from(address);
    if (!parsed) return std::string(address);
    std::string text = to_text(*parsed);
    if (text.find(':') == std::string::npos) return text;  // IPv4, written as IPv6
    std::fill(parsed->begin() + kSubscriberBytes, parsed->end(), std::uint8_t{0});
    return to_text(*parsed) + "/64";
}

}  // namespace turnpike::http
