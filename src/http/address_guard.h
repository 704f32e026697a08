#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

struct sockaddr;

namespace turnpike::http {

/// An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;

/// A literal in its canonical form only: "10.0.0.1", "fd00::1"; nullopt for everything else.
std::optional<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);
/// Of an IPv4 or IPv6 socket; all zeros, which nobody may reach, for any other kind.
Address address_of(const sockaddr& socket);

/// False for every address that IANA's registries give a special purpose: loopback, private,
/// link-local (where clouds keep their metadata), shared, translated, reserved, multicast.
bool is_public(const Address& address);

/// Networks by their prefixes.
class Networks {
public:
    /// "10.1.0.0/16, fd00::/8, 192.168.7.9"; "" holds nothing.
    /// Errors: InvalidArgument "http.bad_network", naming it.
    static Result<Networks> parse(std::string_view list);

    [[nodiscard]] bool contain(const Address& address) const;
    [[nodiscard]] bool empty() const { return all_.empty(); }

private:
    struct Network {
        Address base;
        unsigned prefix_bits;  ///< of 128
    };
    std::vector<Network> all_;
};

enum class PlainHttp : bool { Refused, Allowed };

/// Where a URL that somebody else has chosen may lead. Everything is refused that is not plainly
/// the public internet, or a network that the operator has opened. Immutable; thread-safe.
class AddressGuard {
public:
    /// \param plain_http  for public addresses; opened ones take http, 80, 443 and all from 1024 on
    AddressGuard(PlainHttp plain_http, Networks opened)
        : plain_http_(plain_http), opened_(std::move(opened)) {}

    /// Whom a URL asks, as libcurl reads it.
    struct Target {
        std::string scheme;
        std::string host;  ///< a name, or an address in its canonical form
        std::uint16_t port = 0;
    };

    /// All that can be said without a name server, for the moment at which a URL is saved: an
    /// address is public or opened, a name is not one that only the inside knows.
    /// Errors: Unprocessable "http.forbidden_target", with what is wrong.
    [[nodiscard]] Result<Target> check(const std::string& url) const;

    /// For each call: asks for all addresses of the target and wants every one to be allowed, so
    /// that a name with one public and one private address leads nowhere. Blocks while the name
    /// server is asked.
    /// \return the addresses, one at least
    /// Errors: those of check(); Unavailable "http.not_sent" when the name has no address.
    [[nodiscard]] Result<std::vector<std::string>> resolve(const std::string& url) const;

    /// Whether it allows a connection.
    [[nodiscard]] bool allows(const Address& address) const;

private:
    [[nodiscard]] Result<void> check_address(const Target& target, const Address& address) const;
    [[nodiscard]] Result<void> check_way(const Target& target) const;

    PlainHttp plain_http_;
    Networks opened_;
};

}  // namespace turnpike::http
