#pragma once

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// POST /v1/events/{event}/retry, which `stripe events resend` calls: a further delivery to
/// `webhook_endpoint`, or without it to each one that wants the event. `for_stripecli`, which the
/// command line sends when it names no endpoint, means whoever runs `stripe listen`: nobody here.
const Feature& resend_feature();

}  // namespace turnpike::twin
