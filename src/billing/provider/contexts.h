#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "billing/provider/context.h"

namespace turnpike {

/// The contexts of all providers that are configured: one ledger, a context for each provider. What
/// they share can be reached without choosing one; a flow is given the one of the provider that it
/// is about.
class BillingContexts {
public:
    /// \param contexts  at least one; the first is the primary. They share everything but the
    ///                  provider, and no two have the same one.
    explicit BillingContexts(const std::vector<BillingContext>& contexts);
    BillingContexts(const BillingContexts&) = delete;
    BillingContexts& operator=(const BillingContexts&) = delete;

    /// Where a subscription begins when nobody names a provider.
    [[nodiscard]] BillingContext& primary() { return contexts_.front(); }
    /// Null when it is not configured.
    [[nodiscard]] BillingContext* find(std::string_view provider);
    /// Errors: Unprocessable "billing.provider_not_configured".
    [[nodiscard]] Result<BillingContext*> of(std::string_view provider);

    [[nodiscard]] auto begin() { return contexts_.begin(); }
    [[nodiscard]] auto end() { return contexts_.end(); }

private:
    std::deque<BillingContext> contexts_;

public:
    sql::Database& db;
    UsageStore& usage;
    const Clock& clock;
    IdSource& ids;
    CatalogCache& catalog;
    StandingCache& standings;
};

using ChosenContext = asio::awaitable<Result<BillingContext*>>;

/// That of the provider which bills the subscription.
/// Errors: NotFound "subscription.not_found"; those of BillingContexts::of.
ChosenContext context_of_subscription(BillingContexts& billing, SubscriptionId subscription);

/// That of the provider which bills the customer now; the primary when nobody does.
/// Errors: those of BillingContexts::of.
ChosenContext context_of_customer(BillingContexts& billing, CustomerId customer);

}  // namespace turnpike
