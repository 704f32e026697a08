#pragma once

#include <cstdint>
#include <string>

#include "payments/razorpay/exchange.h"
#include "payments/razorpay/intervals.h"

namespace turnpike::razorpay {

std::string subscription_path(const std::string& id);
/// A write that answers with a subscription, as it is now.
asio::awaitable<Result<ProviderSubscription>> write_subscription(RazorpayExchange& exchange,
                                                                 Write write);
asio::awaitable<Result<PlanRhythm>> rhythm_of_plan(RazorpayExchange& exchange, std::string plan);
/// Only cards can be charged otherwise than was authorised.
bool has_fixed_mandate(const Json& subscription);
bool sells(const Json& subscription, const std::string& plan, std::int64_t quantity);
/// Takes a change at the cycle's end back, if one is scheduled. `obligation` is that of the step
/// which needs it.
asio::awaitable<Result<std::monostate>> drop_scheduled(RazorpayExchange& exchange,
                                                       std::string obligation, Json subscription);
/// The subscription with the change that is scheduled for it, which Razorpay tells apart.
asio::awaitable<Result<ProviderSubscription>> with_planned_change(
    RazorpayExchange& exchange, ProviderSubscription subscription);

}  // namespace turnpike::razorpay
