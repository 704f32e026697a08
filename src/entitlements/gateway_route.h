#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace turnpike {

/// The request that a gateway asks about.
struct GatewayRoute {
    std::string method;
    std::string path;  ///< as gateway_path() writes it
};

/// The path of a raw request target as an upstream sees it: without scheme, host, query and
/// fragment, percent-decoded once, slashes merged, "." and ".." resolved, no slash at the end. So
/// "/%73ignals/", "//signals" and "/x/../signals" cost what "/signals" costs. nullopt when it is no
/// path, has a bad escape, or climbs above the root.
std::optional<std::string> gateway_path(std::string_view target);

/// Reads what the gateway says, in this order: our own ?path=&method=, nginx's X-Original-URI and
/// X-Original-Method, X-Forwarded-Uri and X-Forwarded-Method (Traefik, Caddy). A gateway sets its
/// own header and may pass the client's on, so two that name different paths or methods are
/// refused: one of them may be the client's lie.
///
/// Errors: InvalidArgument "gateway.no_route", "gateway.bad_path", "gateway.ambiguous_route".
Result<GatewayRoute> read_gateway_route(const http::Request& request);

/// Reads what Envoy asks about: its path_prefix is kEnvoyPrefix, and the rest of the target and the
/// method are the client's. Nothing else that the request says is believed.
///
/// Errors: InvalidArgument "gateway.bad_path".
Result<GatewayRoute> read_envoy_route(const http::Request& request);
inline constexpr std::string_view kEnvoyPrefix = "/v1/gateway/envoy";

}  // namespace turnpike
