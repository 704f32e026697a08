#include "billing/telling/moves.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "billing/telling/checkout_wire.h"
#include "billing/telling/letters.h"
#include "billing/telling/shown_subscription.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "invoicing/wire.h"
#include "json/value.h"
#include "subscriptions/discounts.h"
#include "subscriptions/history.h"
#include "subscriptions/wire.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

Json state_detail(const Subscription& s) {
    return Json{{"status", to_text(s.status)},
                {"provider", s.provider},
                {"plan_version", s.plan_version.text()},
                {"period_start", format_rfc3339(s.period.start)},
                {"period_end", format_rfc3339(s.period.end)},
                {"cancel_at_period_end", s.cancel_at_period_end},
                {"ended_at", s.ended_at ? Json(format_rfc3339(*s.ended_at)) : Json()}};
}

void keep_in_history(sql::Transaction& tx, const MoveNote& note, const Subscription& before,
                     const Subscription& after) {
    const auto customer = find_customer(tx, after.customer.text());
    check(customer.has_value(), "a subscription has its customer");
    auto kind = kind_of_change(before, after);
    if (kind == SubscriptionEventKind::Updated &&
        discounts_changed_with(tx, after.id, after.version))
        kind = SubscriptionEventKind::Discounted;
    append_event(tx, {.id = note.ids.make<SubscriptionEventId>(note.now),
                      .subscription = after.id,
                      .number = after.version,
                      .customer = after.customer,
                      .kind = kind,
                      .at = effective_at(kind, after, now_of(tx, *customer, note.now)),
                      .recorded_at = note.now,
                      .status = after.status,
                      .plan_version = after.plan_version,
                      .price = after.price,
                      .quantity = after.quantity,
                      .period = after.period,
                      .cancel_at_period_end = after.cancel_at_period_end,
                      .cancel_at = after.cancel_at,
                      .pause = after.pause,
                      .grace_ends_at = after.grace_ends_at,
                      .actor = note.authority.actor,
                      .request_id = note.authority.request_id});
}

/// One event for each move: the one that says most of it.
std::string_view subscription_event(const Subscription& before, const Subscription& after) {
    using enum SubscriptionStatus;
    if (before.status == Creating) return "subscription.created";
    if (after.ended_at && !before.ended_at) return "subscription.canceled";
    if (is_paused(after) && !is_paused(before)) return "subscription.paused";
    if (is_paused(before) && !is_paused(after)) return "subscription.resumed";
    if (after.status == before.status) return "subscription.updated";
    if (after.status == PastDue) return "subscription.past_due";
    if (after.status == Unpaid) return "subscription.unpaid";
    return "subscription.updated";
}

/// The steps that lie between what was known of an invoice and what is, in their order: a mirror
/// that comes late has seen none of them itself.
std::vector<std::string_view> invoice_events(const std::optional<Invoice>& before,
                                             const Invoice& after) {
    using enum InvoiceStatus;
    const auto was = [&](InvoiceStatus status) { return before && before->status == status; };
    std::vector<std::string_view> events;
    if (!before) events.push_back("invoice.created");
    if (after.status != Draft && (!before || was(Draft))) events.push_back("invoice.finalized");
    const std::int64_t tried = before ? before->attempt_count : 0;
    if (after.status == Open && after.attempt_count > tried)
        events.push_back("invoice.payment_failed");
    if (after.status == Paid && !was(Paid)) events.push_back("invoice.paid");
    if (after.status == Void && !was(Void)) events.push_back("invoice.voided");
    if (after.status == Uncollectible && !was(Uncollectible))
        events.push_back("invoice.marked_uncollectible");
    if (events.empty() && before->total != after.total) events.push_back("invoice.updated");
    return events;
}

/// Whether an invoice was settled, or issued, before it was ours to tell of it.
bool is_of_another_time(sql::Transaction& tx, const std::optional<Invoice>& before,
                        const Invoice& invoice) {
    if (before) return false;
    return was_before_takeover(tx, invoice.customer, invoice.subscription,
                               invoice.paid_at.value_or(invoice.created_at));
}

/// An invoice of a thousand lines is no message: who wants the lines asks for the invoice.
Json without_lines(const Invoice& invoice) {
    Json json = write_invoice(invoice);
    json.erase("lines");
    return json;
}

}  // namespace

void tell_subscription_move(sql::Transaction& tx, const MoveNote& note, const Subscription& before,
                            const Subscription& after) {
    keep_in_history(tx, note, before, after);
    const bool started = before.status == SubscriptionStatus::Creating;
    record(tx,
           {.at = note.now,
            .actor = note.authority.actor,
            .action = started          ? "subscription.started"
                      : after.ended_at ? "subscription.ended"
                                       : "subscription.updated",
            .object_id = after.id.text(),
            .customer = after.customer.text(),
            .request_id = note.authority.request_id,
            .detail = Json{{"before", state_detail(before)}, {"after", state_detail(after)}}},
           note.ids);
    const auto shown = show_subscription(tx, after, note.now);
    check(shown.has_value(), "a subscription's plans are there");
    const Json data = write_subscription(*shown);
    emit(tx,
         {.type = subscription_event(before, after),
          .object = after.id.text(),
          .customer = after.customer.text(),
          .data = data,
          .at = note.now},
         note.ids);
    write_subscription_letter(tx, before, after, note.now, note.ids);
}

void tell_trial_end(sql::Transaction& tx, const MoveNote& note, const Subscription& subscription) {
    const auto shown = show_subscription(tx, subscription, note.now);
    check(shown.has_value(), "a subscription's plans are there");
    const Json data = write_subscription(*shown);
    emit(tx,
         {.type = "subscription.trial_will_end",
          .object = subscription.id.text(),
          .customer = subscription.customer.text(),
          .data = data,
          .at = note.now},
         note.ids);
    write_trial_letter(tx, subscription, note.now, note.ids);
}

void tell_checkout_started(sql::Transaction& tx, const MoveNote& note,
                           const CheckoutSession& session) {
    const auto plan = load_plan_version(tx, session.plan_version);
    check(plan.has_value(), "a checkout's plan version is there");
    const Json data = write_checkout(session, plan->key);
    emit(tx,
         {.type = "checkout.started",
          .object = session.id.text(),
          .customer = session.customer.text(),
          .data = data,
          .at = note.now},
         note.ids);
}

void tell_invoice_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Invoice>& before, const Invoice& after) {
    const Json data = without_lines(after);
    std::vector<std::string_view> events;
    if (!is_of_another_time(tx, before, after)) events = invoice_events(before, after);
    for (const auto type : events) {
        const bool is_of_nothing = type == "invoice.paid" && after.amount_paid.minor() == 0;
        emit(tx,
             {.type = type,
              .object = after.id.text(),
              .customer = after.customer.text(),
              .data = data,
              .at = note.now,
              .alerting = is_of_nothing ? Alerting::No : Alerting::Yes},
             note.ids);
        write_invoice_letter(tx, type, after, note.now, note.ids);
    }
    if (before && before->status == after.status && before->total == after.total) return;
    record(tx,
           {.at = note.now,
            .actor = note.authority.actor,
            .action = "invoice." + std::string(to_text(after.status)),
            .object_id = after.id.text(),
            .customer = after.customer.text(),
            .request_id = note.authority.request_id,
            .detail = Json{{"provider_invoice", after.provider_invoice_id},
                           {"total", after.total.text()},
                           {"amount_paid", after.amount_paid.text()}}},
           note.ids);
}

}  // namespace turnpike
