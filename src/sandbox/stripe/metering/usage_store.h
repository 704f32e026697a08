#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/metering/usage.h"

/// The account's meter events, as rows.
namespace turnpike::twin {

/// One event that a meter counts.
struct UsageRecord {
    std::string event_name;
    std::string identifier;
    std::string meter;     ///< its id
    std::string customer;  ///< its id
    Int128 value = 0;
    Instant happened_at;
};

/// Whether an event with this identifier arrived within the last 24 hours, canceled or not.
bool is_identifier_taken(Context& ctx, const std::string& identifier);
void save_usage(Context& ctx, const UsageRecord& record);

enum class Cancellation : std::uint8_t { Done, NotFound, TooLate };
/// The newest event of this name and identifier counts no longer; TooLate 24 hours after receipt.
Cancellation cancel_usage(Context& ctx, const std::string& event_name,
                          const std::string& identifier);

/// In order of receipt, without canceled ones.
std::vector<UsageEvent> load_usage(Context& ctx, const std::string& meter,
                                   const std::string& customer, const Period& period);

}  // namespace turnpike::twin
