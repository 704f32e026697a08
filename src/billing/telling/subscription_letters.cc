#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/time_in_words.h"
#include "billing/provider/customer_time.h"
#include "billing/telling/access_end.h"
#include "billing/telling/letter_values.h"
#include "billing/telling/letters.h"
#include "catalog/service.h"
#include "invoicing/service.h"
#include "notices/notice.h"

namespace turnpike {
namespace {

/// What a letter tells of a change: both contracts, and when.
struct Change {
    const Subscription& before;
    const Subscription& after;
    Instant now;
    IdSource& ids;
};

void post_about(sql::Transaction& tx, const Change& change, std::string_view kind, std::string fact,
                LetterValues values) {
    put_discount(tx, change.after.id, change.now, values);
    post_notice(tx,
                {.kind = kind,
                 .obligation = letters_about(change.after) + ":" + std::move(fact),
                 .customer = change.after.customer,
                 .values = std::move(values)},
                change.now, change.ids);
}

std::string numbered(std::string_view fact, const Subscription& after) {
    return std::string(fact) + ":" + std::to_string(after.version);
}

/// It is another plan's now, or costs something else. \return whether that was told
bool write_changed_letter(sql::Transaction& tx, const Change& change) {
    const auto& [before, after, now, ids] = change;
    if (before.price == after.price && before.plan_version == after.plan_version) return false;
    const auto plan = plan_name(tx, after.plan_version);
    const auto old_plan = plan_name(tx, before.plan_version);
    const auto cost = cost_in_words(tx, after.price, after.quantity);
    if (old_plan != plan) {
        post_about(tx, change, "plan_changed", numbered("plan", after),
                   {{"plan", plan}, {"old_plan", old_plan}, {"cost", cost}});
        return true;
    }
    // For as many as now: how many it is for was no surprise to who has changed that.
    const auto old_cost = cost_in_words(tx, before.price, after.quantity);
    if (old_cost == cost) return false;
    post_about(tx, change, "price_changed", numbered("price", after),
               {{"plan", plan}, {"old_cost", old_cost}, {"cost", cost}});
    return true;
}

LetterValues values_of_planned(sql::Transaction& tx, const Subscription& subscription,
                               const PendingChange& planned) {
    const auto price = load_price(tx, planned.price);
    check(price.has_value(), "the price of a planned change is there");
    LetterValues values{{"day", day_in_words(planned.at)}};
    const auto old_plan = plan_name(tx, subscription.plan_version);
    const auto plan = plan_name(tx, price->plan_version);
    const auto old_cost = cost_in_words(tx, subscription.price, subscription.quantity);
    const auto cost = cost_in_words(*price, planned.quantity);
    if (old_plan == plan) {
        values["same_plan"] = plan;
    } else {
        values["old_plan"] = old_plan;
        values["plan"] = plan;
    }
    if (old_plan == plan && old_cost == cost) {
        values["same_cost"] = cost;
    } else {
        values["old_cost"] = old_cost;
        values["cost"] = cost;
    }
    if (planned.quantity != subscription.quantity) {
        values["old_quantity"] = std::to_string(subscription.quantity);
        values["quantity"] = std::to_string(planned.quantity);
    }
    return values;
}

constexpr std::string_view kPlanned = "planned";
constexpr std::string_view kWithdrawn = "withdrawn";

std::int64_t take_back(sql::Transaction& tx, const Change& change, std::string_view fact) {
    return take_back_letters_of(
        tx, {change.after.customer, letters_about(change.after) + ":" + std::string(fact) + ":"},
        change.now);
}

/// What was planned, and told, does not come.
void write_withdrawn_letter(sql::Transaction& tx, const Change& change) {
    const auto& [before, after, now, ids] = change;
    const PendingChange& planned = *before.pending_change;
    const bool has_come = after.price == planned.price && after.quantity == planned.quantity;
    if (has_come || customer_time(tx, after.customer, now) >= planned.at) return;
    post_about(tx, change, "plan_change_withdrawn", numbered(kWithdrawn, after),
               {{"day", day_in_words(planned.at)},
                {"plan", plan_name(tx, after.plan_version)},
                {"cost", cost_in_words(tx, after.price, after.quantity)}});
}

void write_planned_letter(sql::Transaction& tx, const Change& change, bool is_change_told) {
    const auto& [before, after, now, ids] = change;
    if (is_change_told) take_back(tx, change, kWithdrawn);
    if (after.pending_change == before.pending_change) return;
    const bool was_unsent = before.pending_change && take_back(tx, change, kPlanned) > 0;
    if (!after.pending_change) {
        if (!was_unsent && !is_change_told) write_withdrawn_letter(tx, change);
        return;
    }
    take_back(tx, change, kWithdrawn);
    post_about(tx, change, "plan_change_planned", numbered(kPlanned, after),
               values_of_planned(tx, after, *after.pending_change));
}

/// What was written of its future, and of payments that would bring it back, is not sent: nobody
/// collects what is open any more. Of more than a page of invoices the older ones were told long
/// ago.
void take_back_promises(sql::Transaction& tx, const Change& change,
                        const std::vector<Invoice>& open) {
    for (const Invoice& invoice : open) take_back_tries(tx, invoice, change.now);
    for (const auto fact : {kAccessEnded, kTrialEnd, kPlanned, kWithdrawn})
        take_back(tx, change, fact);
}

/// What is open stays so, as the provider has it: it is owed, and brings nothing back.
void write_ended_letter(sql::Transaction& tx, const Change& change,
                        const std::vector<Invoice>& open) {
    const Subscription& ended = change.after;
    LetterValues values{{"plan", plan_name(tx, ended.plan_version)}};
    if (bills_usage(tx, ended.plan_version)) values["bills_usage"] = "";
    if (!open.empty()) {
        values["open"] = owed_in_words(open);
        values["lapsed"] = "";
        if (open.front().hosted_url) values["hosted_url"] = *open.front().hosted_url;
    }
    post_about(tx, change, "subscription_canceled", "canceled", std::move(values));
}

/// It has waited for its first payment, or authorisation, until its end.
bool has_never_begun(const Change& change) {
    return change.after.status == SubscriptionStatus::IncompleteExpired ||
           change.before.status == SubscriptionStatus::Incomplete;
}

bool is_any_paid(sql::Transaction& tx, const Subscription& subscription) {
    InvoiceFilter its_own;
    its_own.customers = {subscription.customer};
    its_own.subscription = subscription.id;
    return std::ranges::any_of(
        list_invoices(tx, its_own, PageQuery{}, InvoiceLines::Omit),
        [](const Invoice& invoice) { return invoice.amount_paid.minor() > 0; });
}

void write_not_started_letter(sql::Transaction& tx, const Change& change) {
    const Subscription& never = change.after;
    LetterValues values{{"plan", plan_name(tx, never.plan_version)}};
    if (never.status != SubscriptionStatus::IncompleteExpired)
        values["canceled"] = "";
    else
        values[never.trial_end ? "unauthorised" : "unpaid"] = "";
    if (!is_any_paid(tx, never)) values["nothing_paid"] = "";
    post_about(tx, change, "subscription_not_started", "not_started", std::move(values));
}

}  // namespace

void write_subscription_letter(sql::Transaction& tx, const Subscription& before,
                               const Subscription& after, Instant now, IdSource& ids) {
    const Change change{before, after, now, ids};
    if (after.ended_at && !before.ended_at && after.started_at) {
        const auto open = open_invoices(tx, after);
        take_back_promises(tx, change, open);
        if (has_never_begun(change))
            write_not_started_letter(tx, change);
        else
            write_ended_letter(tx, change, open);
        return;
    }
    if (after.status == SubscriptionStatus::Unpaid && before.status != SubscriptionStatus::Unpaid)
        tell_access_end(tx, after, now, ids);
    const bool is_told = write_changed_letter(tx, change);
    write_planned_letter(tx, change, is_told);
}

}  // namespace turnpike
