#pragma once

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// GET /v1/billing/meters/{meter}/event_summaries: one number for the whole time asked for, or one
/// for each hour or day of it that has events, the newest first.
Answer list_event_summaries(Operation& operation);

}  // namespace turnpike::twin
