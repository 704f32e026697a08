#pragma once

#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// A subscription's pending_setup_intent: nothing is to be paid yet, and what will be has no
/// payment method that could be charged without its holder.
namespace turnpike::twin {

/// Makes it for a stored subscription with a free first invoice, unless there is a payment method
/// that is ready. A card whose bank must be asked is confirmed, unless that was left to the client
/// (default_incomplete). Sets the member and stores nothing of the subscription.
void begin_setup(Context& ctx, Json& subscription, PaymentBehavior behavior);

/// EventListener of setup_intent.succeeded and .canceled: it is pending no longer. The method that
/// succeeded becomes the subscription's own if its payment_settings say so.
void hear_of_setup(Context& ctx, std::string_view type, const Json& intent);

}  // namespace turnpike::twin
