#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// POST /v1/billing/meter_events and /v1/billing/meter_event_adjustments.
const Feature& meter_event_feature();

/// The same in Stripe's v2 API, and the stream with its sessions.
const Feature& meter_event_stream_feature();

}  // namespace turnpike::twin
