#pragma once

#include <span>

#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Checkout sessions: /v1/checkout/sessions, and /v1/payment_pages, by which Stripe's command line
/// pays one without a browser.
const Feature& checkout_feature();

/// The page of a session, at /c/pay/{id}.
const Feature& checkout_page_feature();

}  // namespace turnpike::twin
