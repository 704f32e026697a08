#pragma once

#include <cstdint>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/credit_notes/credit_amounts.h"

/// What credit notes do to their invoice.
namespace turnpike::twin {

/// The invoice asks for less, by the pre-payment part, and so do its PaymentIntent and its invoice
/// payment; both end when nothing is left, and the invoice is paid. Raises invoice.updated, and the
/// events of a paid one.
void reduce_invoice(Context& ctx, Json invoice, const CreditSplit& split);

/// Asks for `amount` again. Raises invoice.updated. The invoice must be open.
void restore_invoice(Context& ctx, Json invoice, std::int64_t amount);

}  // namespace turnpike::twin
