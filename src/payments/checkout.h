#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

using CheckoutId = Id<"chk">;

/// A page of the provider's own where a customer subscribes and pays.
struct NewCheckout {
    CheckoutId checkout;
    std::string obligation;
    SubscriptionId subscription;  ///< what the subscription that is made there will be called
    std::string customer, price;  ///< provider's ids
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
    std::string success_url, cancel_url;
};

enum class CheckoutState : std::uint8_t {
    Open,      ///< it may still be paid
    Complete,  ///< there is a subscription
    Expired,   ///< it can never be paid any more
};

struct ProviderCheckout {
    std::string id;
    std::optional<std::string> url;  ///< while it is open
    CheckoutState state = CheckoutState::Open;
    std::string customer;                              ///< provider's id
    std::optional<std::string> subscription, invoice;  ///< once it is complete
    std::optional<Instant> expires_at;                 ///< absent where the provider sets no end
};

}  // namespace turnpike
