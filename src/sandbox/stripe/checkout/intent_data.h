#pragma once

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// The parts of a checkout session's request that are for what it will make: kept until somebody
/// pays. Each reader answers an empty object when its part is absent.
namespace turnpike::twin {

/// payment_intent_data, as members of the PaymentIntent.
Json read_payment_data(Params& params);
/// setup_intent_data, as members of the SetupIntent.
Json read_setup_data(Params& params);
/// subscription_data, as a form for POST /v1/subscriptions. `now` is when the session begins.
Json read_subscription_data(Params& params, Instant now);

}  // namespace turnpike::twin
