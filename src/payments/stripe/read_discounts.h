#pragma once

#include <optional>
#include <vector>

#include "json/json.h"
#include "payments/discount.h"

namespace turnpike::stripe {

/// What is taken off the bills of a subscription: the discounts of its items and its own or, where
/// it has none of its own, its customer's. nullopt: some of them came as ids, or the customer did.
///
/// An item's come without terms: their coupons lie deeper than Stripe expands. So does an amount in
/// another currency than the subscription's.
std::optional<std::vector<ProviderDiscount>> read_discounts(const Json& subscription);

/// True when the customer's discount counts and came without its coupon.
bool lacks_customer_terms(const Json& subscription);

}  // namespace turnpike::stripe
