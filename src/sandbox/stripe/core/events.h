#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/retention.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Stripe's API version whose shapes the sandbox speaks.
inline constexpr std::string_view kApiVersion = "2026-02-25.clover";

/// One event to be recorded; `object` and `previous` are visible().
struct NewEvent {
    std::string_view type;
    Json object;
    Json previous;  ///< null: left out
    Instant created;
};

/// Stores the event and one delivery for each enabled endpoint that wants its type.
void record_event(Context& ctx, NewEvent event);

/// As GET /v1/events/{event} shows it; nullopt when it never was, or is older than 30 days.
std::optional<Json> find_event(Context& ctx, const std::string& id);

/// A step of forgetting events that are no longer found.
///
/// \return whether there may be more
bool prune_events(sql::Transaction& tx, Instant now, PruneWalk& walk);

/// True when an endpoint that asks for `wanted` ("*", "invoice.*", "invoice.paid") gets `type`.
bool wants_event(std::string_view wanted, std::string_view type);

const Feature& event_feature();

}  // namespace turnpike::twin
