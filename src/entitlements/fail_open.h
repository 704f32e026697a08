#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "catalog/catalog.h"

namespace turnpike {

/// Why a request is let through although nobody could check or record its use.
enum class FailOpen : std::uint8_t {
    RouteOpen,        ///< the route's on_failure says so
    PlanBills,        ///< the customer's plan stops nowhere: the use is charged later
    UnknownCustomer,  ///< his plan is not in memory: a paying user is never blocked
};
std::string_view to_text(FailOpen reason);  ///< "route_open"

/// What happens to a request while the ledger fails: the route's rule, else the plan's. A plan that
/// stops at its allowance, or does not include the meter, stays closed.
///
/// \param plan  nullptr: nothing is known of the customer
/// \return nullopt: the request is refused
std::optional<FailOpen> fail_open(const RouteCost& route, const PlanVersion* plan);

}  // namespace turnpike
