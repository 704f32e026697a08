#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/stripe/context.h"

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
void record_event(Context& ctx, const NewEvent& event);

/// True when an endpoint that asks for `wanted` ("*", "invoice.*", "invoice.paid") gets `type`.
bool wants_event(std::string_view wanted, std::string_view type);

std::span<const OperationRoute> event_routes();

}  // namespace turnpike::twin
