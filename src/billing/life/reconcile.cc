#include "billing/life/reconcile.h"

#include <algorithm>
#include <set>

#include <spdlog/spdlog.h>

#include "audit/audit.h"
#include "billing/life/mirror.h"
#include "billing/life/period_close.h"
#include "billing/life/provider_move.h"
#include "billing/life/returned_money.h"
#include "billing/life/sync.h"
#include "billing/records/mirrored_discounts.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "invoicing/service.h"
#include "json/value.h"
#include "monitoring/drift.h"
#include "subscriptions/discounts.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr int kPage = 100;
/// Further back, only what is not settled here is asked for.
constexpr std::chrono::days kReturnsLookBack{30};

std::string text_of(const std::optional<Instant>& moment) {
    return moment ? format_rfc3339(*moment) : "none";
}

void compare(std::vector<Difference>& found, const std::string& object, std::string_view field,
             std::string ledger, std::string provider) {
    if (ledger != provider)
        found.push_back({object, std::string(field), std::move(ledger), std::move(provider)});
}

std::string names_of(const std::vector<Discount>& discounts) {
    std::string names;
    for (const Discount& one : discounts)
        names += (names.empty() ? "" : " ") + one.coupon.value_or(one.provider_id);
    return names.empty() ? "none" : names;
}

/// What a subscription moves to, or has moved from.
std::vector<Difference> compare_moving(const ProviderMove& move,
                                       const ProviderSubscription& theirs) {
    const bool is_former = move.from_subscription == theirs.id;
    const bool goes_on = !theirs.ended_at && !theirs.cancel_at_period_end && !theirs.cancel_at;
    if (is_former && goes_on) return {{theirs.id, "former_goes_on", "ended", theirs.status}};
    const bool unheard =
        move.state == ProviderMove::State::Waiting && theirs.status != "incomplete";
    if (unheard) return {{theirs.id, "move", std::string(to_text(move.state)), theirs.status}};
    return {};
}

/// A subscription that runs at the provider and is not in the ledger. Other things that the seller
/// sells there are not ours to compare: only what is sold at a price of ours is.
std::vector<Difference> compare_unknown(sql::Transaction& tx, std::string_view provider,
                                        const ProviderSubscription& theirs) {
    if (const auto move = find_move_of(tx, provider, theirs)) return compare_moving(*move, theirs);
    if (theirs.ended_at || !find_price_of_provider(tx, provider, theirs.price)) return {};
    const auto customer = find_customer_of_provider(tx, provider, theirs.customer);
    if (!customer) return {{theirs.id, "unknown_customer", "none", theirs.customer}};
    const auto checkout = find_checkout_of(tx, provider, theirs);
    if (checkout && is_on_its_page(*checkout, theirs)) return {};
    const auto live = find_live_subscription(tx, *customer);
    if (!live) return {{theirs.id, "missing_here", "none", theirs.status}};
    return {{theirs.id, "second_at_provider", live->provider_subscription_id.value_or("none"),
             theirs.status}};
}

/// A price of ours may have several names there: what was sold before, what an import has found.
void compare_price(std::vector<Difference>& found, sql::Transaction& tx, std::string_view provider,
                   const Subscription& ours, const ProviderSubscription& theirs) {
    const auto sold = find_price_of_provider(tx, provider, theirs.price);
    if (sold && sold->price == ours.price) return;
    const auto price = find_provider_price(tx, ours.price, provider);
    found.push_back({theirs.id, "price", price.value_or("none"), theirs.price});
}

std::vector<Difference> compare_subscription(sql::Transaction& tx, std::string_view provider,
                                             const ProviderSubscription& fetched) {
    const auto ours = find_subscription_of_provider(tx, provider, fetched.id);
    if (!ours) return compare_unknown(tx, provider, fetched);
    const auto theirs = in_paid_time(*ours, fetched);
    std::vector<Difference> found;
    compare(found, theirs.id, "status", std::string(to_text(ours->status)), theirs.status);
    compare(found, theirs.id, "period_start", format_rfc3339(ours->period.start),
            format_rfc3339(theirs.period.start));
    compare(found, theirs.id, "period_end", format_rfc3339(ours->period.end),
            format_rfc3339(theirs.period.end));
    compare(found, theirs.id, "cancel_at", text_of(ours->cancel_at), text_of(theirs.cancel_at));
    compare(found, theirs.id, "ended_at", text_of(ours->ended_at), text_of(theirs.ended_at));
    compare_price(found, tx, provider, *ours, theirs);
    compare(found, theirs.id, "quantity", std::to_string(ours->quantity),
            std::to_string(theirs.quantity));
    compare(found, theirs.id, "trial_end", text_of(ours->trial_end), text_of(theirs.trial_end));
    compare(found, theirs.id, "pause", ours->pause ? "paused" : "none",
            theirs.pause ? "paused" : "none");
    if (const auto told = changed_discounts(tx, ours->id, theirs))
        found.push_back(
            {theirs.id, "discounts", names_of(load_discounts(tx, ours->id)), names_of(*told)});
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
struct Comparison {
    BillingContext& billing;
    ReconcileOrder order;
    Reconciliation report;
    std::set<std::string> seen;  ///< the provider's ids of subscriptions and invoices

    [[nodiscard]] bool repairs() const { return order.mode == ReconcileMode::Repair; }

    /// `open`: what a second look still finds.
    void add(std::vector<Difference> found, const std::vector<Difference>& open) {
        for (auto& difference : found) {
            difference.repaired = std::ranges::none_of(
                open, [&](const Difference& d) { return d.field == difference.field; });
            difference.provider_name = billing.provider.name();
            report.differences.push_back(std::move(difference));
        }
    }
};

using Synced = asio::awaitable<Result<std::monostate>>;

/// An object of the provider's that cannot be taken in, because of a state that this version does
/// not know or a reply that makes no sense: it is said, and must not hide the others. The next walk
/// tries again. Errors: a provider that cannot be reached at all.
Result<std::monostate> note_unreadable(Comparison& walk, const std::string& id,
                                       const Error& error) {
    if (error.code == ErrorCode::Unavailable) return std::unexpected(error);
    const auto provider = walk.billing.provider.name();
    spdlog::error("event=reconcile.unreadable provider={} id={} reason={} message=\"{}\"", provider,
                  id, error.reason.text(), error.message);
    const std::vector<Difference> found{
        {id, "unreadable", "none", std::string(error.reason.text())}};
    walk.add(found, found);
    return std::monostate{};
}

/// What the walk over subscriptions and the one over invoices differ in.
template <class Theirs>
struct Kind {
    asio::awaitable<Result<ProviderPage<Theirs>>> (PaymentProvider::*list)(
        std::optional<std::string> customer, std::optional<std::string> after);
    std::vector<Difference> (*compare)(sql::Transaction&, std::string_view, const Theirs&);
    asio::awaitable<Result<Theirs>> (PaymentProvider::*get)(std::string id);
    Synced (*sync)(BillingContext&, std::string, Authority);
    std::int64_t Reconciliation::* checked;
};
constexpr Kind<ProviderSubscription> kSubscriptions{
    &PaymentProvider::list_subscriptions, compare_subscription, &PaymentProvider::get_subscription,
    sync_subscription, &Reconciliation::subscriptions_checked};
constexpr Kind<ProviderInvoice> kInvoices{&PaymentProvider::list_invoices, compare_invoice,
                                          &PaymentProvider::get_invoice, sync_invoice,
                                          &Reconciliation::invoices_checked};

/// What a second look still finds.
template <class Theirs>
asio::awaitable<Result<std::vector<Difference>>> repair_one(Comparison& walk,
                                                            const Kind<Theirs>& kind,
                                                            const std::string& id) {
    auto& billing = walk.billing;
    const auto synced = co_await kind.sync(billing, id, walk.order.authority);
    if (!synced) co_return failure(synced);
    const auto fresh = co_await (billing.provider.*kind.get)(id);
    if (!fresh && fresh.error().code == ErrorCode::NotFound) co_return std::vector<Difference>{};
    if (!fresh) co_return failure(fresh);
    co_return co_await billing.db.read(
        [&](sql::Transaction& tx) { return kind.compare(tx, billing.provider.name(), *fresh); });
}

template <class Theirs>
Synced compare_one(Comparison& walk, const Kind<Theirs>& kind, const Theirs& theirs) {
    auto& billing = walk.billing;
    auto found = co_await billing.db.read(
        [&](sql::Transaction& tx) { return kind.compare(tx, billing.provider.name(), theirs); });
    if (found.empty()) co_return std::monostate{};
    auto open = found;
    std::optional<Error> unreadable;
    if (walk.repairs()) {
        const auto left = co_await repair_one(walk, kind, theirs.id);
        if (left)
            open = *left;
        else
            unreadable = left.error();
    }
    walk.add(std::move(found), open);
    if (unreadable) co_return note_unreadable(walk, theirs.id, *unreadable);
    co_return std::monostate{};
}

template <class Theirs>
Synced walk_theirs(Comparison& walk, const Kind<Theirs>& kind) {
    std::optional<std::string> after;
    do {
        const auto page = co_await (walk.billing.provider.*kind.list)(std::nullopt, after);
        if (!page) co_return failure(page);
        for (const auto& theirs : page->items) {
            ++(walk.report.*kind.checked);
            walk.seen.insert(theirs.id);
            const auto compared = co_await compare_one(walk, kind, theirs);
            if (!compared) co_return failure(compared);
        }
        after = page->next;
    } while (after);
    co_return std::monostate{};
}

/// Listed or not, only a direct look decides: it may be newer than the walk.
template <class Theirs>
asio::awaitable<Result<bool>> is_gone(Comparison& walk, const Kind<Theirs>& kind, std::string id) {
    const auto direct = co_await (walk.billing.provider.*kind.get)(id);
    if (direct) co_return false;
    if (direct.error().code == ErrorCode::NotFound) co_return true;
    const auto noted = note_unreadable(walk, id, direct.error());
    if (!noted) co_return failure(noted);
    co_return false;
}

/// Subscriptions of ours that the provider did not list: it has deleted them (a removed test clock
/// or customer takes them along), so they have ended.
Result<std::monostate> end_missing(sql::Transaction& tx, Comparison& walk,
                                   const Subscription& ours) {
    const Instant now = walk.billing.clock.now();
    Subscription ended = ours;
    ended.status = SubscriptionStatus::Canceled;
    ended.ended_at = now;
    ended.pending_change = std::nullopt;
    const auto saved = save_subscription(tx, ended, now);
    if (!saved) return failure(saved);
    record(tx,
           {.at = now,
            .actor = walk.order.authority.actor,
            .action = "subscription.missing_at_provider",
            .object_id = ours.id.text(),
            .customer = ours.customer.text(),
            .request_id = walk.order.authority.request_id,
            .detail = Json{{"provider_subscription", *ours.provider_subscription_id}}},
           walk.billing.ids);
    return std::monostate{};
}

struct Missing {
    std::vector<Subscription> subscriptions;
    std::size_t running = 0;  ///< of ours, those that are there included

    [[nodiscard]] bool is_plausible() const {
        return subscriptions.size() <= std::max(kMissingThereMax, running / 10);
    }
};

asio::awaitable<Result<Missing>> find_missing_subscriptions(Comparison& walk) {
    Missing missing;
    std::string after;
    for (;;) {
        const auto page = co_await walk.billing.db.read([&](sql::Transaction& tx) {
            return subscriptions_at_provider(tx, walk.billing.provider.name(), after, kPage);
        });
        for (const auto& ours : page) {
            after = ours.id.text();
            if (ours.ended_at) continue;
            ++missing.running;
            if (walk.seen.contains(*ours.provider_subscription_id)) continue;
            const auto gone =
                co_await is_gone(walk, kSubscriptions, *ours.provider_subscription_id);
            if (!gone) co_return failure(gone);
            if (*gone) missing.subscriptions.push_back(ours);
        }
        if (page.size() < kPage) co_return missing;
    }
}

/// False when so many are missing that this account is not believed to be the ledger's.
asio::awaitable<Result<bool>> end_missing_subscriptions(Comparison& walk) {
    auto& billing = walk.billing;
    const auto missing = co_await find_missing_subscriptions(walk);
    if (!missing) co_return failure(missing);
    const bool believed = walk.order.missing == MissingThere::Any || missing->is_plausible();
    if (walk.repairs() && !believed)
        spdlog::error(
            "event=reconcile.too_many_missing missing={} running={} hint=\"does the key belong to "
            "the account of this ledger? If they are gone, reconcile with --allow-missing\"",
            missing->subscriptions.size(), missing->running);
    for (const auto& ours : missing->subscriptions) {
        std::vector<Difference> found{{*ours.provider_subscription_id, "missing_there",
                                       std::string(to_text(ours.status)), "none"}};
        auto open = found;
        if (walk.repairs() && believed) {
            const auto ended = co_await billing.db.write(
                [&](sql::Transaction& tx) { return end_missing(tx, walk, ours); });
            if (!ended) co_return failure(ended);
            billing.standings.invalidate(ours.customer);
            open.clear();
        }
        walk.add(std::move(found), open);
    }
    co_return believed;
}

/// Nothing here can mend this: the provider deletes drafts only.
Synced list_missing_invoices(Comparison& walk) {
    std::string after;
    for (;;) {
        const auto page = co_await walk.billing.db.read([&](sql::Transaction& tx) {
            return invoices_at_provider(tx, walk.billing.provider.name(), after, kPage);
        });
        for (const auto& ours : page) {
            after = ours.id.text();
            if (walk.seen.contains(ours.provider_invoice_id)) continue;
            const auto gone = co_await is_gone(walk, kInvoices, ours.provider_invoice_id);
            if (!gone) co_return failure(gone);
            if (!*gone) continue;
            const std::vector<Difference> found{{ours.provider_invoice_id, "missing_there",
                                                 std::string(to_text(ours.status)), "none"}};
            walk.add(found, found);
        }
        if (page.size() < kPage) co_return std::monostate{};
    }
}

/// Everything, as far as the provider is believed.
Synced walk_everything(Comparison& walk) {
    const auto subscriptions = co_await walk_theirs(walk, kSubscriptions);
    if (!subscriptions) co_return failure(subscriptions);
    const auto invoices = co_await walk_theirs(walk, kInvoices);
    if (!invoices) co_return failure(invoices);
    const auto believed = co_await end_missing_subscriptions(walk);
    if (!believed) co_return failure(believed);
    // Every invoice would be looked for, one by one, and missed.
    if (*believed) {
        const auto missing = co_await list_missing_invoices(walk);
        if (!missing) co_return failure(missing);
    }
    if (!walk.repairs()) co_return std::monostate{};
    const Instant since = walk.billing.clock.now() - kReturnsLookBack;
    co_return co_await catch_up_returns(walk.billing, since, walk.order.authority);
}

/// What the monitor shows of it.
asio::awaitable<void> record_findings(Comparison& walk) {
    std::vector<Drift> found;
    for (const Difference& d : walk.report.differences)
        found.push_back({d.object, d.field, d.ledger, d.provider, d.repaired});
    auto& billing = walk.billing;
    auto write = [&](sql::Transaction& tx) {
        record_drift(tx, billing.provider.name(), found, billing.clock.now(), billing.ids);
        return true;
    };
    co_await billing.db.write(std::move(write));
}

}  // namespace

asio::awaitable<Result<Reconciliation>> reconcile(BillingContext& billing, ReconcileOrder order) {
    Comparison walk{billing, std::move(order), {}, {}};
    const auto walked = co_await walk_everything(walk);
    if (!walked) co_return failure(walked);
    if (walk.repairs()) co_await record_findings(walk);
    co_return std::move(walk.report);
}

asio::awaitable<Result<Reconciliation>> reconcile_providers(BillingContexts& billing,
                                                            ReconcileOrder order,
                                                            std::optional<std::string> provider) {
    if (provider) {
        const auto context = billing.of(*provider);
        if (!context) co_return failure(context);
        co_return co_await reconcile(**context, std::move(order));
    }
    Reconciliation all;
    std::optional<Error> first;
    for (auto& context : billing) {
        const auto report = co_await reconcile(context, order);
        if (!report) {
            spdlog::warn("event=billing.reconcile_failed provider={} reason={} message=\"{}\"",
                         context.provider.name(), report.error().reason.text(),
                         report.error().message);
            if (!first) first = report.error();
            continue;
        }
        all.subscriptions_checked += report->subscriptions_checked;
        all.invoices_checked += report->invoices_checked;
        all.differences.insert(all.differences.end(), report->differences.begin(),
                               report->differences.end());
    }
    if (first) co_return std::unexpected(*std::move(first));
    co_return all;
}

}  // namespace turnpike
