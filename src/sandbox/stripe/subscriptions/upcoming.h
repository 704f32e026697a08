#pragma once

#include <chrono>
#include <optional>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// invoice.upcoming comes this long before a renewal that is charged automatically. At Stripe the
/// seller chooses the days; seven is what the dashboard proposes.
inline constexpr std::chrono::hours kUpcomingNotice{7 * 24};

/// When the renewal that comes first is announced; nullopt: it was, or there is none, or the whole
/// period is not longer than the notice.
std::optional<Instant> upcoming_notice_at(const Json& subscription);
/// Raises invoice.upcoming, whose invoice has no id, and remembers it in the subscription.
void announce_upcoming(Context& ctx, Json subscription);

}  // namespace turnpike::twin
