#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "json/json.h"
#include "payments/exchange.h"
#include "payments/provider.h"
#include "payments/razorpay/intervals.h"

/// Razorpay's JSON into the port's types. Notes that are empty come as [].
///
/// Errors of all: OutcomeUnknown "payment.unexpected_reply".
namespace turnpike::razorpay {

/// In the port's (Stripe's) words:
///   created -> incomplete           active -> active    halted -> unpaid
///   authenticated -> trialing       pending -> past_due paused -> paused
///   cancelled, completed -> canceled                    expired -> incomplete_expired
/// Words that Razorpay has learned since stay as they are. Before the first charge the period is
/// empty, or goes from the creation to the start.
Result<ProviderSubscription> read_subscription(const Json& object);
bool is_ended(const Json& subscription);

/// draft -> draft; issued, partially_paid -> open; paid -> paid; cancelled -> void;
/// expired -> uncollectible. `customer` is who is billed, by our note or the subscription's.
Result<ProviderInvoice> read_invoice(const Json& object, std::string customer);

Result<PlanRhythm> read_rhythm(const Json& plan);
Result<ProviderPrice> read_price(const Json& plan);

/// Without what was paid for. processed -> succeeded.
Result<ProviderRefund> read_refund(const Json& object);
/// open -> needs_response; what asks for papers only, in the phases retrieval and fraud -> inquiry.
Result<ProviderDispute> read_dispute(const Json& object);

/// One of our names in an object's notes; "" when there is none.
std::string note_in(const Json& object, std::string_view name);

/// The items of a collection.
Result<std::vector<Json>> read_collection(const Json& object);

}  // namespace turnpike::razorpay
