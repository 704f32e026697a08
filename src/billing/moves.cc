#include "billing/moves.h"

#include <string>

#include "json/value.h"

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

}  // namespace

void tell_subscription_move(sql::Transaction& tx, const MoveNote& note, const Subscription& before,
                            const Subscription& after) {
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
