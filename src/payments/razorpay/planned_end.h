#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/time.h"
#include "payments/provider.h"
#include "payments/razorpay/exchange.h"

/// The end of a subscription with its running cycle: Razorpay takes it, and does not tell before it
/// happens. Our intent does.
namespace turnpike::razorpay {

/// Once for each cycle: what is asked for again within it is the same thing, and what was asked
/// for in an earlier one did not come to pass.
std::string end_obligation(const std::string& subscription, Instant cycle_end);

/// Marks those whose end was asked for.
asio::awaitable<void> mark_planned_ends(RazorpayExchange& exchange,
                                        std::vector<ProviderSubscription>& subscriptions);
asio::awaitable<ProviderSubscription> with_planned_end(RazorpayExchange& exchange,
                                                       ProviderSubscription subscription);

}  // namespace turnpike::razorpay
