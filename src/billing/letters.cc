#include "billing/letters.h"

#include <chrono>
#include <string>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/check.h"
#include "billing/recommendations.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "notices/notice.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

std::string about(const Subscription& subscription) {
    return "subscription:" + subscription.id.text();
}

/// Of one try to collect an invoice.
std::string of_try(const Invoice& invoice, std::string_view what) {
    return "invoice:" + invoice.id.text() + ":" + std::string(what) + ":" +
           std::to_string(invoice.attempt_count);
}

/// Providers' clocks and ours differ, and who buys is new here.
constexpr Duration kNewcomerMargin = std::chrono::hours(1);

LetterValues values_of_invoice(const Invoice& invoice, Money amount) {
    LetterValues values{{"amount", amount.text()}};
    if (invoice.number) values["number"] = *invoice.number;
    if (invoice.hosted_url) values["hosted_url"] = *invoice.hosted_url;
    if (invoice.pdf_url) values["pdf_url"] = *invoice.pdf_url;
    return values;
}

std::string plan_name(sql::Transaction& tx, const PlanVersionId& id) {
    const auto plan = load_plan_version(tx, id);
    check(plan.has_value(), "a subscription's plan version is there");
    return plan->name;
}

void write_plan_letter(sql::Transaction& tx, const Subscription& before, const Subscription& after,
                       Instant now, IdSource& ids) {
    if (before.plan_version == after.plan_version) return;
    const auto plan = plan_name(tx, after.plan_version);
    const auto old_plan = load_plan_version(tx, before.plan_version);
    if (!old_plan || old_plan->name == plan) return;
    post_notice(tx,
                {.kind = "plan_changed",
                 .obligation = about(after) + ":plan:" + std::to_string(after.version),
                 .customer = after.customer,
                 .values = {{"plan", plan}, {"old_plan", old_plan->name}}},
                now, ids);
}

void write_planned_letter(sql::Transaction& tx, const Subscription& before,
                          const Subscription& after, Instant now, IdSource& ids) {
    if (!after.pending_change || after.pending_change == before.pending_change) return;
    const auto price = load_price(tx, after.pending_change->price);
    check(price.has_value(), "the price of a planned change is there");
    LetterValues values{{"day", day_in_words(after.pending_change->at)},
                        {"old_plan", plan_name(tx, after.plan_version)},
                        {"plan", plan_name(tx, price->plan_version)}};
    const auto amount = scale(price->amount, after.pending_change->quantity, 1, Rounding::HalfUp);
    if (amount) values["amount"] = amount->text();
    post_notice(tx,
                {.kind = "plan_change_planned",
                 .obligation = about(after) + ":planned:" + std::to_string(after.version),
                 .customer = after.customer,
                 .values = std::move(values)},
                now, ids);
}

/// What the customer has from its end on.
PendingChange after_trial(const Subscription& trial) {
    const Instant end = *trial.trial_end;
    const auto& planned = trial.pending_change;
    if (planned && planned->at <= end) return *planned;
    return {trial.price, trial.quantity, end};
}

/// What becomes of it then.
LetterValues values_of_trial(sql::Transaction& tx, const Subscription& trial) {
    LetterValues values{{"plan", plan_name(tx, trial.plan_version)},
                        {"day", day_in_words(*trial.trial_end)}};
    if (is_canceling(trial)) {
        values["canceled"] = "";
        return values;
    }
    if (trial.trial_end_behavior == TrialEndBehavior::Cancel) values["without"] = "ends";
    if (trial.trial_end_behavior == TrialEndBehavior::Pause) values["without"] = "is paused";
    const auto next = after_trial(trial);
    const auto price = load_price(tx, next.price);
    check(price.has_value(), "a subscription's price is there");
    auto next_plan = plan_name(tx, price->plan_version);
    const bool is_other = next_plan != values["plan"];
    const auto amount = scale(price->amount, next.quantity, 1, Rounding::HalfUp);
    if (amount) values[is_other ? "next_amount" : "amount"] = amount->text();
    if (is_other) values["next_plan"] = std::move(next_plan);
    return values;
}

}  // namespace

void write_invoice_letter(sql::Transaction& tx, std::string_view event, const Invoice& invoice,
                          Instant now, IdSource& ids) {
    if (event == "invoice.paid" && invoice.amount_paid.minor() > 0)
        post_notice(tx,
                    {.kind = "receipt",
                     .obligation = "invoice:" + invoice.id.text() + ":paid",
                     .customer = invoice.customer,
                     .values = values_of_invoice(invoice, invoice.amount_paid)},
                    now, ids);
    if (event != "invoice.payment_failed" || is_told(tx, of_try(invoice, "confirm"))) return;
    post_notice(tx,
                {.kind = "payment_failed",
                 .obligation = of_try(invoice, "failed"),
                 .customer = invoice.customer,
                 .values = values_of_invoice(invoice, invoice.amount_due)},
                now, ids);
}

void write_confirmation_letter(sql::Transaction& tx, const Invoice& invoice, Instant now,
                               IdSource& ids) {
    if (invoice.status != InvoiceStatus::Open) return;
    take_back_letters(tx, of_try(invoice, "failed"), now);
    post_notice(tx,
                {.kind = "payment_action_required",
                 .obligation = of_try(invoice, "confirm"),
                 .customer = invoice.customer,
                 .values = values_of_invoice(invoice, invoice.amount_due)},
                now, ids);
}

bool was_before_customer(sql::Transaction& tx, const CustomerId& customer, Instant moment) {
    const auto found = find_customer(tx, customer.text());
    check(found.has_value(), "what is told is told to a customer");
    return moment < found->created_at - kNewcomerMargin;
}

void write_refund_letter(sql::Transaction& tx, const Refund& refund, Instant now, IdSource& ids) {
    if (refund.status != RefundStatus::Succeeded || !refund.customer) return;
    if (was_before_customer(tx, *refund.customer, refund.created_at)) return;
    LetterValues values{{"amount", refund.amount.text()}};
    if (refund.invoice) {
        const auto invoice = load_invoice(tx, *refund.invoice);
        check(invoice.has_value(), "a refund's invoice is there");
        values = values_of_invoice(*invoice, refund.amount);
    }
    post_notice(tx,
                {.kind = "refund_made",
                 .obligation = "refund:" + refund.id.text() + ":made",
                 .customer = *refund.customer,
                 .values = std::move(values)},
                now, ids);
}

void write_subscription_letter(sql::Transaction& tx, const Subscription& before,
                               const Subscription& after, Instant now, IdSource& ids) {
    if (after.ended_at && !before.ended_at && after.started_at) {
        post_notice(tx,
                    {.kind = "subscription_canceled",
                     .obligation = about(after) + ":canceled",
                     .customer = after.customer,
                     .values = {{"plan", plan_name(tx, after.plan_version)}}},
                    now, ids);
        return;
    }
    write_plan_letter(tx, before, after, now, ids);
    write_planned_letter(tx, before, after, now, ids);
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
    post_notice(
        tx,
        {.kind = "trial_ending",
         .obligation = about(trial) + ":trial_end:" + std::to_string(unix_micros(*trial.trial_end)),
         .customer = trial.customer,
         .values = values_of_trial(tx, trial)},
        now, ids);
}

}  // namespace turnpike
