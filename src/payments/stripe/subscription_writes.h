#pragma once

#include <map>
#include <string>

#include "payments/stripe/exchange.h"

namespace turnpike::stripe {

/// A write that answers with a subscription, as it is now.
asio::awaitable<Result<ProviderSubscription>> write_subscription(StripeExchange& exchange,
                                                                 Write write);
/// The metadata by which an update of a subscription is found again.
std::map<std::string, std::string> last_change(const std::string& obligation);

/// Takes the subscription out of the schedule that manages it, if one does: what was planned falls
/// away, what runs goes on. `obligation` is that of the step which needs it.
asio::awaitable<Result<std::monostate>> release_schedule(StripeExchange& exchange,
                                                         std::string obligation,
                                                         std::string subscription);

}  // namespace turnpike::stripe
