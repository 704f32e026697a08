#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json/json.h"
#include "subscriptions/discount.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// `{"object":"subscription", ...}`; `plan_key` is the plan's key ("pro").
/// A subscription as it is shown: with the keys of its plans, and at a moment of its customer's.
struct ShownSubscription {
    Subscription subscription;
    std::string plan;
    std::string pending_plan;  ///< "" without a pending change
    Instant now;
    std::vector<Discount> discounts{};
    std::optional<std::string> provider_customer{};  ///< what the provider calls the customer
};
Json write_subscription(const ShownSubscription& shown);

}  // namespace turnpike
