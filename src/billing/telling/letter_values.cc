#include "billing/telling/letter_values.h"

#include <algorithm>

#include "base/check.h"
#include "invoicing/service.h"
#include "subscriptions/discounts.h"

namespace turnpike {
namespace {

/// " per month", " every 3 months".
std::string interval_in_words(const Recurrence& recurrence) {
    const std::string interval(to_text(recurrence.interval));
    if (recurrence.count == 1) return " per " + interval;
    return " every " + std::to_string(recurrence.count) + " " + interval + "s";
}

}  // namespace

std::string letters_about(const Subscription& subscription) {
    return "subscription:" + subscription.id.text();
}

std::string obligation_at(const Subscription& subscription, std::string_view fact, Instant at) {
    return letters_about(subscription) + ":" + std::string(fact) + ":" +
           std::to_string(unix_micros(at));
}

std::vector<Invoice> open_invoices(sql::Transaction& tx, const Subscription& subscription) {
    InvoiceFilter open;
    open.customers = {subscription.customer};
    open.subscription = subscription.id;
    open.status = InvoiceStatus::Open;
    return list_invoices(tx, open, PageQuery{}, InvoiceLines::Omit);
}

Money owed_of(const Invoice& invoice) { return invoice.amount_due - invoice.amount_paid; }

std::string owed_in_words(const std::vector<Invoice>& open) {
    std::string list;
    for (const Invoice& invoice : open) {
        if (!list.empty()) list += ", ";
        list += invoice.number ? "invoice " + *invoice.number : "an invoice";
        list += " of " + owed_of(invoice).text();
    }
    return list;
}

std::string plan_name(sql::Transaction& tx, const PlanVersionId& id) {
    const auto plan = load_plan_version(tx, id);
    check(plan.has_value(), "a subscription's plan version is there");
    return plan->name;
}

bool bills_usage(sql::Transaction& tx, const PlanVersionId& id) {
    const auto plan = load_plan_version(tx, id);
    check(plan.has_value(), "a subscription's plan version is there");
    return std::ranges::any_of(plan->allowances, [](const Allowance& allowance) {
        return allowance.overage == OveragePolicy::Bill;
    });
}

std::string cost_in_words(const PriceInPlan& price, std::int64_t quantity) {
    const std::string interval = interval_in_words(price.recurrence);
    const auto amount = scale(price.amount, quantity, 1, Rounding::HalfUp);
    if (amount) return amount->text() + interval;
    return price.amount.text() + interval + " for each of " + std::to_string(quantity);
}

std::string cost_in_words(sql::Transaction& tx, const PriceId& id, std::int64_t quantity) {
    const auto price = load_price(tx, id);
    check(price.has_value(), "a subscription's price is there");
    return cost_in_words(*price, quantity);
}

void put_discount(sql::Transaction& tx, const SubscriptionId& subscription, Instant then,
                  LetterValues& values) {
    const auto stands = [&](const Discount& discount) { return runs_at(discount, then); };
    if (std::ranges::any_of(load_discounts(tx, subscription), stands)) values["discount"] = "";
}

}  // namespace turnpike
