#include "dialects/tiers.h"

#include "billing/provider/customer_time.h"
#include "billing/records/begun_command.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// " a day"; of a billing period, which differs from customer to customer, nothing.
std::string_view rhythm_of(const Reset& reset) {
    switch (reset.kind) {
        case Reset::Kind::Day: return " a day";
        case Reset::Kind::Week: return " a week";
        case Reset::Kind::Month: return " a month";
        default: return "";
    }
}

std::string text_of(const Feature& feature, const FeatureValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return feature.name + ": " + *text;
    const auto* capacity = std::get_if<Capacity>(&value);
    if (capacity == nullptr) return feature.name;
    if (!capacity->limit) return feature.name + ": unlimited";
    return feature.name + ": " + std::to_string(*capacity->limit);
}

}  // namespace

Result<const PlanVersion*> find_tier(const Catalog& catalog, std::string_view catalog_key,
                                     std::string_view tier) {
    if (const auto* plan = catalog.plan(catalog_key, tier)) return plan;
    std::string known;
    for (const auto& plan : catalog.plans)
        if (plan.catalog == catalog_key) known += (known.empty() ? "" : ", ") + plan.key;
    Error error{ErrorCode::InvalidArgument, "billing.unknown_tier",
                "there is no tier '" + std::string(tier) + "'; there are: " + known};
    error.fields.push_back({"/tier", "unknown_tier", "one of: " + known});
    return std::unexpected(std::move(error));
}

Result<PriceId> monthly_price(const PlanVersion& plan) {
    const auto* price = plan.price(kTierCurrency, kTierRecurrence);
    if (plan.custom_price)
        return conflict("billing.talk_to_sales",
                        "the price of this tier is made for each customer");
    if (price == nullptr)
        return conflict("billing.tier_not_sold", "this tier has no monthly price");
    return price->id;
}

Result<Sold> sold_tier(const Catalog& catalog, std::string_view catalog_key,
                       std::string_view tier) {
    const auto plan = find_tier(catalog, catalog_key, tier);
    if (!plan) return failure(plan);
    auto price = (*plan)->is_default
                     ? conflict("billing.tier_not_sold", "everybody has this tier already")
                     : monthly_price(**plan);
    if (price) return Sold{(*plan)->id, *price};
    Error error = std::move(price.error());
    error.code = ErrorCode::InvalidArgument;
    error.fields.push_back({"/tier", "not_sold", error.message});
    return std::unexpected(std::move(error));
}

Result<TierStatus> load_tier_status(sql::Transaction& tx, BillingContexts& billing,
                                    const CustomerId& customer) {
    auto summary = load_usage_summary(tx, {billing.usage, billing.catalog}, customer.text(),
                                      billing.clock.now());
    if (!summary) return failure(summary);
    auto live = find_live_subscription(tx, customer);
    // A start that is still under way is no subscription yet.
    if (live && live->status == SubscriptionStatus::Creating) live.reset();
    TierStatus facts{.subscription = std::move(live), .usage = *std::move(summary), .tier = ""};
    facts.tier = facts.usage.plan_key;
    if (facts.subscription) {
        const Instant now = customer_time(tx, customer, billing.clock.now());
        facts.status = to_text(status_at(access_terms(*facts.subscription), now));
    }
    return facts;
}

asio::awaitable<Result<SubscriptionId>> live_subscription_of(BillingContexts& billing,
                                                             CustomerId customer,
                                                             Authority authority) {
    auto work = [&](sql::Transaction& tx) -> Result<SubscriptionId> {
        if (auto begun = begun_with(tx, authority)) return *std::move(begun);
        const auto live = find_live_subscription(tx, customer);
        if (!live) return not_found("subscription.none", "the customer has no subscription");
        return live->id;
    };
    co_return co_await billing.db.read(work);
}

std::vector<std::string> included_in(const Catalog& catalog, const PlanVersion& plan) {
    std::vector<std::string> included;
    for (const Allowance& allowance : plan.allowances) {
        const auto* meter = catalog.meter(allowance.meter_key);
        if (meter == nullptr || allowance.overage == OveragePolicy::Allow) continue;
        included.push_back(allowance.included.text() + " " + meter->name +
                           std::string(rhythm_of(allowance.reset)));
    }
    for (const PlanFeature& has : plan.features) {
        const auto* feature = catalog.feature(plan.catalog, has.key);
        if (feature != nullptr && is_on(has.value))
            included.push_back(text_of(*feature, has.value));
    }
    return included;
}

}  // namespace turnpike
