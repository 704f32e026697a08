#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/core/context.h"

/// The document of a checkout session. Beside Stripe's members it keeps, private:
///
/// - _parent: what the session waits for, the id of its PaymentIntent, SetupIntent or subscription;
///   "" before anybody has tried to pay
/// - _payment, _setup: members for the PaymentIntent and the SetupIntent
/// - _subscription: the form for POST /v1/subscriptions
/// - _discount: {"coupon"} or {"promotion_code"}, to be redeemed when it is paid
/// - _typed: what the payer gave, for customer_details
/// - _notice: what the page says next, once
/// - _returned: the payer has been sent back to the shop
/// - _settles_later: it is complete, and the bank has not answered yet
namespace turnpike::twin {

inline constexpr std::string_view kSessionKind = "checkout.session";

/// Every member as Stripe shows it before anything is asked for; not stored.
Json blank_session(Context& ctx);

/// Puts the lines on the session, sums them up, and says whether there is anything to pay now.
void put_lines(Json& session, const std::vector<Json>& lines);

/// The sums are what a session can charge. Errors: 400 amount_too_large, amount_too_small.
std::optional<StripeError> check_total(const Json& session);

/// customer_details before anybody has typed anything; of `customer`, or the e-mail that was given.
Json known_details(const Json& session, const std::optional<Json>& customer);

/// What recurs is not to be paid today.
bool begins_with_trial(const Json& session);

bool is_session_open(const Json& session);
/// Open, and its time has not come.
bool is_payable(const Json& session, Instant now);

std::string page_of(Context& ctx, const Json& session);

}  // namespace turnpike::twin
