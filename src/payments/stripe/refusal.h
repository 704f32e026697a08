#pragma once

#include <string>

#include "base/error.h"
#include "payments/refusals.h"

namespace turnpike::stripe {

/// Stripe's final no as one of ours. `details` carries Stripe's code, decline_code, param and
/// http_status where there are any; the message is Stripe's, without secrets.
///
///   PaymentRequired "payment.authentication_required"  the bank wants the cardholder (3-D Secure)
///   PaymentRequired "payment.declined"                 a card said no
///   InvalidArgument "payment.unknown_method"           no such payment method, or somebody else's
///   NotFound | Conflict | InvalidArgument "payment.refused"
Error read_refusal(int http_status, const std::string& body, RefusedSubject subject);

}  // namespace turnpike::stripe
