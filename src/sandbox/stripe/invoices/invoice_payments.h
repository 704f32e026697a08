#pragma once

#include <string>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"

/// Invoice payments (object "invoice_payment"): each links an invoice to a PaymentIntent that may
/// pay it. open -> paid | canceled. The invoice's own is its private "_invoice_payment".
namespace turnpike::twin {

enum class PaymentOrigin : bool { Attached, OwnOfInvoice };
/// An open one for all that is left to pay, not stored yet.
Json new_invoice_payment(Context& ctx, const Json& invoice, const Json& intent,
                         PaymentOrigin origin);

/// The invoice's own has paid it. Raises invoice_payment.paid.
void close_invoice_payment(Context& ctx, const Json& invoice);

/// Cancels it, unless it is not open any more.
void cancel_invoice_payment(Context& ctx, Json payment);

struct PaymentsEnd {
    std::string kept;    ///< id of the one that goes on; "" ends all
    std::string reason;  ///< cancellation_reason of the PaymentIntents; "" for none
};
/// Cancels what is open of the invoice's payments, and their PaymentIntents: nobody shall pay what
/// is not owed (any more).
void end_open_payments(Context& ctx, const Json& invoice, const PaymentsEnd& end);

}  // namespace turnpike::twin
