#include "billing/reconcile.h"

#include <set>

#include "audit/audit.h"
#include "billing/mirror.h"
#include "billing/period_close.h"
#include "billing/sync.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr int kPage = 100;

std::string text_of(const std::optional<Instant>& moment) {
    return moment ? format_rfc3339(*moment) : "none";
}

void compare(std::vector<Difference>& found, const std::string& object, std::string_view field,
             std::string ledger, std::string provider) {
    if (ledger != provider)
        found.push_back({object, std::string(field), std::move(ledger), std::move(provider)});
}

std::vector<Difference> compare_subscription(sql::Transaction& tx, std::string_view provider,
                                             const ProviderSubscription& theirs) {
    std::vector<Difference> found;
    const auto customer = find_customer_of_provider(tx, provider, theirs.customer);
    const auto ours = find_subscription_of_provider(tx, provider, theirs.id);
    if (!ours) {
        if (customer && !theirs.ended_at)
            found.push_back({theirs.id, "missing_here", "none", theirs.status});
        return found;
    }
    compare(found, theirs.id, "status", std::string(to_text(ours->status)), theirs.status);
    compare(found, theirs.id, "period_start", format_rfc3339(ours->period.start),
            format_rfc3339(theirs.period.start));
    compare(found, theirs.id, "period_end", format_rfc3339(ours->period.end),
            format_rfc3339(theirs.period.end));
    compare(found, theirs.id, "cancel_at", text_of(ours->cancel_at), text_of(theirs.cancel_at));
    compare(found, theirs.id, "ended_at", text_of(ours->ended_at), text_of(theirs.ended_at));
    const auto price = find_provider_price(tx, ours->price, provider);
    compare(found, theirs.id, "price", price.value_or("none"), theirs.price);
    return found;
}

std::vector<Difference> compare_invoice(sql::Transaction& tx, std::string_view provider,
                                        const ProviderInvoice& theirs) {
    std::vector<Difference> found;
    if (!find_customer_of_provider(tx, provider, theirs.customer)) return found;
    const auto ours = find_invoice_of_provider(tx, provider, theirs.id);
    if (!ours) {
        found.push_back({theirs.id, "missing_here", "none", theirs.status});
        return found;
    }
    compare(found, theirs.id, "status", std::string(to_text(ours->status)), theirs.status);
    compare(found, theirs.id, "total", ours->total.text(), theirs.total.text());
    compare(found, theirs.id, "amount_paid", ours->amount_paid.text(), theirs.amount_paid.text());
    compare(found, theirs.id, "lines", std::to_string(ours->lines.size()),
            std::to_string(theirs.lines.size()));
    return found;
}

/// The state of one walk.
struct Walk {
    BillingContext& billing;
    ReconcileMode mode;
    Authority authority;
    Reconciliation report;
    std::set<std::string> seen;  ///< the provider's subscription ids

    void add(std::vector<Difference> found, bool repaired) {
        for (auto& difference : found) {
            difference.repaired = repaired;
            report.differences.push_back(std::move(difference));
        }
    }
};

asio::awaitable<Result<std::monostate>> walk_subscriptions(Walk& walk) {
    auto& billing = walk.billing;
    std::optional<std::string> after;
    do {
        const auto page = co_await billing.provider.list_subscriptions(std::nullopt, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            ++walk.report.subscriptions_checked;
            walk.seen.insert(theirs.id);
            auto found = co_await billing.db.read([&](sql::Transaction& tx) {
                return compare_subscription(tx, billing.provider.name(), theirs);
            });
            if (found.empty()) continue;
            const bool repair = walk.mode == ReconcileMode::Repair;
            if (repair) {
                const auto synced = co_await sync_subscription(billing, theirs.id, walk.authority);
                if (!synced) co_return failure(synced);
            }
            walk.add(std::move(found), repair);
        }
        after = page->next;
    } while (after);
    co_return std::monostate{};
}

asio::awaitable<Result<std::monostate>> walk_invoices(Walk& walk) {
    auto& billing = walk.billing;
    std::optional<std::string> after;
    do {
        const auto page = co_await billing.provider.list_invoices(std::nullopt, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            ++walk.report.invoices_checked;
            auto found = co_await billing.db.read([&](sql::Transaction& tx) {
                return compare_invoice(tx, billing.provider.name(), theirs);
            });
            if (found.empty()) continue;
            const bool repair = walk.mode == ReconcileMode::Repair;
            if (repair) {
                const auto synced = co_await sync_invoice(billing, theirs.id, walk.authority);
                if (!synced) co_return failure(synced);
            }
            walk.add(std::move(found), repair);
        }
        after = page->next;
    } while (after);
    co_return std::monostate{};
}

/// Subscriptions of ours that the provider did not list: it has deleted them (a removed test clock
/// or customer takes them along), so they have ended.
Result<std::monostate> end_missing(sql::Transaction& tx, Walk& walk, const Subscription& ours) {
    const Instant now = walk.billing.clock.now();
    Subscription ended = ours;
    ended.status = SubscriptionStatus::Canceled;
    ended.ended_at = now;
    const auto saved = save_subscription(tx, ended, now);
    if (!saved) return failure(saved);
    record(tx,
           {.at = now,
            .actor = walk.authority.actor,
            .action = "subscription.missing_at_provider",
            .object_id = ours.id.text(),
            .customer = ours.customer.text(),
            .request_id = walk.authority.request_id,
            .detail = Json{{"provider_subscription", *ours.provider_subscription_id}}},
           walk.billing.ids);
    return std::monostate{};
}

asio::awaitable<Result<std::monostate>> walk_ours(Walk& walk) {
    auto& billing = walk.billing;
    std::string after;
    for (;;) {
        const auto page = co_await billing.db.read([&](sql::Transaction& tx) {
            return subscriptions_at_provider(tx, billing.provider.name(), after, kPage);
        });
        for (const auto& ours : page) {
            after = ours.id.text();
            if (ours.ended_at || walk.seen.contains(*ours.provider_subscription_id)) continue;
            // Listed or not, only a direct look decides: it may be newer than the walk.
            const auto direct =
                co_await billing.provider.get_subscription(*ours.provider_subscription_id);
            if (direct) continue;
            if (direct.error().code != ErrorCode::NotFound) co_return failure(direct);
            const bool repair = walk.mode == ReconcileMode::Repair;
            if (repair) {
                const auto ended = co_await billing.db.write(
                    [&](sql::Transaction& tx) { return end_missing(tx, walk, ours); });
                if (!ended) co_return failure(ended);
                billing.standings.invalidate(ours.customer);
            }
            std::vector<Difference> found;
            found.push_back({*ours.provider_subscription_id, "missing_there",
                             std::string(to_text(ours.status)), "none"});
            walk.add(std::move(found), repair);
        }
        if (page.size() < kPage) co_return std::monostate{};
    }
}

}  // namespace

asio::awaitable<Result<Reconciliation>> reconcile(BillingContext& billing, ReconcileMode mode,
                                                  Authority authority) {
    Walk walk{billing, mode, std::move(authority), {}, {}};
    const auto subscriptions = co_await walk_subscriptions(walk);
    if (!subscriptions) co_return failure(subscriptions);
    const auto invoices = co_await walk_invoices(walk);
    if (!invoices) co_return failure(invoices);
    const auto ours = co_await walk_ours(walk);
    if (!ours) co_return failure(ours);
    co_return std::move(walk.report);
}

}  // namespace turnpike
