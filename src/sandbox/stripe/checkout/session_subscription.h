#pragma once

#include <optional>

#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/core/context.h"

/// Mode `subscription`: what the payer's method is used for.
namespace turnpike::twin {

/// Starts the session's subscription, or pays the first invoice of the one that an earlier attempt
/// has left incomplete. Where nothing is due today the method is set up first.
/// Errors: as pay_session.
Outcome<PaymentStep> subscribe(Context& ctx, Json session, const std::optional<Json>& method);

/// Ends the subscription that an earlier attempt has left incomplete, so that the next attempt
/// starts another one. Nothing happens where there is none.
void drop_incomplete(Context& ctx, Json& session);

/// The method of this intent has been set up: starts the subscription with it. What refuses that is
/// told on the session's page.
void subscribe_after_setup(Context& ctx, Json session, const Json& setup_intent);

/// The session's subscription is paid for: completes the session.
Json finish_subscribing(Context& ctx, Json session);

}  // namespace turnpike::twin
