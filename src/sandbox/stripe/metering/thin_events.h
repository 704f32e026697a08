#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/metering/meter_event.h"

/// The thin events of Stripe's v2 API, which meters raise about events that they do not count. No
/// webhook endpoint gets them: those belong to event destinations, which this sandbox does not
/// have.
namespace turnpike::twin {

/// "2024-09-26T17:46:22.134Z": milliseconds, always.
std::string v2_timestamp(Instant moment);

/// One v1.billing.meter.error_report_triggered for each meter, and one v1.billing.meter
/// .no_meter_found for the events that belong to none. Stripe gathers for a while; here it is at
/// once.
void report_problems(Context& ctx, const std::vector<EventProblem>& problems);

/// GET /v2/core/events and /v2/core/events/{event}.
const Feature& thin_event_feature();

}  // namespace turnpike::twin
