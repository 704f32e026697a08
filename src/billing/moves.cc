#include "billing/moves.h"

#include <string>

#include "base/check.h"
#include "customers/service.h"
#include "json/value.h"
#include "subscriptions/history.h"

namespace turnpike {
namespace {

Json state_detail(const Subscription& s) {
    return Json{{"status", to_text(s.status)},
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
    const auto kind = kind_of_change(before, after);
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
                      .period = after.period,
                      .cancel_at_period_end = after.cancel_at_period_end,
                      .cancel_at = after.cancel_at,
                      .actor = note.authority.actor,
                      .request_id = note.authority.request_id});
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
}

void tell_invoice_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Invoice>& before, const Invoice& after) {
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
