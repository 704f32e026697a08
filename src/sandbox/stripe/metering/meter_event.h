#pragma once

#include <expected>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/metering/usage_store.h"

namespace turnpike::twin {

/// A meter event as a client sends it.
struct MeterEvent {
    std::string event_name;
    std::string identifier;                      ///< never empty: made when none was sent
    std::map<std::string, std::string> payload;  ///< what its meter reads of it
    std::optional<Instant> timestamp;
    std::optional<Json> meter;  ///< of this name, be it archived; nullopt: none is
};

/// How a request writes times: v1 in Unix seconds, v2 as RFC 3339.
enum class TimeFormat : bool { UnixSeconds, Rfc3339 };
/// Complains through `params` about what has not the form of an event.
MeterEvent read_meter_event(Context& ctx, Params& params, TimeFormat format);

/// Why no meter counts an event: a code of Stripe's error reports.
struct EventProblem {
    std::string code;
    std::string message;
    std::string meter;       ///< its id; "" where there is none
    std::string identifier;  ///< of the event
};

/// What a meter will count of the event, by the account's meters and customers. Times are those of
/// the customer's clock: without a timestamp its present, at most 35 days ago or 5 minutes ahead.
std::expected<UsageRecord, EventProblem> judge(Context& ctx, const MeterEvent& event);

}  // namespace turnpike::twin
