#include "billing/telling/letters.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/check.h"
#include "base/time_in_words.h"
#include "billing/provider/customer_time.h"
#include "billing/telling/letter_values.h"
#include "billing/telling/recommendations.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "notices/notice.h"
#include "payments/first_payment.h"
#include "subscriptions/history.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kFailed = "failed", kConfirm = "confirm";

/// Of every try to collect an invoice, and of the last one.
std::string tries_of(const Invoice& invoice, std::string_view what) {
    return "invoice:" + invoice.id.text() + ":" + std::string(what) + ":";
}
std::string of_try(const Invoice& invoice, std::string_view what) {
    return tries_of(invoice, what) + std::to_string(invoice.attempt_count);
}

/// Providers' clocks and ours differ, and who buys here may have come a moment ago: his first
/// receipt must not get lost, though his provider's clock says that he paid before he came.
constexpr Duration kNewcomerMargin = std::chrono::hours(1);

LetterValues values_of_invoice(const Invoice& invoice, Money amount) {
    LetterValues values{{"amount", amount.text()}};
    if (invoice.number) values["number"] = *invoice.number;
    if (invoice.hosted_url) values["hosted_url"] = *invoice.hosted_url;
    if (invoice.pdf_url) values["pdf_url"] = *invoice.pdf_url;
    return values;
}

/// Who pays what stayed open of a subscription after its end is told that it stays ended.
LetterValues values_of_receipt(sql::Transaction& tx, const Invoice& paid) {
    LetterValues values = values_of_invoice(paid, paid.amount_paid);
    if (!paid.subscription || !paid.paid_at) return values;
    const auto subscription = load_subscription(tx, *paid.subscription);
    check(subscription.has_value(), "an invoice's subscription is there");
    const auto& ended_at = subscription->ended_at;
    const bool was_left_open = ended_at && paid.created_at < *ended_at && *paid.paid_at > *ended_at;
    if (!was_left_open || find_live_subscription(tx, paid.customer)) return values;
    values["ended_plan"] = plan_name(tx, subscription->plan_version);
    values["lapsed"] = "";
    return values;
}

/// What the customer has from its end on.
PendingChange after_trial(const Subscription& trial) {
    const Instant end = *trial.trial_end;
    const auto& planned = trial.pending_change;
    if (planned && planned->at <= end) return *planned;
    return {trial.price, trial.quantity, end};
}

struct MethodOnFile {
    bool is_there = false;
    std::string last4;  ///< "" where it has no such digits
};
/// What is charged, as far as the provider has shown it; nullopt: it has not.
std::optional<MethodOnFile> method_on_file(sql::Transaction& tx, const Subscription& subscription) {
    constexpr std::string_view kMethod = R"sql(
    SELECT provider_method_id, last4 FROM default_cards WHERE customer_id = $1 AND provider = $2
)sql";
    const auto row = tx.one(kMethod, {subscription.customer, subscription.provider});
    if (!row || row->is_null(0)) return std::nullopt;
    return MethodOnFile{!row->text(0).empty(), row->text(1)};
}

std::string_view without_payment(TrialEndBehavior behavior) {
    switch (behavior) {
        case TrialEndBehavior::Cancel: return "ends";
        case TrialEndBehavior::Pause: return "is paused";
        case TrialEndBehavior::CreateInvoice: return "goes on, with an invoice to be paid";
    }
    std::unreachable();
}

void put_payment(sql::Transaction& tx, const Subscription& trial, LetterValues& values) {
    const auto method = method_on_file(tx, trial);
    if (method && method->is_there) {
        if (!method->last4.empty()) values["last4"] = method->last4;
        return;
    }
    if (trial.trial_end_behavior)
        values[method ? "without" : "perhaps_without"] = without_payment(*trial.trial_end_behavior);
}

/// What becomes of it then.
LetterValues values_of_trial(sql::Transaction& tx, const Subscription& trial) {
    LetterValues values{{"plan", plan_name(tx, trial.plan_version)},
                        {"day", day_in_words(*trial.trial_end)}};
    if (is_canceling(trial)) {
        values["canceled"] = "";
        return values;
    }
    put_payment(tx, trial, values);
    const auto next = after_trial(trial);
    const auto price = load_price(tx, next.price);
    check(price.has_value(), "a subscription's price is there");
    auto next_plan = plan_name(tx, price->plan_version);
    const bool is_other = next_plan != values["plan"];
    values[is_other ? "next_cost" : "cost"] = cost_in_words(*price, next.quantity);
    if (is_other) values["next_plan"] = std::move(next_plan);
    put_discount(tx, trial.id, *trial.trial_end, values);
    return values;
}

/// Until when it can still begin, where its provider names a time.
void put_beginning(const Subscription& waiting, LetterValues& values) {
    const auto within = first_payment_within(waiting.provider);
    if (within && waiting.started_at)
        values["begins_until"] = time_in_words(*waiting.started_at + *within);
    else
        values["begins"] = "";
}

/// What becomes of the plan while an invoice of it is not paid, at the customer's `now`.
void put_access(const Subscription& subscription, Instant now, LetterValues& values) {
    using enum SubscriptionStatus;
    const AccessTerms terms = access_terms(subscription);
    switch (status_at(terms, now)) {
        case Creating:
        case Incomplete:
        case IncompleteExpired: put_beginning(subscription, values); return;
        case Trialing:
        case Active:
        case PastDue: {
            const Instant until = gives_plan_until(terms, now);
            if (until == Instant::max())
                values["keeps"] = "";
            else
                values["access_until"] = time_in_words(until);
            return;
        }
        case Unpaid:
            if (subscription.grace_ends_at && *subscription.grace_ends_at <= now)
                values["ended_at"] = time_in_words(*subscription.grace_ends_at);
            else
                values["ended"] = "";
            return;
        case Paused:
        case Canceled: return;
    }
}

/// nullopt: it is not collected any more, and nothing is to be told.
std::optional<LetterValues> values_of_failure(sql::Transaction& tx, const Invoice& invoice,
                                              Instant now) {
    LetterValues values = values_of_invoice(invoice, invoice.amount_due);
    const Instant customer_now = customer_time(tx, invoice.customer, now);
    if (invoice.next_attempt_at && *invoice.next_attempt_at > customer_now)
        values["next_try"] = day_in_words(*invoice.next_attempt_at);
    if (!invoice.subscription) return values;
    const auto subscription = load_subscription(tx, *invoice.subscription);
    check(subscription.has_value(), "an invoice's subscription is there");
    if (subscription->ended_at) return std::nullopt;
    values["plan"] = plan_name(tx, subscription->plan_version);
    put_access(*subscription, customer_now, values);
    return values;
}

}  // namespace

void take_back_tries(sql::Transaction& tx, const Invoice& invoice, Instant now) {
    for (const std::string_view what : {kFailed, kConfirm})
        take_back_letters_of(tx, {invoice.customer, tries_of(invoice, what)}, now);
}

void write_invoice_letter(sql::Transaction& tx, std::string_view event, const Invoice& invoice,
                          Instant now, IdSource& ids) {
    const bool is_settled =
        invoice.status != InvoiceStatus::Open && invoice.status != InvoiceStatus::Draft;
    if (is_settled) take_back_tries(tx, invoice, now);
    if (event == "invoice.paid" && invoice.amount_paid.minor() > 0)
        post_notice(tx,
                    {.kind = "receipt",
                     .obligation = "invoice:" + invoice.id.text() + ":paid",
                     .customer = invoice.customer,
                     .values = values_of_receipt(tx, invoice)},
                    now, ids);
    if (event != "invoice.payment_failed" || is_told(tx, of_try(invoice, kConfirm))) return;
    auto values = values_of_failure(tx, invoice, now);
    if (!values) return;
    post_notice(tx,
                {.kind = "payment_failed",
                 .obligation = of_try(invoice, kFailed),
                 .customer = invoice.customer,
                 .values = *std::move(values)},
                now, ids);
}

void write_confirmation_letter(sql::Transaction& tx, const Invoice& invoice, Instant now,
                               IdSource& ids) {
    if (invoice.status != InvoiceStatus::Open) return;
    take_back_letters(tx, of_try(invoice, kFailed), now);
    auto values = values_of_failure(tx, invoice, now);
    if (!values) return;
    post_notice(tx,
                {.kind = "payment_action_required",
                 .obligation = of_try(invoice, kConfirm),
                 .customer = invoice.customer,
                 .values = *std::move(values)},
                now, ids);
}

bool was_before_takeover(sql::Transaction& tx, const CustomerId& customer,
                         const std::optional<SubscriptionId>& subscription, Instant moment) {
    // Providers tell whole seconds.
    const auto takeover = taken_over_at(tx, customer, subscription);
    if (takeover && moment < std::chrono::floor<std::chrono::seconds>(*takeover)) return true;
    const auto found = find_customer(tx, customer.text());
    check(found.has_value(), "what is told is told to a customer");
    return moment < found->created_at - kNewcomerMargin;
}

void write_refund_letter(sql::Transaction& tx, const Refund& refund, Instant now, IdSource& ids) {
    if (refund.status != RefundStatus::Succeeded || !refund.customer) return;
    LetterValues values{{"amount", refund.amount.text()}};
    std::optional<SubscriptionId> subscription;
    if (refund.invoice) {
        const auto invoice = load_invoice(tx, *refund.invoice);
        check(invoice.has_value(), "a refund's invoice is there");
        values = values_of_invoice(*invoice, refund.amount);
        subscription = invoice->subscription;
    }
    if (was_before_takeover(tx, *refund.customer, subscription, refund.created_at)) return;
    post_notice(tx,
                {.kind = "refund_made",
                 .obligation = "refund:" + refund.id.text() + ":made",
                 .customer = *refund.customer,
                 .values = std::move(values)},
                now, ids);
}

void write_recommendation(sql::Transaction& tx, const Catalog& catalog, const CustomerId& customer,
                          Instant now, IdSource& ids) {
    const auto found = recommend_plan(tx, catalog, customer);
    if (!found) {
        spdlog::warn("event=letters.no_recommendation customer={} reason={} message=\"{}\"",
                     customer.text(), found.error().reason.text(), found.error().message);
        return;
    }
    if (!*found) return;
    const Recommendation& better = **found;
    const auto reader = find_customer(tx, customer.text());
    check(reader.has_value(), "a recommendation is some customer's");
    const auto name_of = [&](const std::string& key) {
        const PlanVersion* plan = catalog.plan(reader->catalog, key);
        return plan == nullptr ? key : plan->name;
    };
    const std::chrono::year_month_day month{
        std::chrono::floor<std::chrono::days>(better.period.end)};
    post_notice(tx,
                {.kind = "recommendation",
                 .obligation = "recommendation:" + customer.text() + ":" +
                               std::to_string(static_cast<int>(month.year())) + "-" +
                               std::to_string(static_cast<unsigned>(month.month())),
                 .customer = customer,
                 .values = {{"plan", name_of(better.better.plan)},
                            {"present_plan", name_of(better.present_plan)},
                            {"from", day_in_words(better.period.start)},
                            {"until", day_in_words(better.period.end)},
                            {"cost", better.has_cost.text()},
                            {"would_have_cost", better.better.would_have_cost.text()},
                            {"saving", better.better.saving.text()}}},
                now, ids);
}

void write_trial_letter(sql::Transaction& tx, const Subscription& trial, Instant now,
                        IdSource& ids) {
    if (!trial.trial_end) return;
    post_notice(tx,
                {.kind = "trial_ending",
                 .obligation = obligation_at(trial, kTrialEnd, *trial.trial_end),
                 .customer = trial.customer,
                 .values = values_of_trial(tx, trial)},
                now, ids);
}

}  // namespace turnpike
