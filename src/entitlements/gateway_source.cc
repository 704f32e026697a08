#include "entitlements/gateway_source.h"

#include "metering/usage_event.h"

namespace turnpike {
namespace {

constexpr std::string_view kGateway = "turnpike.gateway";

}  // namespace

std::string gateway_source(const RouteCost& route) {
    std::string source = std::string(kGateway) + " " + route_name(route);
    return is_event_text(source) ? source : std::string(kGateway);
}

std::string_view route_of_source(std::string_view source) {
    if (!source.starts_with(kGateway)) return {};
    source.remove_prefix(kGateway.size());
    return source.starts_with(' ') ? source.substr(1) : std::string_view();
}

}  // namespace turnpike
