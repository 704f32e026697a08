#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Cards that a customer keeps as payment sources, Stripe's older way (`source=tok_visa`). Such a
/// card is a PaymentMethod too, under the same id ("card_.."), as at Stripe: whatever charges a
/// payment method charges it.
namespace turnpike::twin {

/// How a payment method looks as a card of older days; its id is the method's.
Json source_of(const Json& method);

/// A card of a stored customer's from a token, stored; its events are raised. The customer stays as
/// it is.
/// Errors: 400 "No such token" naming source; 402 when the card declines being saved.
Outcome<Json> add_source(Context& ctx, const Json& customer, const std::string& token,
                         const std::optional<Json>& metadata);

/// Adds the token's card to a stored customer and makes it customer["default_source"]; a former
/// default card is detached. The caller stores the customer, and raises its event.
/// Errors: as add_source.
std::optional<Refusal> set_source(Context& ctx, Json& customer, const std::string& token);

/// Makes one of the customer's own sources the default; not stored.
/// Errors: 400 "No such source" naming default_source.
std::optional<Refusal> choose_source(Context& ctx, Json& customer, const std::string& id);

/// Carries a change of a payment method over to the source of this id, if it is one.
void follow_method(Context& ctx, const Json& method);

/// Ends the source of this id, if it is one of the customer's; the newest other source becomes the
/// default in its place. The caller stores the customer.
void drop_source(Context& ctx, Json& customer, const std::string& id);

const Feature& card_source_feature();

}  // namespace turnpike::twin
