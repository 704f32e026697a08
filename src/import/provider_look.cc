#include "import/provider_look.h"

#include <fmt/format.h>

#include "billing/life/mirror.h"
#include "subscriptions/subscription.h"

namespace turnpike {
namespace {

/// The provider has understood, and has no such thing.
bool is_absent(const Error& error) {
    return error.code == ErrorCode::NotFound || error.code == ErrorCode::InvalidArgument;
}

std::string text_of(const Period& period) {
    return format_rfc3339(period.start) + " to " + format_rfc3339(period.end);
}

}  // namespace

asio::awaitable<Result<std::optional<ProviderPrice>>> ProviderLook::price_of(
    BillingContext& at, const std::string& id) {
    const std::pair key{std::string(at.provider.name()), id};
    if (const auto known = prices_.find(key); known != prices_.end()) co_return known->second;
    const auto price = co_await at.provider.get_price(id);
    if (!price && !is_absent(price.error())) co_return failure(price);
    std::optional<ProviderPrice> kept;
    if (price) kept = *price;
    prices_.emplace(key, kept);
    co_return kept;
}

asio::awaitable<Result<std::optional<FoundSubscription>>> ProviderLook::look(
    ForeignCustomer& customer, const ForeignSubscription& said) {
    const std::optional<FoundSubscription> nothing;
    FoundSubscription found{.at = billing_.find(said.provider), .said = &said};
    if (found.at == nullptr) {
        customer.refuse("provider_not_configured", said.place, said.provider);
        co_return nothing;
    }
    if (tickets_ == Tickets::Taken)
        found.ticket =
            co_await billing_.db.write([](sql::Transaction& tx) { return next_fetch_ticket(tx); });
    auto theirs = co_await found.at->provider.get_subscription(said.provider_id);
    if (!theirs && !is_absent(theirs.error())) co_return failure(theirs);
    if (!theirs) {
        customer.refuse("unknown_at_provider", said.place,
                        said.provider + " knows no subscription " + said.provider_id);
        co_return nothing;
    }
    if (theirs->ended_at) {
        customer.note("has_ended", said.place, "at " + said.provider + ": " + theirs->status);
        co_return nothing;
    }
    found.theirs = *std::move(theirs);
    auto price = co_await price_of(*found.at, found.theirs.price);
    if (!price) co_return failure(price);
    if (!*price) {
        customer.refuse("unknown_price", said.place, found.theirs.price);
        co_return nothing;
    }
    found.price = **std::move(price);
    compare(customer, found);
    if (customer.is_refused) co_return nothing;
    co_return std::optional(std::move(found));
}

void ProviderLook::compare(ForeignCustomer& customer, const FoundSubscription& found) {
    const auto& said = *found.said;
    const auto& theirs = found.theirs;
    if (theirs.customer.empty())
        return customer.refuse("no_provider_customer", said.place,
                               said.provider + " has no customer for " + said.provider_id);
    if (said.provider_customer && *said.provider_customer != theirs.customer)
        return customer.refuse("other_provider_customer", said.place,
                               fmt::format("{} here, {} at {}", *said.provider_customer,
                                           theirs.customer, said.provider));
    const auto [owner, is_first] =
        owners_.try_emplace({said.provider, theirs.customer}, customer.external_id);
    if (!is_first && owner->second != customer.external_id)
        return customer.refuse("provider_customer_taken", said.place,
                               theirs.customer + " is also of " + owner->second);
    if (!parse_subscription_status(theirs.status))
        return customer.refuse("unknown_status", said.place, theirs.status);
    if (said.amount && *said.amount != found.price.amount)
        return customer.refuse("amount_differs", said.place,
                               fmt::format("{} here, {} at {}", said.amount->text(),
                                           found.price.amount.text(), said.provider));
    if (said.quantity && *said.quantity != theirs.quantity)
        customer.note(
            "quantity_differs", said.place,
            fmt::format("{} here, {} at {}", *said.quantity, theirs.quantity, said.provider));
    if (said.period && *said.period != theirs.period)
        customer.note("period_differs", said.place,
                      fmt::format("{} here, {} at {}", text_of(*said.period),
                                  text_of(theirs.period), said.provider));
}

}  // namespace turnpike
