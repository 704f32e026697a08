#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// SetupAttempts: one for each confirmation of a SetupIntent, whose latest_attempt names the last.
namespace turnpike::twin {

/// Stores a new attempt of `intent` with this payment method; returns its id. Status
/// requires_confirmation until it is moved.
std::string start_setup_attempt(Context& ctx, const Json& intent, const Json& method);

/// `status` is Stripe's: requires_action, succeeded, failed, abandoned. `setup_error` is the
/// intent's last_setup_error after a failure.
void move_setup_attempt(Context& ctx, const std::string& id, std::string_view status,
                        const Json& setup_error = Json());

/// What the cardholder answered the bank.
enum class CardholderAnswer : bool { Refused, Confirmed };
/// Keeps it as payment_method_details.card.three_d_secure.
void note_setup_answer(Context& ctx, const std::string& id, CardholderAnswer answer);

/// GET /v1/setup_attempts?setup_intent=..
Answer list_setup_attempts(Operation& operation);

}  // namespace turnpike::twin
