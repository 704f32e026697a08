#pragma once

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// POST /v1/invoices/create_preview: the invoice that a change would make at once, or else the next
/// renewal with what waits for it. Made by the same planning as the change itself; stores nothing.
Answer preview_invoice(Operation& operation);

}  // namespace turnpike::twin
