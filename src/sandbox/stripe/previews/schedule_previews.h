#pragma once

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// POST /v1/invoices/create_preview with `schedule` or `schedule_details`: the next invoice of a
/// schedule, as it is, or as it would be changed or created. It is made by living through the time
/// until then, all of which is undone.
Answer preview_schedule(Operation& operation);

}  // namespace turnpike::twin
