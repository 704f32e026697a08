#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/payments/intent_settings.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// A PaymentIntent that an invoice or a session of Checkout has made is theirs, and one that is
/// attached to an invoice is what this waits for: requests change neither what is paid nor by whom.
namespace turnpike::twin {

/// Why a request cannot set this of the intent, which is as it was before.
std::optional<StripeError> owner_problem(const Json& intent, const IntentSettings& settings);

/// Why so much cannot be captured: nothing here pays an invoice in parts.
std::optional<Refusal> partial_capture_problem(const Json& intent, std::int64_t amount,
                                               const std::string& param);

/// Whether the bank has another payment of the intent's invoice under way: with this one it would
/// be paid twice.
bool awaits_another_payment(Context& ctx, const Json& intent);
/// Why nothing can be charged or captured meanwhile.
std::optional<Refusal> other_payment_problem(Context& ctx, const Json& intent);

/// The session confirms and cancels what it made, until that is charged or authorized.
std::optional<Refusal> checkout_problem(const Json& intent);
/// Voiding the invoice is the way to cancel what it made.
std::optional<Refusal> invoice_problem(const Json& intent);

}  // namespace turnpike::twin
