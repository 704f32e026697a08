#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/metering/usage.h"

namespace turnpike::twin {

inline constexpr std::string_view kMeterKind = "billing.meter";

/// The meter that events of this name go to: the active one, else the newest inactive one.
std::optional<Json> meter_of_event(Context& ctx, const std::string& event_name);
bool is_active_meter(const Json& meter);
Aggregation aggregation_of(const Json& meter);
/// What the customer used in `period`, as the meter adds it up.
Int128 usage_in(Context& ctx, const Json& meter, const std::string& customer, const Period& period);

const Feature& meter_feature();

}  // namespace turnpike::twin
