#pragma once

#include "base/error.h"
#include "billing/life/wish.h"
#include "billing/provider/context.h"
#include "payments/provider.h"

/// Telling the provider what was written down, and writing down what came of it.
namespace turnpike {

struct Requested {
    Subscription subscription;
    SubscriptionCommand command;
    Attempt attempt = Attempt::First;
};

/// True while the provider may have done it, or may still: the command must stay pending.
bool is_open(const Error& error, Attempt attempt);

/// Makes customer, price, card and subscription at the provider.
asio::awaitable<Result<ProviderSubscription>> send_start(BillingContext& billing,
                                                         const Requested& requested);
/// Sends the command, whatever it is, and applies the answer.
asio::awaitable<Result<Subscription>> carry_out(BillingContext& billing, Requested requested);

}  // namespace turnpike
