#pragma once

#include <string>

#include "base/error.h"
#include "payments/refusals.h"

namespace turnpike::razorpay {

/// Razorpay's final no as one of ours. `details` carries its code, field and reason where there are
/// any; the message is Razorpay's, without secrets.
///
///   PaymentRequired "payment.declined"           the bank said no
///   Unprocessable   "razorpay.mandate_is_fixed"  what was authorised cannot be changed
///   NotFound | Conflict | InvalidArgument "payment.refused"
Error read_refusal(int http_status, const std::string& body, RefusedSubject subject);

/// What the port offers and Razorpay does not: Unprocessable, with the way that works in the
/// message and as `hint` in the details. Nothing has left when one of these is returned.
Error method_needs_authorization();  ///< "razorpay.method_needs_authorization"
Error mandate_is_fixed();            ///< "razorpay.mandate_is_fixed"
Error cancellation_is_final();       ///< "razorpay.cancellation_is_final"
Error no_running_cycle();            ///< "razorpay.no_running_cycle"
Error interval_not_sold();           ///< "razorpay.interval_not_sold"
Error line_too_small();              ///< "razorpay.line_too_small"
Error no_pending_items();            ///< "razorpay.no_pending_items"
Error no_portal();                   ///< "razorpay.no_portal"
Error checkout_is_plain();           ///< "razorpay.checkout_is_plain"
Error no_previews();                 ///< "razorpay.no_previews"
Error no_test_clocks();              ///< "razorpay.no_test_clocks"
Error no_event_list();               ///< "razorpay.no_event_list"
Error no_dispute_list();             ///< "razorpay.no_dispute_list"
Error trial_needs_authorization();   ///< "razorpay.trial_needs_authorization"
Error trial_cannot_end_now();        ///< "razorpay.trial_cannot_end_now"
Error no_dated_end();                ///< "razorpay.no_dated_end"
Error pause_makes_no_invoices();     ///< "razorpay.pause_makes_no_invoices"
Error no_dated_resumption();         ///< "razorpay.no_dated_resumption"

}  // namespace turnpike::razorpay
