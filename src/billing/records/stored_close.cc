#include "billing/records/stored_close.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kQueue = R"sql(
    INSERT INTO period_closes (subscription_id, period_start, period_end, provider, placement,
           provider_invoice_id, state, created_at, closed_at)
    SELECT id, $2, $3, provider, 'undecided', '', 'pending', $4, NULL
      FROM subscriptions WHERE id = $1
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kPending = R"sql(
    SELECT subscription_id, period_start, period_end, provider, placement, provider_invoice_id
      FROM period_closes
     WHERE state = 'pending' AND provider = $2
     ORDER BY created_at, subscription_id, period_start
     LIMIT $1
)sql";

constexpr std::string_view kPendingOf = R"sql(
    SELECT subscription_id, period_start, period_end, provider, placement, provider_invoice_id
      FROM period_closes
     WHERE state = 'pending' AND subscription_id = $1
     ORDER BY period_start
)sql";

constexpr std::string_view kPlacement = R"sql(
    SELECT placement, provider_invoice_id, provider FROM period_closes
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'pending'
)sql";

constexpr std::string_view kIsClosed = R"sql(
    SELECT 1 FROM period_closes
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'done'
)sql";

// From where it is known to be; a run beside this one may have moved it there already.
constexpr std::string_view kPlace = R"sql(
    UPDATE period_closes SET placement = $3, provider_invoice_id = $4
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'pending'
       AND ((placement = $5 AND provider_invoice_id = $6)
            OR (placement = $3 AND provider_invoice_id = $4))
)sql";

// Unless the draft is known to be final: then its lines are, too.
constexpr std::string_view kReopen = R"sql(
    UPDATE period_closes SET state = 'pending', closed_at = NULL
     WHERE subscription_id = $1 AND period_end = $2 AND state = 'done'
       AND placement = 'renewal_draft'
       AND EXISTS (SELECT 1 FROM overage_charges c
                    WHERE c.subscription_id = period_closes.subscription_id
                      AND c.period_start = period_closes.period_start)
       AND NOT EXISTS (SELECT 1 FROM invoices i
                        WHERE i.provider = period_closes.provider
                          AND i.provider_invoice_id = period_closes.provider_invoice_id
                          AND i.status <> 'draft')
)sql";

constexpr std::string_view kReopenNextBills = R"sql(
    UPDATE period_closes SET state = 'pending', closed_at = NULL
     WHERE subscription_id = $1 AND state = 'done' AND placement = 'next_bill'
       AND (closed_at >= $2 OR period_end >= $2)
)sql";

constexpr std::string_view kFinish = R"sql(
    UPDATE period_closes SET state = 'done', closed_at = $3
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'pending'
       AND placement = $4 AND provider_invoice_id = $5
)sql";

using Placement = PeriodClose::Placement;

struct PlacementName {
    Placement placement;
    std::string_view text;
};
constexpr auto kPlacements = std::to_array<PlacementName>({
    {Placement::Undecided, "undecided"},
    {Placement::RenewalDraft, "renewal_draft"},
    {Placement::NextBill, "next_bill"},
    {Placement::OwnInvoice, "own_invoice"},
});

Placement placement_of(std::string_view text) {
    const auto row = std::ranges::find(kPlacements, text, &PlacementName::text);
    check(row != kPlacements.end(), "the ledger holds only words that we wrote");
    return row->placement;
}

std::string_view to_text(Placement placement) {
    const auto row = std::ranges::find(kPlacements, placement, &PlacementName::placement);
    check(row != kPlacements.end(), "every placement has a name");
    return row->text;
}

std::vector<PeriodClose> closes_from(const std::vector<sql::Row>& rows) {
    std::vector<PeriodClose> closes;
    for (const auto& row : rows)
        closes.push_back({.subscription = row.id<SubscriptionId>(0),
                          .period = {row.instant(1), row.instant(2)},
                          .provider = row.text(3),
                          .placement = placement_of(row.text(4)),
                          .provider_invoice_id = row.text(5)});
    return closes;
}

}  // namespace

bool queue_period_close(sql::Transaction& tx, const SubscriptionId& subscription,
                        const Period& period, Instant now) {
    return tx.run(kQueue, {subscription, period.start, period.end, now}) == 1;
}

void queue_period_closes(sql::Transaction& tx, const Subscription& before,
                         const Subscription& after, Instant now) {
    if (after.ended_at) tx.run(kReopen, {after.id, after.period.start});
    const bool pauses = is_paused(after) && !is_paused(before);
    if (after.ended_at || pauses) reopen_next_bills(tx, after.id, after.period.start);
    if (before.period.start < after.period.start)
        queue_period_close(tx, after.id, before.period, now);
    if (after.ended_at) queue_period_close(tx, after.id, after.period, now);
}

void reopen_next_bills(sql::Transaction& tx, const SubscriptionId& subscription, Instant since) {
    tx.run(kReopenNextBills, {subscription, since});
}

std::vector<PeriodClose> pending_period_closes(sql::Transaction& tx, std::string_view provider,
                                               int limit) {
    return closes_from(tx.all(kPending, {limit, provider}));
}

std::vector<PeriodClose> pending_period_closes_of(sql::Transaction& tx,
                                                  const SubscriptionId& subscription) {
    return closes_from(tx.all(kPendingOf, {subscription}));
}

bool is_closed(sql::Transaction& tx, const SubscriptionId& subscription, Instant period_start) {
    return tx.one(kIsClosed, {subscription, period_start}).has_value();
}

bool look_again(sql::Transaction& tx, PeriodClose& close) {
    const auto row = tx.one(kPlacement, {close.subscription, close.period.start});
    if (!row) return false;
    close.placement = placement_of(row->text(0));
    close.provider_invoice_id = row->text(1);
    close.provider = row->text(2);
    return true;
}

bool move_close(sql::Transaction& tx, const PeriodClose& from, PeriodClose::Placement placement,
                const std::string& invoice) {
    return tx.run(kPlace, {from.subscription, from.period.start, to_text(placement), invoice,
                           to_text(from.placement), from.provider_invoice_id}) == 1;
}

bool finish_close(sql::Transaction& tx, const PeriodClose& close, Instant now) {
    return tx.run(kFinish, {close.subscription, close.period.start, now, to_text(close.placement),
                            close.provider_invoice_id}) == 1;
}

}  // namespace turnpike
