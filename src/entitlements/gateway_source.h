#pragma once

#include <string>
#include <string_view>

#include "catalog/catalog.h"

namespace turnpike {

/// What the usage that a gateway counts calls its source, so that the figures of usage know the
/// route: "turnpike.gateway GET /signals/{symbol}". Without the route where that would be too long.
std::string gateway_source(const RouteCost& route);

/// The route that a source names, a part of `source`; "" for every other source.
std::string_view route_of_source(std::string_view source);

}  // namespace turnpike
