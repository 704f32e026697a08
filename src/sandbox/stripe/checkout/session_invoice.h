#pragma once

#include "sandbox/stripe/core/context.h"

/// The invoice that a session in mode `payment` leaves behind when invoice_creation is enabled.
namespace turnpike::twin {

/// Reads invoice_creation into the session's member of that name.
void read_invoice_creation(Params& params, Json& session);

bool creates_invoice(const Json& session);

/// Makes the paid invoice of what the session sold, once, and names it in the session; nothing
/// where none is wanted, or its customer is gone. The caller stores the session.
void bill_session(Context& ctx, Json& session);

}  // namespace turnpike::twin
