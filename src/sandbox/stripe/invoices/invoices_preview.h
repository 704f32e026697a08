#pragma once

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// POST /v1/invoices/create_preview: the invoice that a change would make at once, or else the next
/// renewal with what waits for it. Made by the same planning as the change itself; stores nothing.
Answer preview_invoice(Operation& operation);

/// The next renewal of this subscription, with what waits for it. Stores nothing.
/// Errors: 400 when it sums up to more than an amount holds.
Answer upcoming_invoice(Context& ctx, const Json& subscription);

}  // namespace turnpike::twin
