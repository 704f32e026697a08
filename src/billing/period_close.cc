#include "billing/period_close.h"

#include <algorithm>
#include <array>

#include "audit/audit.h"
#include "base/check.h"
#include "billing/mirror.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "metering/service.h"
#include "rating/overage.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kQueue = R"sql(
    INSERT INTO period_closes (subscription_id, period_start, period_end, placement,
           provider_invoice_id, state, created_at, closed_at)
    VALUES ($1, $2, $3, 'undecided', '', 'pending', $4, NULL)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kPending = R"sql(
    SELECT subscription_id, period_start, period_end, placement, provider_invoice_id
      FROM period_closes
     WHERE state = 'pending'
     ORDER BY created_at, subscription_id, period_start
     LIMIT $1
)sql";

constexpr std::string_view kPendingOf = R"sql(
    SELECT subscription_id, period_start, period_end, placement, provider_invoice_id
      FROM period_closes
     WHERE state = 'pending' AND subscription_id = $1
     ORDER BY period_start
)sql";

constexpr std::string_view kPlacement = R"sql(
    SELECT placement, provider_invoice_id FROM period_closes
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'pending'
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
                        WHERE i.provider_invoice_id = period_closes.provider_invoice_id
                          AND i.status <> 'draft')
)sql";

constexpr std::string_view kFinish = R"sql(
    UPDATE period_closes SET state = 'done', closed_at = $3
     WHERE subscription_id = $1 AND period_start = $2 AND state = 'pending'
       AND placement = $4 AND provider_invoice_id = $5
)sql";

constexpr std::string_view kFreezeCharge = R"sql(
    INSERT INTO overage_charges (id, subscription_id, meter_key, period_start, period_end, segment,
           plan_version_id, quantity, unit_price, amount_minor, currency,
           provider_invoice_item_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL, $12)
    ON CONFLICT (subscription_id, meter_key, period_start, segment) DO NOTHING
)sql";

constexpr std::string_view kCharges = R"sql(
    SELECT c.id, c.meter_key, m.name, c.segment, c.quantity, c.unit_price, c.amount_minor,
           c.currency, c.provider_invoice_item_id
      FROM overage_charges c JOIN meters m ON m.key = c.meter_key
     WHERE c.subscription_id = $1 AND c.period_start = $2
     ORDER BY c.meter_key, c.segment
)sql";

constexpr std::string_view kChargeBilled = R"sql(
    UPDATE overage_charges SET provider_invoice_item_id = $2
     WHERE id = $1 AND provider_invoice_item_id IS NULL
)sql";

constexpr std::string_view kChargeTakenBack = R"sql(
    UPDATE overage_charges SET provider_invoice_item_id = NULL
     WHERE id = $1 AND provider_invoice_item_id = $2
)sql";

/// One frozen line: what it says and costs never changes again.
struct OverageCharge {
    OverageChargeId id;
    std::string meter_key, meter_name;
    std::int64_t segment;
    Quantity quantity;
    UnitPrice unit_price;
    Money amount;
    std::optional<std::string> provider_item;  ///< where it is billed
};

using Placement = PeriodClose::Placement;

/// A close moves at most three times, from undecided to the finalized invoice of its own.
constexpr int kRunsMax = 4;

struct PlacementName {
    Placement placement;
    std::string_view text;
};
constexpr auto kPlacements = std::to_array<PlacementName>({
    {Placement::Undecided, "undecided"},
    {Placement::RenewalDraft, "renewal_draft"},
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
                          .placement = placement_of(row.text(3)),
                          .provider_invoice_id = row.text(4)});
    return closes;
}

std::vector<OverageCharge> load_charges(sql::Transaction& tx, const PeriodClose& close) {
    std::vector<OverageCharge> charges;
    for (const auto& row : tx.all(kCharges, {close.subscription, close.period.start}))
        charges.push_back(OverageCharge{
            .id = row.id<OverageChargeId>(0),
            .meter_key = row.text(1),
            .meter_name = row.text(2),
            .segment = row.integer(3),
            .quantity = row.quantity(4),
            .unit_price = row.unit_price(5),
            .amount = Money(row.integer(6), *parse_currency(row.text(7))),
            .provider_item = row.maybe_text(8),
        });
    return charges;
}

/// "12345" -> "12,345"; a fraction stays as it is.
std::string grouped(const std::string& number) {
    const auto dot = std::min(number.find('.'), number.size());
    std::string text = number;
    for (auto i = dot; i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

std::string describe(const OverageCharge& charge) {
    std::string code(to_text(charge.amount.currency()));
    std::ranges::transform(code, code.begin(), [](char c) { return static_cast<char>(c & ~0x20); });
    return charge.meter_name + " overage: " + grouped(charge.quantity.text()) + " × " +
           charge.unit_price.text() + " " + code;
}

/// What the flow needs to know of the ledger, read and frozen in one transaction.
struct Closing {
    Subscription subscription;
    std::string provider_customer;
    Currency currency;
    std::vector<OverageCharge> charges;
    bool is_used = true;
};

/// Whatever has begun by now, and is not the running period, is finished.
Instant finished_before(const Subscription& subscription, const PeriodClose& close) {
    // One that ended in the second it began has a period of no length, with usage all the same.
    const Instant moment =
        subscription.ended_at ? *subscription.ended_at + Duration(1) : subscription.period.start;
    return std::max(moment, close.period.start + Duration(1));
}

/// The final usage of this period, and of periods after it that finished meanwhile.
asio::awaitable<Result<std::vector<ClosedPeriod>>> close_usage(BillingContext& billing,
                                                               const PeriodClose& close) {
    const auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, close.subscription); });
    if (!subscription) co_return failure(subscription);
    CloseJob job{subscription->customer, close.subscription, close.period.start,
                 finished_before(*subscription, close)};
    co_return co_await billing.usage.close(std::move(job));
}

/// What a flow does at one moment.
struct Stamp {
    IdSource& ids;
    Instant now;
};

Result<Closing> freeze_charges(sql::Transaction& tx, const PeriodClose& close,
                               const std::vector<ClosedPeriod>& used, const Stamp& stamp) {
    const auto& [ids, now] = stamp;
    auto subscription = load_subscription(tx, close.subscription);
    if (!subscription) return failure(subscription);
    const ClosedPeriod* finished = nullptr;
    for (const ClosedPeriod& closed : used) {
        if (closed.period.start == close.period.start)
            finished = &closed;
        else
            tx.run(kQueue, {close.subscription, closed.period.start, closed.period.end, now});
    }
    if (finished == nullptr) return Closing{*std::move(subscription), "", Currency::Usd, {}, false};
    const auto price = load_price(tx, subscription->price);
    if (!price) return failure(price);
    const auto provider_customer =
        find_provider_customer(tx, subscription->customer, subscription->provider);
    if (!provider_customer)
        return conflict("billing.no_provider_customer",
                        "the customer is not known at the provider, so nothing can be charged");

    const Currency currency = price->amount.currency();
    for (const auto& metered : finished->meters) {
        const auto lines = rate_overage(metered.segments, currency);
        if (!lines) return failure(lines);
        for (const auto& line : *lines) {
            tx.run(kFreezeCharge,
                   {ids.make<OverageChargeId>(now), close.subscription, metered.meter_key,
                    close.period.start, close.period.end, static_cast<std::int64_t>(line.segment),
                    metered.plan_versions.at(line.segment), line.quantity, line.unit_price,
                    line.amount.minor(), to_text(currency), now});
        }
    }
    return Closing{*std::move(subscription), *provider_customer, currency, load_charges(tx, close)};
}

std::string obligation_of(const PeriodClose& close, std::string_view what) {
    return "period:" + close.subscription.text() + ":" +
           std::to_string(unix_micros(close.period.start)) + ":" + std::string(what);
}

/// The renewal invoice of the period that begins where the closed one ends, while it is a draft.
asio::awaitable<Result<std::optional<std::string>>> find_renewal_draft(BillingContext& billing,
                                                                       const Closing& closing,
                                                                       const PeriodClose& close) {
    if (!closing.subscription.provider_subscription_id || closing.subscription.ended_at)
        co_return std::optional<std::string>();
    const auto invoices =
        co_await billing.provider.list_invoices(closing.provider_customer, std::nullopt);
    if (!invoices) co_return failure(invoices);
    for (const auto& invoice : invoices->items) {
        const bool renewal = invoice.status == "draft" &&
                             invoice.billing_reason == "subscription_cycle" &&
                             invoice.subscription == closing.subscription.provider_subscription_id;
        const auto begins_there = [&](const ProviderInvoiceLine& line) {
            return line.from_subscription && !line.proration &&
                   unix_seconds(line.period.start) == unix_seconds(close.period.end);
        };
        if (renewal && std::ranges::any_of(invoice.lines, begins_there))
            co_return std::optional(invoice.id);
    }
    co_return std::optional<std::string>();
}

NewInvoiceItem item_for(const OverageCharge& charge, const Closing& closing,
                        const PeriodClose& close, const std::string& invoice) {
    // The invoice is part of the obligation: the line is owed on another one only after the
    // provider has refused it on the draft for good (it was finalized), or has taken it off.
    return NewInvoiceItem{
        .obligation = obligation_of(close, "overage:" + charge.meter_key + ":" +
                                               std::to_string(charge.segment) + ":" + invoice),
        .customer = closing.provider_customer,
        .invoice = invoice,
        .amount = charge.amount,
        .description = describe(charge),
        .period = close.period,
        .metadata = {{"turnpike_overage", charge.id.text()}},
    };
}

/// True: every line is on `invoice`. False: the provider refused, the invoice is no draft any more.
asio::awaitable<Result<bool>> add_lines(BillingContext& billing, Closing& closing,
                                        const PeriodClose& close, const std::string& invoice) {
    for (auto& charge : closing.charges) {
        if (charge.provider_item) continue;
        auto item = item_for(charge, closing, close, invoice);
        const auto added = co_await billing.provider.add_invoice_item(std::move(item));
        if (!added) {
            // Only the provider's own final no: any other conflict may hide a line that is there.
            const bool refused = added.error().reason == Reason("payment.refused");
            if (refused) co_return false;
            co_return failure(added);
        }
        co_await billing.db.write(
            [&](sql::Transaction& tx) { return tx.run(kChargeBilled, {charge.id, *added}); });
        charge.provider_item = *added;
    }
    co_return true;
}

asio::awaitable<Result<std::string>> open_own_invoice(BillingContext& billing,
                                                      const Closing& closing,
                                                      const PeriodClose& close) {
    NewInvoice request{
        .obligation = obligation_of(close, "invoice"),
        .customer = closing.provider_customer,
        .currency = closing.currency,
        .metadata = {{"turnpike_subscription", close.subscription.text()}},
    };
    const auto invoice = co_await billing.provider.create_invoice(std::move(request));
    if (!invoice) co_return failure(invoice);
    co_return invoice->id;
}

std::unexpected<Error> moved() {
    return conflict("billing.close_moved",
                    "another run of this close has decided otherwise meanwhile; try again");
}

/// Errors: Conflict "billing.close_moved", and `close` is as it was, when it is not where this run
/// has seen it.
asio::awaitable<Result<std::monostate>> place(BillingContext& billing, PeriodClose& close,
                                              Placement placement, std::string invoice) {
    const auto placed = co_await billing.db.write([&](sql::Transaction& tx) {
        return tx.run(kPlace, {close.subscription, close.period.start, to_text(placement), invoice,
                               to_text(close.placement), close.provider_invoice_id});
    });
    if (placed == 0) co_return moved();
    close.placement = placement;
    close.provider_invoice_id = std::move(invoice);
    co_return std::monostate{};
}

/// On the renewal draft: true when every line is on it, false when it was finalized before.
asio::awaitable<Result<bool>> bill_on_draft(BillingContext& billing, Closing& closing,
                                            PeriodClose& close) {
    if (close.placement == Placement::Undecided) {
        const auto draft = co_await find_renewal_draft(billing, closing, close);
        if (!draft) co_return failure(draft);
        if (!*draft) co_return false;
        const auto placed = co_await place(billing, close, Placement::RenewalDraft, **draft);
        if (!placed) co_return failure(placed);
    }
    co_return co_await add_lines(billing, closing, close, close.provider_invoice_id);
}

bool is_billed(const Closing& closing) {
    return std::ranges::all_of(closing.charges,
                               [](const auto& charge) { return charge.provider_item.has_value(); });
}

/// Takes the lines off the draft that they are on. One that was finalized meanwhile keeps them.
asio::awaitable<Result<std::monostate>> take_back(BillingContext& billing, Closing& closing,
                                                  const PeriodClose& close) {
    for (auto& charge : closing.charges) {
        if (!charge.provider_item) continue;
        const auto removed = co_await billing.provider.remove_invoice_item(
            obligation_of(close, "take_back:" + *charge.provider_item), *charge.provider_item);
        if (!removed && removed.error().reason == Reason("payment.refused")) continue;
        if (!removed) co_return failure(removed);
        co_await billing.db.write([&](sql::Transaction& tx) {
            return tx.run(kChargeTakenBack, {charge.id, *charge.provider_item});
        });
        charge.provider_item.reset();
    }
    co_return std::monostate{};
}

/// Without an invoice yet, whatever is billed is on a draft that it was decided to leave.
asio::awaitable<Result<std::monostate>> bill_on_own(BillingContext& billing, Closing& closing,
                                                    PeriodClose& close) {
    const bool decided = close.placement == Placement::OwnInvoice;
    if (decided && close.provider_invoice_id.empty()) {
        const auto taken_back = co_await take_back(billing, closing, close);
        if (!taken_back) co_return failure(taken_back);
        if (is_billed(closing)) co_return std::monostate{};
    }
    if (!decided || close.provider_invoice_id.empty()) {
        const auto own = co_await open_own_invoice(billing, closing, close);
        if (!own) co_return failure(own);
        const auto placed = co_await place(billing, close, Placement::OwnInvoice, *own);
        if (!placed) co_return failure(placed);
    }
    const auto added = co_await add_lines(billing, closing, close, close.provider_invoice_id);
    if (!added) co_return failure(added);
    if (!*added)
        co_return conflict("billing.overage_refused",
                           "the provider refused the overage lines of a finished period");
    const auto finalized = co_await billing.provider.finalize_invoice(
        obligation_of(close, "finalize"), close.provider_invoice_id);
    if (!finalized) co_return failure(finalized);
    co_return std::monostate{};
}

/// Stripe leaves the renewal draft of a subscription that was ended at once a draft for ever, and
/// what is on it would never be asked for. The lines are added all the same before it is left, so
/// that each one's first outcome is known.
asio::awaitable<Result<std::monostate>> leave_dead_draft(BillingContext& billing,
                                                         const Closing& closing,
                                                         PeriodClose& close) {
    const bool may_be_dead =
        close.placement == Placement::RenewalDraft && closing.subscription.ended_at;
    if (!may_be_dead) co_return std::monostate{};
    const auto draft = co_await billing.provider.get_invoice(close.provider_invoice_id);
    if (!draft) co_return failure(draft);
    if (draft->status != "draft") co_return std::monostate{};
    co_return co_await place(billing, close, Placement::OwnInvoice, "");
}

asio::awaitable<Result<std::monostate>> bill_charges(BillingContext& billing, Closing& closing,
                                                     PeriodClose& close) {
    if (close.placement != Placement::OwnInvoice) {
        const auto on_draft = co_await bill_on_draft(billing, closing, close);
        if (!on_draft) co_return failure(on_draft);
        if (*on_draft) {
            const auto left = co_await leave_dead_draft(billing, closing, close);
            if (!left) co_return failure(left);
            if (close.placement != Placement::OwnInvoice) co_return std::monostate{};
        }
    }
    co_return co_await bill_on_own(billing, closing, close);
}

/// Where the close is now; false when it is not pending any more.
bool look_again(sql::Transaction& tx, PeriodClose& close) {
    const auto row = tx.one(kPlacement, {close.subscription, close.period.start});
    if (!row) return false;
    close.placement = placement_of(row->text(0));
    close.provider_invoice_id = row->text(1);
    return true;
}

Result<std::monostate> finish(sql::Transaction& tx, BillingContext& billing, const Closing& closing,
                              const PeriodClose& close, const Authority& authority) {
    const Instant now = billing.clock.now();
    const auto finished = tx.run(kFinish, {close.subscription, close.period.start, now,
                                           to_text(close.placement), close.provider_invoice_id});
    if (finished == 0) return moved();
    if (!closing.is_used) return std::monostate{};
    Json lines = Json::array();
    for (const auto& charge : closing.charges)
        lines.push_back(Json{{"description", describe(charge)}, {"amount", charge.amount.text()}});
    record(tx,
           {.at = now,
            .actor = authority.actor,
            .action = "period.closed",
            .object_id = close.subscription.text(),
            .customer = closing.subscription.customer.text(),
            .request_id = authority.request_id,
            .detail = Json{{"period_start", format_rfc3339(close.period.start)},
                           {"period_end", format_rfc3339(close.period.end)},
                           {"overage", lines}}},
           billing.ids);
    return std::monostate{};
}

/// One run, from where the close is now. Its place and its charges are read in one transaction: a
/// line is taken off only the invoice that it is on.
asio::awaitable<Result<std::monostate>> run_once(BillingContext& billing, PeriodClose close,
                                                 const Authority& authority) {
    const auto used = co_await close_usage(billing, close);
    if (!used) co_return failure(used);
    auto closing =
        co_await billing.db.write([&](sql::Transaction& tx) -> Result<std::optional<Closing>> {
            if (!look_again(tx, close)) return std::optional<Closing>();
            return freeze_charges(tx, close, *used, {billing.ids, billing.clock.now()});
        });
    if (!closing) co_return failure(closing);
    if (!*closing) co_return std::monostate{};
    if (!(*closing)->charges.empty()) {
        const auto billed = co_await bill_charges(billing, **closing, close);
        if (!billed) co_return failure(billed);
    }
    co_return co_await billing.db.write(
        [&](sql::Transaction& tx) { return finish(tx, billing, **closing, close, authority); });
}

}  // namespace

void queue_period_closes(sql::Transaction& tx, const Subscription& before,
                         const Subscription& after, Instant now) {
    if (after.ended_at) tx.run(kReopen, {after.id, after.period.start});
    const auto queue = [&](const Period& period) {
        tx.run(kQueue, {after.id, period.start, period.end, now});
    };
    if (before.period.start < after.period.start) queue(before.period);
    if (after.ended_at) queue(after.period);
}

std::vector<PeriodClose> pending_period_closes(sql::Transaction& tx, int limit) {
    return closes_from(tx.all(kPending, {limit}));
}

std::vector<PeriodClose> pending_period_closes_of(sql::Transaction& tx,
                                                  const SubscriptionId& subscription) {
    return closes_from(tx.all(kPendingOf, {subscription}));
}

asio::awaitable<Result<std::monostate>> run_period_close(BillingContext& billing, PeriodClose close,
                                                         Authority authority) {
    for (int run = 1;; ++run) {
        auto closed = co_await run_once(billing, close, authority);
        const bool has_moved = !closed && closed.error().reason == Reason("billing.close_moved");
        if (!has_moved || run == kRunsMax) co_return closed;
    }
}

asio::awaitable<Result<std::monostate>> run_period_closes(BillingContext& billing,
                                                          SubscriptionId subscription,
                                                          Authority authority) {
    for (;;) {
        const auto closes = co_await billing.db.read(
            [&](sql::Transaction& tx) { return pending_period_closes_of(tx, subscription); });
        if (closes.empty()) co_return std::monostate{};
        for (const auto& close : closes) {
            const auto closed = co_await run_period_close(billing, close, authority);
            if (!closed) co_return failure(closed);
        }
    }
}

}  // namespace turnpike
