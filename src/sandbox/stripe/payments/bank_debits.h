#pragma once

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// Payments whose outcome the bank tells later: SEPA direct debits.
namespace turnpike::twin {

/// Debits the account for an intent whose payment_method it is: the charge is pending, the intent
/// `processing`, and an engine step brings the bank's answer. Returns the stored intent.
Json start_debit(Context& ctx, Json intent, const Json& method);

/// That step, told as kDebitAnswered. The charge succeeds or fails, and the intent with it.
void settle_debit(Context& ctx, Json intent);

}  // namespace turnpike::twin
