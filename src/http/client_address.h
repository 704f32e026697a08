#pragma once

#include <string>
#include <string_view>

#include "http/address_guard.h"
#include "http/message.h"

namespace turnpike::http {

/// Who asks, where proxies stand in front of us: the last hop of X-Forwarded-For that is none of
/// them. What stands left of it is the caller's own claim and is not believed. A hop that is no
/// bare address ("", "unknown", "[::1]:80") ends the walk: then it is the proxy before it.
///
/// \param peer     address of the connection
/// \param proxies  whose word counts; of everybody else the header says nothing
std::string client_address(const Networks& proxies, std::string_view peer, const Headers& headers);

/// What limits count as one peer: an IPv4 address, or a /64 of IPv6, which is what one subscriber
/// of a network has. "2001:db8:1:2:3:4:5:6" is "2001:db8:1:2::/64".
std::string limited_peer(std::string_view address);

}  // namespace turnpike::http
