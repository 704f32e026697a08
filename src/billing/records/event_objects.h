#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike {

/// What an event of a provider says to fetch: the provider's ids, "" where it names none.
struct EventObjects {
    std::string subscription;
    std::string invoice;
    std::string checkout{};  ///< a page of Stripe's
    std::string refund{}, dispute{};
    std::string refunded_payment{};  ///< some of it has gone back: which refunds, it does not say
    std::string customer{};          ///< whose cards may have changed
    std::string discounted_customer{};  ///< all of whose subscriptions may cost another amount
};

/// Stripe's: "customer.subscription.updated". Pure; any JSON is allowed.
EventObjects objects_of_stripe_event(std::string_view type, const Json& event);

/// Razorpay's: "subscription.charged", "payment.failed", "refund.processed". Pure; any JSON is
/// allowed. What pays an invoice may name that alone: whose it is, only the invoice says.
EventObjects objects_of_razorpay_event(const Json& event);

}  // namespace turnpike
