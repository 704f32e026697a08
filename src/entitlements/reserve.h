#pragma once

#include <chrono>

#include "base/error.h"
#include "entitlements/consume.h"
#include "entitlements/decision.h"
#include "entitlements/standing.h"
#include "entitlements/standing_cache.h"
#include "metering/reservations.h"

namespace turnpike {

/// A use whose cost is known only afterwards: a part of the allowance is held for it.
struct ReserveRequest {
    ConsumeRequest use;  ///< `quantity` is what is held at most
    std::chrono::seconds ttl;
};

struct ReserveOutcome {
    Standing standing;
    ReserveReport report;  ///< without a complaint
};

/// Decides in the store of usage, as consume() does.
///
/// Errors: NotFound "customer.not_found"; InvalidArgument "reservation.bad_usage" for an event that
/// could not be recorded (see Placement::place); those of ReservationStore::reserve.
asio::awaitable<Result<ReserveOutcome>> reserve(ReservationStore& store, CatalogCache& catalog,
                                                StandingCache& standings,
                                                const ReserveRequest& request, Instant system_now);

/// The decision that an outcome shows: numbers afterwards, and the reason for the request.
Decision decision_of(const ReserveOutcome& outcome, const ReserveRequest& request,
                     const Catalog& catalog);

}  // namespace turnpike
