#include "billing/life/offer.h"

#include <algorithm>

#include "catalog/qualified_name.h"

namespace turnpike {
namespace {

constexpr std::int64_t kIntervalCountMax = 36;

bool is_archived(const Catalog& catalog, std::string_view customer_catalog,
                 const std::string& name) {
    return std::ranges::any_of(catalog.archived, [&](const ArchivedPlan& one) {
        if (one.catalog != customer_catalog) return false;
        const QualifiedName full{one.catalog == catalog.primary() ? "" : one.catalog, one.key};
        return one.key == name || full.text() == name;
    });
}

/// A plan that the catalog does not sell.
std::unexpected<Error> not_there(const Catalog& catalog, std::string_view customer_catalog,
                                 const std::string& name) {
    if (is_archived(catalog, customer_catalog, name)) return no_longer_sold(name);
    return invalid_argument("billing.unknown_plan", "there is no plan '" + name + "'");
}

}  // namespace

std::unexpected<Error> no_longer_sold(const std::string& name) {
    return invalid_argument(
        "billing.plan_not_sold",
        "the plan '" + name + "' is archived: it is no longer sold; who has it keeps it");
}

std::optional<Currency> read_currency(ObjectReader& fields) {
    const auto code = fields.optional_text("currency");
    if (!code) return std::nullopt;
    const auto currency = parse_currency(*code);
    if (!currency)
        fields.complain("currency", "unknown_currency", "must be an ISO 4217 code sold here");
    return currency;
}

std::optional<Interval> read_interval(ObjectReader& fields) {
    const auto text = fields.optional_text("interval");
    if (!text) return std::nullopt;
    const auto interval = parse_interval(*text);
    if (!interval) fields.complain("interval", "wrong_value", "must be day, week, month or year");
    return interval;
}

std::optional<std::int64_t> read_interval_count(ObjectReader& fields) {
    return fields.optional_integer("interval_count", {.min = 1, .max = kIntervalCountMax});
}

Offer read_offer(ObjectReader& fields) {
    Offer offer;
    offer.plan = fields.required_text("plan", {.length_max = kPlanNameMax});
    offer.currency = read_currency(fields).value_or(Currency::Usd);
    offer.recurrence.interval = read_interval(fields).value_or(Interval::Month);
    offer.recurrence.count = static_cast<int>(read_interval_count(fields).value_or(1));
    return offer;
}

Result<Sold> find_offer(const Catalog& catalog, std::string_view customer_catalog,
                        const Offer& offer) {
    const PlanVersion* plan = catalog.plan(customer_catalog, offer.plan);
    const PlanVersion* named = plan == nullptr ? catalog.plan(offer.plan) : nullptr;
    if (named != nullptr && named->catalog == customer_catalog) plan = named;
    if (plan == nullptr) return not_there(catalog, customer_catalog, offer.plan);
    if (plan->custom_price)
        return conflict("billing.talk_to_sales", "the price of plan '" + plan->key +
                                                     "' is made for each customer: talk to sales");
    if (plan->is_default)
        return invalid_argument("billing.plan_not_sold",
                                "the plan '" + plan->key +
                                    "' is what everybody has without a subscription; cancel the "
                                    "subscription to come back to it");
    const auto* price = plan->price(offer.currency, offer.recurrence);
    if (price == nullptr)
        return invalid_argument("billing.plan_not_sold",
                                "the plan is not sold in this currency and interval");
    return Sold{plan->id, price->id};
}

}  // namespace turnpike
