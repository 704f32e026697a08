#include "billing/life/period_close.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "audit/audit.h"
#include "billing/life/mirror.h"
#include "billing/overage/charge_proof.h"
#include "billing/overage/overage_charge.h"
#include "billing/overage/overage_lines.h"
#include "billing/telling/letters.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "metering/service.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using Placement = PeriodClose::Placement;

/// A close moves at most three times, from undecided to the finalized invoice of its own.
constexpr int kRunsMax = 4;

/// What the flow needs to know of the ledger, read and frozen in one transaction.
struct Closing {
    Subscription subscription;
    std::string provider_customer;
    Currency currency;
    std::vector<OverageCharge> charges;
    bool is_used = false;  ///< its own period was
};

/// A counter, and how it counts.
struct UsedCounter {
    HistoryQuery query;
    Meter::Aggregation aggregation;
};

/// Whatever has begun by now, and is not the running period, is finished.
Instant finished_before(const Subscription& subscription, const PeriodClose& close) {
    // One that ended in the second it began has a period of no length, with usage all the same.
    const Instant moment =
        subscription.ended_at ? *subscription.ended_at + Duration(1) : subscription.period.start;
    return std::max(moment, close.period.start + Duration(1));
}

/// The usage of this period, of periods after it that finished meanwhile, and of those before it
/// that may have changed since they were charged.
asio::awaitable<Result<std::vector<UsedPeriod>>> load_usage(BillingContext& billing,
                                                            const PeriodClose& close) {
    const auto subscription = co_await billing.db.read(
        [&](sql::Transaction& tx) { return load_subscription(tx, close.subscription); });
    if (!subscription) co_return failure(subscription);
    PeriodQuery query{subscription->customer, close.subscription,
                      close.period.start - kAdjustmentHorizon,
                      finished_before(*subscription, close)};
    co_return co_await billing.usage.used_periods(std::move(query));
}

/// What this close rates: its own period, and earlier ones that were charged before. Periods
/// without a close are queued for one of their own.
std::vector<UsedPeriod> rated_by(sql::Transaction& tx, const PeriodClose& close,
                                 const std::vector<UsedPeriod>& used, Instant now) {
    std::vector<UsedPeriod> rated;
    for (const UsedPeriod& one : used) {
        const bool is_own = one.period.start == close.period.start;
        const bool is_earlier = one.period.start < close.period.start;
        if (!is_own) queue_period_close(tx, close.subscription, one.period, now);
        if (is_own || (is_earlier && is_closed(tx, close.subscription, one.period.start)))
            rated.push_back(one);
    }
    return rated;
}

/// Usage that this close has something to charge for, if nothing changes meanwhile.
Result<std::vector<UsedCounter>> counters_due(sql::Transaction& tx, PeriodClose close,
                                              const std::vector<UsedPeriod>& used) {
    std::vector<UsedCounter> counters;
    if (!look_again(tx, close) || close.placement != Placement::Undecided) return counters;
    const auto subscription = load_subscription(tx, close.subscription);
    if (!subscription) return failure(subscription);
    const auto price = load_price(tx, subscription->price);
    if (!price) return failure(price);
    for (const UsedPeriod& one : used) {
        const bool is_own = one.period.start == close.period.start;
        if (!is_own && !is_closed(tx, close.subscription, one.period.start)) continue;
        const auto due = charges_due(tx, close, one, price->amount.currency());
        if (!due) return failure(due);
        for (const UsedMeter& meter : one.meters)
            if (std::ranges::find(*due, meter.meter_key, &ChargeDue::meter_key) != due->end())
                counters.push_back({{subscription->customer, close.subscription, meter.meter_key,
                                     one.period.start},
                                    meter.aggregation});
    }
    return counters;
}

/// Reads the events of everything that is to be charged, so that each charge has its proof.
asio::awaitable<Result<std::vector<ProvenUsage>>> prove_due(BillingContext& billing,
                                                            const PeriodClose& close,
                                                            const std::vector<UsedPeriod>& used) {
    auto counters = co_await billing.db.read(
        [&](sql::Transaction& tx) { return counters_due(tx, close, used); });
    if (!counters) co_return failure(counters);
    std::vector<ProvenUsage> proven;
    for (UsedCounter& counter : *counters) {
        auto proof =
            co_await prove_usage(billing.usage, std::move(counter.query), counter.aggregation);
        if (!proof) co_return failure(proof);
        if (*proof) proven.push_back(**std::move(proof));
    }
    co_return proven;
}

/// What a close rates: which periods were used, and the usage that it may charge.
struct ClosedUsage {
    const std::vector<UsedPeriod>& used;
    const std::vector<ProvenUsage>& proven;
};

Result<Closing> begin_closing(sql::Transaction& tx, BillingContext& billing,
                              const PeriodClose& close, const ClosedUsage& usage) {
    const Instant now = billing.clock.now();
    const auto& used = usage.used;
    auto subscription = load_subscription(tx, close.subscription);
    if (!subscription) return failure(subscription);
    const auto rated = rated_by(tx, close, used, now);
    if (rated.empty() && !has_amounts(tx, close))
        return Closing{*std::move(subscription), "", Currency::Usd, {}, false};
    const auto price = load_price(tx, subscription->price);
    if (!price) return failure(price);
    const auto provider_customer =
        find_provider_customer(tx, subscription->customer, close.provider);
    if (!provider_customer)
        return conflict("billing.no_provider_customer",
                        "the customer is not known at the provider, so nothing can be charged");

    const Currency currency = price->amount.currency();
    // Once it is decided where its lines go, that may be final.
    if (close.placement == Placement::Undecided) {
        for (const ProvenUsage& proven : usage.proven) {
            const auto frozen = freeze_proven(tx, close, proven, {currency, billing.ids, now});
            if (!frozen) return failure(frozen);
        }
        plan_lines(tx, close, currency, billing.provider.traits().line_amount);
    }
    const bool is_used = std::ranges::any_of(
        rated, [&](const UsedPeriod& period) { return period.period.start == close.period.start; });
    return Closing{*std::move(subscription), *provider_customer, currency, load_charges(tx, close),
                   is_used};
}

std::string obligation_of(const PeriodClose& close, std::string_view what) {
    return "period:" + close.subscription.text() + ":" +
           std::to_string(unix_micros(close.period.start)) + ":" + std::string(what);
}

/// The renewal invoice of the period that begins where the closed one ends, while it is a draft.
asio::awaitable<Result<std::optional<std::string>>> find_renewal_draft(BillingContext& billing,
                                                                       const Closing& closing,
                                                                       const PeriodClose& close) {
    // Invoices of a paused subscription are not collected; what was used before is owed all the
    // same.
    const auto& subscription = closing.subscription;
    if (!subscription.provider_subscription_id || subscription.ended_at || is_paused(subscription))
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

/// What is owed, once for ever, of the invoice that it is owed on.
std::string line_obligation(const OverageCharge& charge, const PeriodClose& close,
                            std::string_view invoice) {
    const auto micros = [](Instant at) { return std::to_string(unix_micros(at)); };
    std::string what = "overage";
    if (charge.due_by != close.period.start)
        what = "carried:" + micros(charge.due_by) + ":" + micros(charge.period.start);
    else if (charge.kind == OverageCharge::Kind::Adjustment)
        what = "adjustment:" + micros(charge.period.start);
    return obligation_of(close, what + ":" + charge.meter_key + ":" +
                                    std::to_string(charge.segment) + ":" + std::string(invoice));
}

NewInvoiceItem item_for(const BilledLine& line, const Closing& closing, const PeriodClose& close,
                        const std::optional<std::string>& invoice) {
    // The invoice is part of the obligation: the line is owed on another one only after the
    // provider has refused it on the draft for good (it was finalized), or has taken it off.
    return NewInvoiceItem{
        .obligation = line_obligation(line.head(), close, invoice.value_or("next_bill")),
        .customer = closing.provider_customer,
        .invoice = invoice,
        .amount = line.amount(),
        .description = line.description(),
        .period = line.head().period,
        .metadata = {{"turnpike_overage", line.head().id.text()}},
    };
}

/// Only the provider's own final no: any other conflict may hide a line that is there.
bool is_final_no(const Error& error) {
    return error.reason == Reason("payment.refused") ||
           error.reason == Reason("razorpay.no_pending_items");
}

/// True: every line is on `invoice`, or on the next bill without one. False: the provider refused;
/// the invoice is no draft any more, or there is no bill to come.
asio::awaitable<Result<bool>> add_lines(BillingContext& billing, const Closing& closing,
                                        const PeriodClose& close, std::span<BilledLine> lines,
                                        std::optional<std::string> invoice) {
    for (auto& line : lines) {
        if (line.is_billed()) continue;
        auto item = item_for(line, closing, close, invoice);
        const auto added = co_await billing.provider.add_invoice_item(std::move(item));
        if (!added) {
            if (is_final_no(added.error())) co_return false;
            co_return failure(added);
        }
        co_await billing.db.write([&](sql::Transaction& tx) {
            mark_line_billed(tx, line.head().id, *added);
            return std::monostate{};
        });
        for (auto* charge : line.charges) charge->provider_item = *added;
    }
    co_return true;
}

/// A provider takes only so many lines on one invoice; then there are several.
std::string of_part(std::string_view what, std::size_t part) {
    return part == 0 ? std::string(what) : std::string(what) + ":" + std::to_string(part);
}

asio::awaitable<Result<std::string>> open_own_invoice(BillingContext& billing,
                                                      const Closing& closing,
                                                      const PeriodClose& close, std::size_t part) {
    NewInvoice request{
        .obligation = obligation_of(close, of_part("invoice", part)),
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
    const bool placed = co_await billing.db.write(
        [&](sql::Transaction& tx) { return move_close(tx, close, placement, invoice); });
    if (!placed) co_return moved();
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
    auto lines = lines_of(closing.charges);
    co_return co_await add_lines(billing, closing, close, lines, close.provider_invoice_id);
}

/// Whether the provider will send another bill by itself, and before long.
bool goes_on(const Closing& closing, const PeriodClose& close) {
    const auto& s = closing.subscription;
    return s.provider == close.provider && s.provider_subscription_id && !s.ended_at &&
           !is_canceling(s) && !is_paused(s);
}

/// With the subscription, for its next bill: true when every line is. False, and the close is to
/// bill on an invoice of its own, when that bill will not come.
asio::awaitable<Result<bool>> bill_on_next(BillingContext& billing, Closing& closing,
                                           PeriodClose& close) {
    const bool is_coming = goes_on(closing, close);
    if (close.placement == Placement::Undecided) {
        if (!is_coming) co_return false;
        const auto placed = co_await place(billing, close, Placement::NextBill, "");
        if (!placed) co_return failure(placed);
    }
    if (is_coming) {
        auto lines = lines_of(closing.charges);
        const auto added = co_await add_lines(billing, closing, close, lines, std::nullopt);
        if (!added || *added) co_return added;
    }
    const auto left = co_await place(billing, close, Placement::OwnInvoice, "");
    if (!left) co_return failure(left);
    co_return false;
}

/// Takes the lines off the draft or the next bill that they are on. What has been issued meanwhile
/// keeps them.
asio::awaitable<Result<std::monostate>> take_back(BillingContext& billing, Closing& closing,
                                                  const PeriodClose& close) {
    auto lines = lines_of(closing.charges);
    for (auto& line : lines) {
        if (!line.is_billed()) continue;
        const std::string item = *line.head().provider_item;
        const auto removed = co_await billing.provider.remove_invoice_item(
            obligation_of(close, "take_back:" + item), item);
        if (!removed && removed.error().reason == Reason("payment.refused")) continue;
        if (!removed) co_return failure(removed);
        co_await billing.db.write([&](sql::Transaction& tx) {
            mark_line_taken_back(tx, line.head().id, item);
            return std::monostate{};
        });
        for (auto* charge : line.charges) charge->provider_item.reset();
    }
    co_return std::monostate{};
}

/// One of the close's own invoices, with as many lines as the provider takes.
asio::awaitable<Result<std::monostate>> bill_part(BillingContext& billing, const Closing& closing,
                                                  PeriodClose& close, std::span<BilledLine> lines,
                                                  std::size_t part) {
    const bool is_placed = close.placement == Placement::OwnInvoice;
    std::string invoice = part == 0 && is_placed ? close.provider_invoice_id : "";
    if (invoice.empty()) {
        const auto own = co_await open_own_invoice(billing, closing, close, part);
        if (!own) co_return failure(own);
        invoice = *own;
    }
    if (part == 0 && !(is_placed && close.provider_invoice_id == invoice)) {
        const auto placed = co_await place(billing, close, Placement::OwnInvoice, invoice);
        if (!placed) co_return failure(placed);
    }
    const auto added = co_await add_lines(billing, closing, close, lines, invoice);
    if (!added) co_return failure(added);
    if (!*added)
        co_return conflict("billing.overage_refused",
                           "the provider refused the overage lines of a finished period");
    const auto finalized = co_await billing.provider.finalize_invoice(
        obligation_of(close, of_part("finalize", part)), invoice);
    if (!finalized) co_return failure(finalized);
    co_return std::monostate{};
}

/// Without an invoice yet, whatever is billed is where it was decided to leave.
asio::awaitable<Result<std::monostate>> bill_on_own(BillingContext& billing, Closing& closing,
                                                    PeriodClose& close) {
    const bool decided = close.placement == Placement::OwnInvoice;
    if (decided && close.provider_invoice_id.empty()) {
        const auto taken_back = co_await take_back(billing, closing, close);
        if (!taken_back) co_return failure(taken_back);
    }
    auto lines = lines_of(closing.charges);
    if (decided && close.provider_invoice_id.empty() &&
        std::ranges::all_of(lines, &BilledLine::is_billed))
        co_return std::monostate{};
    const std::size_t most = billing.provider.traits().invoice_lines_max;
    for (std::size_t part = 0; part * most < lines.size(); ++part) {
        const std::size_t first = part * most;
        const auto some = std::span(lines).subspan(first, std::min(most, lines.size() - first));
        const auto billed = co_await bill_part(billing, closing, close, some, part);
        if (!billed) co_return failure(billed);
    }
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
    const bool on_next_bill = billing.provider.traits().overage == BillingTraits::Overage::NextBill;
    if (close.placement != Placement::OwnInvoice && on_next_bill) {
        const auto on_next = co_await bill_on_next(billing, closing, close);
        if (!on_next) co_return failure(on_next);
        if (*on_next) co_return std::monostate{};
    } else if (close.placement != Placement::OwnInvoice) {
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

Result<std::monostate> finish(sql::Transaction& tx, BillingContext& billing, const Closing& closing,
                              const PeriodClose& close, const Authority& authority) {
    const Instant now = billing.clock.now();
    if (!finish_close(tx, close, now)) return moved();
    if (!closing.subscription.ended_at)
        write_recommendation(tx, *billing.catalog.get(), closing.subscription.customer, now,
                             billing.ids);
    if (!closing.is_used && closing.charges.empty()) return std::monostate{};
    Json lines = Json::array();
    for (const auto& charge : closing.charges)
        lines.push_back(Json{{"description", describe(charge)},
                             {"amount", charge.amount.text()},
                             {"waits", charge.line.empty()}});
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
    const auto used = co_await load_usage(billing, close);
    if (!used) co_return failure(used);
    const auto proven = co_await prove_due(billing, close, *used);
    if (!proven) co_return failure(proven);
    const ClosedUsage usage{*used, *proven};
    auto closing =
        co_await billing.db.write([&](sql::Transaction& tx) -> Result<std::optional<Closing>> {
            if (!look_again(tx, close)) return std::optional<Closing>();
            return begin_closing(tx, billing, close, usage);
        });
    if (!closing) co_return failure(closing);
    if (!*closing) co_return std::monostate{};
    if (!lines_of((*closing)->charges).empty()) {
        const auto billed = co_await bill_charges(billing, **closing, close);
        if (!billed) co_return failure(billed);
    }
    co_return co_await billing.db.write(
        [&](sql::Transaction& tx) { return finish(tx, billing, **closing, close, authority); });
}

}  // namespace

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
        auto closes = co_await billing.db.read(
            [&](sql::Transaction& tx) { return pending_period_closes_of(tx, subscription); });
        std::erase_if(closes, [&](const PeriodClose& close) {
            return close.provider != billing.provider.name();
        });
        if (closes.empty()) co_return std::monostate{};
        for (const auto& close : closes) {
            const auto closed = co_await run_period_close(billing, close, authority);
            if (!closed) co_return failure(closed);
        }
    }
}

}  // namespace turnpike
