#include "billing/provider/price_adoption.h"

#include <algorithm>

#include "catalog/service.h"

namespace turnpike {
namespace {

std::string offer_text(const Money& amount, std::string_view interval, std::int64_t count) {
    if (interval.empty()) return amount.text() + " once";
    const std::string rhythm = count == 1
                                   ? std::string(interval)
                                   : std::to_string(count) + " " + std::string(interval) + "s";
    return amount.text() + " every " + rhythm;
}

std::string offer_text(const Price& ours) {
    return offer_text(ours.amount, to_text(ours.recurrence.interval), ours.recurrence.count);
}

std::unexpected<Error> unusable(const std::string& provider_price, const std::string& why) {
    return invalid_argument("billing.price_unusable",
                            "the provider's price " + provider_price + " " + why);
}

}  // namespace

Result<PriceId> price_like(const PlanVersion& plan, const ProviderPrice& theirs) {
    const auto offered = offer_text(theirs.amount, theirs.interval, theirs.interval_count);
    std::string sold;
    for (const auto& ours : plan.prices) {
        const auto wanted = offer_text(ours);
        if (wanted == offered) return ours.id;
        sold += (sold.empty() ? "" : " or ") + wanted;
    }
    return unusable(theirs.id,
                    "costs " + offered + ", but the catalog sells " + plan.key + " for " + sold);
}

Result<bool> is_sold_under(sql::Transaction& tx, const PlanVersion& plan, std::string_view provider,
                           const std::string& provider_price) {
    const auto sold = find_price_of_provider(tx, provider, provider_price);
    if (!sold) return false;
    if (sold->plan_version == plan.id)
        return find_provider_price(tx, sold->price, provider) == provider_price;
    const auto other = load_plan_version(tx, sold->plan_version);
    if (!other) return failure(other);
    if (other->plan != plan.plan)
        return unusable(provider_price, "is sold as another plan already");
    return conflict("billing.price_of_older_version",
                    "the provider's price " + provider_price + " is what an earlier version of " +
                        plan.key + " is sold under; make a new price at the provider for this one");
}

asio::awaitable<Result<std::monostate>> adopt_provider_price(BillingContext& billing,
                                                             PlanVersion plan,
                                                             std::string provider_price) {
    const auto provider = billing.provider.name();
    const auto sold = co_await billing.db.read(
        [&](sql::Transaction& tx) { return is_sold_under(tx, plan, provider, provider_price); });
    if (!sold) co_return failure(sold);
    if (*sold) co_return std::monostate{};

    const auto theirs = co_await billing.provider.get_price(provider_price);
    if (!theirs && theirs.error().code == ErrorCode::NotFound)
        co_return unusable(provider_price, "does not exist there");
    if (!theirs) co_return failure(theirs);
    if (!theirs->active) co_return unusable(provider_price, "is archived");
    const auto price = price_like(plan, *theirs);
    if (!price) co_return failure(price);
    const bool linked = co_await billing.db.write([&](sql::Transaction& tx) {
        return link_provider_price(tx, {*price, provider, provider_price}, billing.clock.now());
    });
    if (!linked) co_return unusable(provider_price, "has become another price of ours meanwhile");
    co_return std::monostate{};
}

}  // namespace turnpike
