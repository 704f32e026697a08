#include "billing/provider/provider_objects.h"

#include <spdlog/spdlog.h>

#include "billing/provider/customer_details.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "customers/test_clock.h"
#include "payments/errors.h"

namespace turnpike {
namespace {

struct KnownCustomer {
    Customer customer;
    std::optional<std::string> provider_id;
    std::optional<OwedDetails> owed;
    std::optional<std::string> provider_clock;
};

Result<KnownCustomer> look_up_customer(sql::Transaction& tx, const CustomerId& id,
                                       std::string_view provider) {
    auto customer = find_customer(tx, id.text());
    if (!customer) return failure(customer);
    KnownCustomer known{*std::move(customer), find_provider_customer(tx, id, provider),
                        details_owed(tx, id, provider), std::nullopt};
    if (known.customer.test_clock) {
        const auto clock = load_test_clock(tx, *known.customer.test_clock);
        if (!clock) return failure(clock);
        known.provider_clock = clock->provider_clock_id;
    }
    return known;
}

/// The provider may have been given what the customer was called at an earlier try.
void link_customer(sql::Transaction& tx, const CustomerId& id, const std::string& provider_customer,
                   BillingContext& billing) {
    link_provider_customer(tx, id, billing.provider.name(), provider_customer);
    const auto customer = find_customer(tx, id.text());
    const bool has_changed = customer && customer->version > 1;
    if (has_changed) mark_provider_copies_behind(tx, id, billing.clock.now());
}

struct KnownPrice {
    PlanVersion plan;
    Price price;
    std::optional<std::string> provider_id;
};

Result<KnownPrice> look_up_price(sql::Transaction& tx, const PriceId& id,
                                 std::string_view provider) {
    const auto price = load_price(tx, id);
    if (!price) return failure(price);
    auto plan = load_plan_version(tx, price->plan_version);
    if (!plan) return failure(plan);
    return KnownPrice{*std::move(plan), Price{price->price, price->recurrence, price->amount},
                      find_provider_price(tx, id, provider)};
}

}  // namespace

asio::awaitable<Result<std::string>> ensure_provider_customer(BillingContext& billing,
                                                              CustomerId id) {
    auto known = co_await billing.db.read(
        [&](sql::Transaction& tx) { return look_up_customer(tx, id, billing.provider.name()); });
    if (!known) co_return failure(known);
    if (known->provider_id) {
        // What is billed next should carry the newest name; it is owed anyway, so this may fail.
        if (known->owed) co_await tell_owed_details(billing, *std::move(known->owed));
        co_return *known->provider_id;
    }
    NewCustomer request{
        .customer = id,
        .external_id = known->customer.external_id,
        .email = known->customer.email,
        .name = known->customer.name,
        .test_clock = known->provider_clock,
    };
    const auto made = co_await billing.provider.create_customer(std::move(request));
    if (!made) co_return failure(made);
    co_await billing.db.write([&](sql::Transaction& tx) {
        link_customer(tx, id, *made, billing);
        return true;
    });
    co_return *made;
}

asio::awaitable<Result<std::string>> ensure_provider_price(BillingContext& billing, PriceId id) {
    const auto known = co_await billing.db.read(
        [&](sql::Transaction& tx) { return look_up_price(tx, id, billing.provider.name()); });
    if (!known) co_return failure(known);
    if (known->provider_id) co_return *known->provider_id;

    NewPrice request{
        .price = id,
        .plan_key = known->plan.key,
        .plan_name = known->plan.name,
        .plan_version = known->plan.id,
        .amount = known->price.amount,
        .interval = to_text(known->price.recurrence.interval),
        .interval_count = known->price.recurrence.count,
    };
    const auto made = co_await billing.provider.create_price(std::move(request));
    if (!made) co_return failure(made);
    co_await billing.db.write([&](sql::Transaction& tx) {
        return link_provider_price(tx, {id, billing.provider.name(), *made}, billing.clock.now());
    });
    co_return *made;
}

asio::awaitable<Result<std::vector<std::string>>> ensure_sold_prices(BillingContext& billing,
                                                                     std::string catalog_key,
                                                                     Currency currency) {
    const auto catalog = billing.catalog.get();
    std::vector<std::string> sold;
    for (const auto& plan : catalog->plans) {
        if (plan.is_default || plan.catalog != catalog_key) continue;
        for (const auto& price : plan.prices) {
            if (price.amount.currency() != currency) continue;
            auto made = co_await ensure_provider_price(billing, price.id);
            if (made) {
                sold.push_back(*std::move(made));
                continue;
            }
            const auto& error = made.error();
            if (may_succeed_later(error)) co_return failure(made);
            spdlog::warn("event=billing.price_not_offered price={} reason={} message=\"{}\"",
                         price.id.text(), error.reason.text(), error.message);
        }
    }
    co_return sold;
}

}  // namespace turnpike
