#pragma once

#include <string_view>

#include "sandbox/stripe/core/context.h"

/// How a checkout session ends, and what it hears of what it waits for.
namespace turnpike::twin {

/// open -> complete, as the session's payment_status says; raises checkout.session.completed.
Json complete_session(Context& ctx, Json session);

/// open -> expired; the intent or subscription that waited for a payment ends. Raises
/// checkout.session.expired.
Json expire_session(Context& ctx, Json session);
/// The engine's step at expires_at.
void expire_due_session(Context& ctx, Json session);

// The session's PaymentIntent, SetupIntent or first invoice has come to something.
void follow_payment_intent(Context& ctx, std::string_view type, const Json& intent);
void follow_setup_intent(Context& ctx, std::string_view type, const Json& intent);
void follow_invoice(Context& ctx, std::string_view type, const Json& invoice);

}  // namespace turnpike::twin
