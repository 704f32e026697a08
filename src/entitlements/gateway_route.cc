#include "entitlements/gateway_route.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"

namespace turnpike {
namespace {

/// "/a?b" of "http://host/a?b".
std::string_view without_origin(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const auto rest = target.substr(scheme.size());
        const auto slash = rest.find('/');
        return slash == std::string_view::npos ? std::string_view("/") : rest.substr(slash);
    }
    return target;
}

/// Nothing to decode, merge or resolve: what nearly every request has.
bool is_plain(std::string_view path) {
    return !path.contains('%') && !path.contains("//") && !path.contains("/.") &&
           !path.ends_with('/');
}

struct Source {
    std::string_view uri_header;
    std::string_view method_header;
};
constexpr Source kSources[] = {{"X-Original-URI", "X-Original-Method"},
                               {"X-Forwarded-Uri", "X-Forwarded-Method"}};

Result<GatewayRoute> route_from(const std::string& target, const std::string* method,
                                const http::Request& request) {
    auto path = gateway_path(target);
    if (!path) return invalid_argument("gateway.bad_path", "the path is not one");
    return GatewayRoute{method == nullptr ? std::string(http::to_text(request.method)) : *method,
                        *std::move(path)};
}

}  // namespace

std::optional<std::string> gateway_path(std::string_view target) {
    target = without_origin(target);
    target = target.substr(0, target.find_first_of("?#"));
    if (!target.starts_with('/')) return std::nullopt;
    if (is_plain(target)) return std::string(target);
    const auto decoded = percent_decode(target, PlusSign::Literal);
    if (!decoded) return std::nullopt;

    std::vector<std::string_view> segments;
    std::string_view rest(*decoded);
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const auto end = std::min(rest.find('/'), rest.size());
        const auto segment = rest.substr(0, end);
        rest.remove_prefix(end);
        if (segment == "..") {
            if (segments.empty()) return std::nullopt;
            segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
    }
    std::string path;
    for (const auto segment : segments) path.append("/").append(segment);
    return path.empty() ? "/" : path;
}

Result<GatewayRoute> read_gateway_route(const http::Request& request) {
    if (const std::string* path = request.query_value("path"))
        return route_from(*path, request.query_value("method"), request);
    std::optional<GatewayRoute> found;
    for (const Source& source : kSources) {
        const std::string* uri = request.header(source.uri_header);
        if (uri == nullptr) continue;
        auto route = route_from(*uri, request.header(source.method_header), request);
        if (!route) return failure(route);
        const bool differs =
            found && (found->path != route->path || found->method != route->method);
        if (differs)
            return invalid_argument("gateway.ambiguous_route",
                                    "two headers name different requests; let the gateway clear "
                                    "the one that it does not set");
        found = *std::move(route);
    }
    if (!found)
        return invalid_argument("gateway.no_route",
                                "the gateway must name the request, in X-Original-URI, "
                                "X-Forwarded-Uri or ?path=");
    return *std::move(found);
}

Result<GatewayRoute> read_envoy_route(const http::Request& request) {
    check(request.target.starts_with(kEnvoyPrefix), "the router lets nothing else through");
    return route_from(request.target.substr(kEnvoyPrefix.size()), nullptr, request);
}

}  // namespace turnpike
