#pragma once

#include <memory>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "app/config/config.h"
#include "billing/life/health.h"
#include "http/client.h"
#include "http/metrics.h"
#include "payments/intents.h"
#include "payments/razorpay/provider.h"
#include "payments/stripe/provider.h"

namespace turnpike {

/// The payment providers that are configured: one at least. Stripe is the primary where it is one
/// of them.
class Providers {
public:
    /// What they are used with outlives them. Keys and addresses were checked with the
    /// configuration.
    Providers(const Config& config, http::Client& http, IntentWorld world, http::Metrics& metrics);

    /// The primary first.
    [[nodiscard]] std::vector<PaymentProvider*> all() const;
    /// In the same order.
    [[nodiscard]] std::vector<ProviderCondition> conditions() const;
    /// Asks each provider what became of at most `limit` calls whose answer was lost.
    asio::awaitable<void> settle_unknown(int limit);

private:
    std::unique_ptr<stripe::Provider> stripe_;      ///< null: not configured
    std::unique_ptr<razorpay::Provider> razorpay_;  ///< null: not configured
};

stripe::ClientConfig stripe_client_config(const Config& config);
razorpay::ClientConfig razorpay_client_config(const Config& config);

}  // namespace turnpike
