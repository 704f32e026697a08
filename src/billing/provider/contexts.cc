#include "billing/provider/contexts.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

const BillingContext& first_of(const std::vector<BillingContext>& contexts) {
    check(!contexts.empty(), "a server bills through one provider at least");
    return contexts.front();
}

}  // namespace

BillingContexts::BillingContexts(const std::vector<BillingContext>& contexts)
    : contexts_(contexts.begin(), contexts.end()),
      db(first_of(contexts).db),
      usage(first_of(contexts).usage),
      clock(first_of(contexts).clock),
      ids(first_of(contexts).ids),
      catalog(first_of(contexts).catalog),
      standings(first_of(contexts).standings) {}

BillingContext* BillingContexts::find(std::string_view provider) {
    const auto found = std::ranges::find(
        contexts_, provider, [](const BillingContext& context) { return context.provider.name(); });
    return found == contexts_.end() ? nullptr : &*found;
}

Result<BillingContext*> BillingContexts::of(std::string_view provider) {
    if (auto* context = find(provider)) return context;
    std::string known;
    for (const auto& context : contexts_)
        known.append(known.empty() ? "" : ", ").append(context.provider.name());
    return fail(
        ErrorCode::Unprocessable, "billing.provider_not_configured",
        "the provider '" + std::string(provider) + "' is not configured here; there is: " + known);
}

ChosenContext context_of_subscription(BillingContexts& billing, SubscriptionId subscription) {
    const auto found = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, subscription); });
    if (!found) co_return failure(found);
    co_return billing.of(found->provider);
}

ChosenContext context_of_customer(BillingContexts& billing, CustomerId customer) {
    const auto live = co_await billing.db.read(
        [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
    if (!live) co_return &billing.primary();
    co_return billing.of(live->provider);
}

}  // namespace turnpike
