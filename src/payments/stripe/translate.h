#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "json/json.h"
#include "payments/exchange.h"
#include "payments/provider.h"

/// Stripe's JSON into the port's types, for every API version since 2020-08-27: fields that moved
/// are looked for in their new and then in their old place (spec: stripe-razorpay-wire 1.6).
///
/// Errors of all: OutcomeUnknown "payment.unexpected_reply".
namespace turnpike::stripe {

/// The query that makes Stripe say what is planned for a subscription.
inline constexpr const char* kWithSchedule = "expand%5B%5D=schedule";

/// `cancel_at_period_end` is also true when Stripe says the same with cancel_at (the portal does,
/// in flexible billing mode).
Result<ProviderSubscription> read_subscription(const Json& object);

/// With the lines that are in it; `lines_missing` tells whether Stripe holds more.
Result<ProviderInvoice> read_invoice(const Json& object);
bool lines_missing(const Json& invoice);
Result<ProviderInvoiceLine> read_invoice_line(const Json& object, Currency currency);

/// `default_id` is the customer's invoice_settings.default_payment_method.
Result<PaymentMethodOnFile> read_payment_method(const Json& object,
                                                const std::optional<std::string>& default_id);
/// Of a customer, also a deleted one.
Result<std::optional<std::string>> read_default_method(const Json& customer);
/// A price without one fixed amount (tiers, custom) reads as 0.
Result<ProviderPrice> read_price(const Json& object);
Result<ProviderTestClock> read_test_clock(const Json& object);
/// Errors: also for a state that this version does not know.
Result<ProviderCheckout> read_checkout(const Json& object);
Result<ProviderEvent> read_event(const Json& object);
/// Without what was paid for.
Result<ProviderRefund> read_refund(const Json& object);
Result<ProviderDispute> read_dispute(const Json& object);
/// The member "url".
Result<std::string> read_url(const Json& object);

/// One page of a list as objects, and whether there are more.
struct ListBody {
    std::vector<Json> data;
    bool has_more = false;
};
Result<ListBody> read_list(const Json& object);

}  // namespace turnpike::stripe
