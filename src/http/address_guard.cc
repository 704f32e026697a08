#include "http/address_guard.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/check.h"
#include "http/cloud_metadata.h"
#include "http/text.h"

namespace turnpike::http {
namespace {

constexpr std::size_t kUrlBytesMax = 2'048;
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

/// IANA IPv4 Special-Purpose Address Registry, and multicast.
constexpr std::string_view kSpecialV4 =
    "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, "
    "192.0.0.0/24, 192.0.2.0/24, 192.31.196.0/24, 192.52.193.0/24, 192.88.99.0/24, "
    "192.168.0.0/16, 192.175.48.0/24, 198.18.0.0/15, 198.51.100.0/24, 203.0.113.0/24, "
    "224.0.0.0/4, 240.0.0.0/4";
/// Public IPv6 addresses lie in 2000::/3; these parts of it are special: Teredo and its
/// neighbours, documentation, 6to4, AS112.
constexpr std::string_view kPublicV6 = "2000::/3";
constexpr std::string_view kSpecialV6 =
    "2001::/23, 2001:db8::/32, 2002::/16, 2620:4f:8000::/48, 3fff::/20";

/// Names that only the inside of a network knows. A cloud's metadata server answers to one.
constexpr auto kInsideSuffixes = std::to_array<std::string_view>(
    {".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion"});

constexpr auto kPorts = std::to_array<std::uint16_t>({443, 8443});
constexpr auto kPlainPorts = std::to_array<std::uint16_t>({80, 8080});
/// Below it, of opened networks too, only the web's own: mail, SSH and their like are not asked.
constexpr std::uint16_t kFreePortMin = 1'024;

bool is_v4(const Address& address) {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin());
}

bool in_network(const Address& base, unsigned bits, const Address& address) {
    const unsigned bytes = bits / 8;
    if (!std::equal(base.begin(), base.begin() + bytes, address.begin())) return false;
    if (bits % 8 == 0) return true;
    const auto shift = 8 - bits % 8;
    return base[bytes] >> shift == address[bytes] >> shift;
}

Address mapped(const in_addr& v4) {
    Address address{};
    std::ranges::copy(kMappedPrefix, address.begin());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.s_addr);
    std::copy(bytes, bytes + 4, address.begin() + 12);
    return address;
}

std::unexpected<Error> forbidden(std::string why) {
    return fail(ErrorCode::Unprocessable, "http.forbidden_target", std::move(why));
}

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using ParsedUrl = std::unique_ptr<CURLU, FreeUrl>;

std::optional<std::string> part(const ParsedUrl& url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
    std::string copy(text);
    curl_free(text);
    return copy;
}

/// Spaces, backslashes and characters beyond ASCII are read differently by different parsers.
bool is_plain_text(std::string_view url) {
    return is_line_text(url) && std::ranges::all_of(url, [](char c) {
               return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>';
           });
}

Result<AddressGuard::Target> read_target(const std::string& text) {
    if (text.size() > kUrlBytesMax || !is_plain_text(text))
        return forbidden("the URL holds characters that a URL has not, or is too long");
    if (!text.starts_with("https://") && !text.starts_with("http://"))
        return forbidden("the URL begins with https://");
    const ParsedUrl url(curl_url());
    check(url != nullptr, "libcurl allocates a URL");
    if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
        return forbidden("this is no URL, or one with a user's name in it");
    const auto scheme = part(url, CURLUPART_SCHEME);
    auto host = part(url, CURLUPART_HOST);
    const auto port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!scheme || !host || !port) return forbidden("the URL names no host");
    if (host->starts_with('[')) {
        // A zone ("fe80::1%eth0") is no part of a public address, and parses as none.
        host = host->substr(1, host->size() - 2);
    }
    AddressGuard::Target target{*scheme, *host, 0};
    std::from_chars(port->data(), port->data() + port->size(), target.port);
    std::ranges::transform(target.host, target.host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    // One name has one spelling: what is checked here is what libcurl looks up.
    if (target.host.ends_with('.')) return forbidden("the host ends with a dot");
    return target;
}

bool is_inside_name(std::string_view host) {
    const auto is_under = [&](std::string_view suffix) { return host.ends_with(suffix); };
    return host.find('.') == std::string_view::npos ||
           std::ranges::any_of(kInsideSuffixes, is_under);
}

std::unexpected<Error> metadata_is_closed() {
    return forbidden("clouds keep their metadata there, which is never opened");
}

Result<void> check_opened_port(const AddressGuard::Target& target) {
    if (target.port == 80 || target.port == 443 || target.port >= kFreePortMin) return {};
    return forbidden("the port is not 80, 443 or one from 1024 on");
}

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Result<std::vector<Address>> addresses_of(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0)
        return unavailable("http.not_sent", "the request was not sent: the host has no address");
    const std::unique_ptr<addrinfo, FreeAddresses> list(found);
    std::vector<Address> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
        addresses.push_back(address_of(*one->ai_addr));
    if (addresses.empty())
        return unavailable("http.not_sent", "the request was not sent: the host has no address");
    return addresses;
}

/// For the tables above, which are right.
Networks known_networks(std::string_view list) {
    auto networks = Networks::parse(list);
    check(networks.has_value(), "a built-in list of networks parses");
    return *std::move(networks);
}

Result<unsigned> prefix_of(std::string_view entry, std::string_view digits, unsigned most) {
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > most)
        return invalid_argument("http.bad_network", "'" + std::string(entry) + "' is no network");
    return bits;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    const std::string copy(text);
    in_addr four{};
    if (inet_pton(AF_INET, copy.c_str(), &four) == 1) return mapped(four);
    in6_addr six{};
    if (inet_pton(AF_INET6, copy.c_str(), &six) != 1) return std::nullopt;
    Address address{};
    std::ranges::copy(six.s6_addr, address.begin());
    return address;
}

Address address_of(const sockaddr& socket) {
    Address address{};
    if (socket.sa_family == AF_INET)
        return mapped(reinterpret_cast<const sockaddr_in&>(socket).sin_addr);
    if (socket.sa_family == AF_INET6)
        std::ranges::copy(reinterpret_cast<const sockaddr_in6&>(socket).sin6_addr.s6_addr,
                          address.begin());
    return address;
}

std::string to_text(const Address& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4(address))
        inet_ntop(AF_INET, address.data() + 12, text.data(), text.size());
    else
        inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    return text.data();
}

Result<Networks> Networks::parse(std::string_view list) {
    Networks networks;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const auto entry = trimmed(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (entry.empty()) continue;
        const auto slash = std::min(entry.find('/'), entry.size());
        const auto base = parse_address(entry.substr(0, slash));
        if (!base)
            return invalid_argument("http.bad_network",
                                    "'" + std::string(entry) + "' is no network");
        const unsigned before = is_v4(*base) ? kMappedBits : 0;
        unsigned bits = 128 - before;
        if (slash < entry.size()) {
            const auto given = prefix_of(entry, entry.substr(slash + 1), bits);
            if (!given) return failure(given);
            bits = *given;
        }
        networks.all_.push_back({*base, before + bits});
    }
    return networks;
}

bool Networks::contain(const Address& address) const {
    return std::ranges::any_of(all_, [&](const Network& network) {
        return in_network(network.base, network.prefix_bits, address);
    });
}

bool is_public(const Address& address) {
    static const Networks kV4 = known_networks(kSpecialV4);
    static const Networks kGlobal = known_networks(kPublicV6);
    static const Networks kV6 = known_networks(kSpecialV6);
    if (is_v4(address)) return !kV4.contain(address);
    return kGlobal.contain(address) && !kV6.contain(address);
}

Result<void> AddressGuard::check_way(const Target& target) const {
    const bool is_plain = target.scheme == "http";
    if (is_plain && plain_http_ == PlainHttp::Refused)
        return forbidden("a webhook's URL begins with https://");
    const bool is_known_port =
        std::ranges::find(kPorts, target.port) != kPorts.end() ||
        (is_plain && std::ranges::find(kPlainPorts, target.port) != kPlainPorts.end());
    if (!is_known_port) return forbidden("the port is not one of 443 and 8443 (http: 80, 8080)");
    return {};
}

bool AddressGuard::allows(const Address& address) const {
    return !is_cloud_metadata(address) && (is_public(address) || opened_.contain(address));
}

Result<void> AddressGuard::check_address(const Target& target, const Address& address) const {
    if (is_cloud_metadata(address)) return metadata_is_closed();
    if (opened_.contain(address)) return check_opened_port(target);
    if (!is_public(address))
        return forbidden(
            "the address is not on the public internet; webhooks.allow_private opens "
            "networks");
    return check_way(target);
}

Result<AddressGuard::Target> AddressGuard::check(const std::string& url) const {
    auto target = read_target(url);
    if (!target) return target;
    if (target->host.empty()) return forbidden("the URL names no host");
    if (const auto address = parse_address(target->host)) {
        if (const auto good = check_address(*target, *address); !good) return failure(good);
        return target;
    }
    if (is_cloud_metadata(target->host)) return metadata_is_closed();
    // With a network opened, its names are known to nobody but its name server. Where such a name
    // leads is looked at before each message.
    if (!opened_.empty()) {
        if (const auto good = check_opened_port(*target); !good) return failure(good);
        return target;
    }
    if (is_inside_name(target->host))
        return forbidden(
            "the host is known only inside a network; webhooks.allow_private opens "
            "networks");
    if (const auto good = check_way(*target); !good) return failure(good);
    return target;
}

Result<std::vector<std::string>> AddressGuard::resolve(const std::string& url) const {
    const auto target = check(url);
    if (!target) return failure(target);
    const auto addresses = addresses_of(target->host);
    if (!addresses) return failure(addresses);
    std::vector<std::string> texts;
    for (const Address& address : *addresses) {
        if (const auto good = check_address(*target, address); !good) return failure(good);
        texts.push_back(to_text(address));
    }
    return texts;
}

}  // namespace turnpike::http
