#include "sandbox/stripe/subscriptions/proration_charges.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/coupons/allocation.h"
#include "sandbox/stripe/customers/customer_currency.h"
#include "sandbox/stripe/invoices/invoice_items.h"
#include "sandbox/stripe/subscriptions/billing_mode.h"
#include "sandbox/stripe/subscriptions/cycles.h"
#include "sandbox/stripe/subscriptions/subscription_discounts.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

std::vector<std::int64_t> amounts_of(const std::vector<DiscountShare>& shares) {
    std::vector<std::int64_t> amounts;
    for (const auto& share : shares) amounts.push_back(share.amount);
    return amounts;
}

Period period_of_charge(const Json& line) {
    const Json& period = part_of(line, "period");
    return {from_unix_seconds(integer_of(period, "start")),
            from_unix_seconds(integer_of(period, "end"))};
}

PeriodCharge read_charge(const Json& json) {
    return {integer_of(json, "gross"), shares_of(part_of(json, "discounts")),
            shares_of(part_of(json, "flat_discounts"))};
}

/// Reads a charge from an invoice line or a pending item: both have pricing, quantity and period.
std::optional<Billed> read_billed(Context& ctx, const Json& charge, const Json& item) {
    const std::string id = text_of(part_of(part_of(charge, "pricing"), "price_details"), "price");
    // A deleted plan lives on in the items that have it, with the amounts of their currency.
    const bool own = text_of(item.at("price"), "id") == id;
    auto price = own ? std::optional(item.at("price")) : ctx.find("price", id);
    if (!price) return std::nullopt;
    Billed billed;
    billed.quantity = charge.value("quantity", std::int64_t{1});
    billed.period = period_of_charge(charge);
    billed.until = billed.period.end;
    billed.price = *std::move(price);
    if (charge.contains("_cycle")) {
        const Json& whole = charge.at("_cycle");
        billed.period = {instant_of(whole, "start").value_or(period_of_item(item).start),
                         instant_of(whole, "end").value_or(billed.period.end)};
        billed.charge = read_charge(whole);
    } else {
        billed.charge = {integer_of(charge, "amount"),
                         shares_of(part_of(charge, "discount_amounts"))};
    }
    return billed;
}

bool is_charge_for(const Json& details, const std::string& item) {
    return text_of(details, "subscription_item") == item &&
           part_of(part_of(details, "proration_details"), "credited_items").empty();
}

std::optional<Billed> find_pending(Context& ctx, const Json& subscription, const Json& item,
                                   Instant at) {
    const std::string customer = text_of(subscription, "customer");
    for (const Json& pending : ctx.list("invoiceitem", {.parent = pending_parent(customer)})) {
        const Json& source = part_of(part_of(pending, "parent"), "subscription_details");
        const bool debit = text_of(source, "subscription_item") == text_of(item, "id") &&
                           flag_of(pending, "_debit");
        if (debit && contains(period_of_charge(pending), at))
            return read_billed(ctx, pending, item);
    }
    return std::nullopt;
}

void add_shares(std::vector<DiscountShare>& sum, const std::vector<DiscountShare>& more) {
    for (const DiscountShare& share : more) {
        const auto same = std::ranges::find(sum, share.discount, &DiscountShare::discount);
        if (same == sum.end()) {
            sum.push_back(share);
        } else {
            same->amount += share.amount;
        }
    }
}

/// A tiered price has lines for each tier: `line`, one of those in `lines`, is not all of it.
void add_other_tiers(Billed& billed, const Json& lines, const Json& line) {
    const auto item_of = [](const Json& some) {
        return text_of(part_of(part_of(some, "parent"), "subscription_item_details"),
                       "subscription_item");
    };
    Json ids = Json::array();
    billed.quantity = 0;
    billed.charge = {};
    for (const Json& some : lines) {
        if (item_of(some) != item_of(line) || some.at("period") != line.at("period")) continue;
        billed.quantity += integer_of(some, "quantity");
        billed.charge.gross += integer_of(some, "amount");
        add_shares(billed.charge.discounts, shares_of(part_of(some, "discount_amounts")));
        ids.push_back(some.at("id"));
    }
    billed.credited_items["invoice_line_items"] = std::move(ids);
}

std::optional<Billed> find_on_invoice(Context& ctx, const Json& invoice, const Json& item,
                                      Instant at) {
    const Json& lines = part_of(part_of(invoice, "lines"), "data");
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        const Json& details = part_of(part_of(*line, "parent"), "subscription_item_details");
        const bool credit = integer_of(*line, "amount") < 0;
        if (credit || !is_charge_for(details, text_of(item, "id")) ||
            !contains(period_of_charge(*line), at))
            continue;
        auto billed = read_billed(ctx, *line, item);
        if (!billed) continue;
        billed->credited_items["invoice"] = invoice.at("id");
        billed->credited_items["invoice_line_items"] = Json::array({line->at("id")});
        if (is_tiered(billed->price) && !line->contains("_cycle"))
            add_other_tiers(*billed, lines, *line);
        return billed;
    }
    return std::nullopt;
}

/// A draft will be charged, unless the subscription ends now.
enum class Drafts : bool { AreCharged, AreStopped };

/// What was voided was not charged, and what a pending update asks for not before it is paid.
bool charges_nothing(const Json& invoice, Drafts drafts) {
    const std::string status = text_of(invoice, "status");
    return status == "void" || (status == "draft" && drafts == Drafts::AreStopped) ||
           (flag_of(invoice, "_pending_update") && status != "paid");
}

std::optional<Billed> newest_charge(Context& ctx, const Json& subscription, const Json& item,
                                    Instant at, Drafts drafts) {
    if (auto pending = find_pending(ctx, subscription, item, at)) return pending;
    for (const Json& invoice : ctx.list("invoice", {.parent = text_of(subscription, "id")})) {
        if (charges_nothing(invoice, drafts)) continue;
        if (auto billed = find_on_invoice(ctx, invoice, item, at)) return billed;
    }
    return std::nullopt;
}

/// Flexible: the newest charge for this moment, at what was charged.
std::optional<Billed> charged_before(Context& ctx, const Json& subscription, const Json& item,
                                     Instant at) {
    const bool ends = flag_of(subscription, "_ends_now");
    return newest_charge(ctx, subscription, item, at,
                         ends ? Drafts::AreStopped : Drafts::AreCharged);
}

/// The bill of one cycle, as far as discounts need it.
Json cycle_bill(const Json& subscription, const std::vector<Json>& discounts, Instant at) {
    Json bill;
    bill["currency"] = subscription.at("currency");
    bill["lines"]["data"] = Json::array();
    for (const Json& item : subscription.at("items").at("data")) {
        Json line;
        const bool known = !is_metered(item.at("price"));
        line["amount"] =
            known ? total_of(item.at("price"), integer_of(item, "quantity")) : std::int64_t{0};
        line["discountable"] = true;
        line["pricing"]["price_details"]["product"] = text_of(item.at("price"), "product");
        set_discounts(line, discounts_at(item, at));
        bill["lines"]["data"].push_back(std::move(line));
    }
    set_discounts(bill, discounts);
    return bill;
}

/// Flexible: discounts are shared out over the items in proportion to what these cost.
std::vector<PeriodCharge> proportional_cycle(const Json& subscription,
                                             const std::vector<Json>& discounts, Instant at) {
    Json bill = cycle_bill(subscription, discounts, at);
    apply_discounts(bill);
    std::vector<PeriodCharge> charges;
    for (const Json& line : bill["lines"]["data"])
        charges.push_back({integer_of(line, "amount"), shares_of(line.at("discount_amounts"))});
    return charges;
}

constexpr ProrationRules kFlexible{charged_before, proportional_cycle};

/// Classic: an amount off is shared evenly by the items, whole for any part of the period; only a
/// percentage is prorated.
std::vector<PeriodCharge> even_cycle(const Json& subscription, const std::vector<Json>& discounts,
                                     Instant at) {
    std::vector<Json> percentages, amounts_off;
    for (const Json& terms : discounts)
        (terms.at("percent").is_null() ? amounts_off : percentages).push_back(terms);
    auto charges = proportional_cycle(subscription, percentages, at);
    const Json& items = subscription.at("items").at("data");
    for (const Json& terms : amounts_off) {
        std::vector<std::size_t> covered;
        for (std::size_t i = 0; i < items.size(); ++i)
            if (covers(terms, text_of(items[i].at("price"), "product"))) covered.push_back(i);
        const std::int64_t off = integer_of(terms.at("amounts"), text_of(subscription, "currency"));
        const std::vector<std::int64_t> even(covered.size(), off);
        const auto parts = amount_parts(even, off);
        for (std::size_t i = 0; i < covered.size(); ++i)
            charges[covered[i]].flat_discounts.push_back({text_of(terms, "id"), parts[i]});
    }
    return charges;
}

/// Terms of the discounts that the item was last billed with.
std::vector<Json> last_discounts(Context& ctx, const Json& subscription,
                                 const std::optional<Billed>& billed, Instant at) {
    const auto invoice =
        billed ? ctx.find("invoice", text_of(billed->credited_items, "invoice")) : std::nullopt;
    return invoice ? discounts_at(*invoice, *instant_of(*invoice, "created"))
                   : discounts_of_invoice(ctx, subscription, at);
}

/// Classic: what the item costs now, whatever has been charged for it; but not what a draft was to
/// charge that is stopped.
std::optional<Billed> current_value(Context& ctx, const Json& subscription, const Json& item,
                                    Instant at) {
    auto before = charged_before(ctx, subscription, item, at);
    const auto newest = newest_charge(ctx, subscription, item, at, Drafts::AreCharged);
    if (newest && (!before || before->credited_items != newest->credited_items)) return before;
    const auto charges =
        even_cycle(subscription, last_discounts(ctx, subscription, before, at), at);
    const Json& items = subscription.at("items").at("data");
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].at("id") != item.at("id")) continue;
        const Period cycle = cycle_of_item(subscription, item);
        return Billed{item.at("price"), integer_of(item, "quantity"),
                      charges[i],       cycle,
                      cycle.end,        before ? before->credited_items : Json()};
    }
    return std::nullopt;
}

constexpr ProrationRules kClassic{current_value, even_cycle};

}  // namespace

ChargedPart part_of_charge(const PeriodCharge& charge, Period period, Period of,
                           const std::string& currency, Direction direction) {
    const std::int64_t step = charge_step(currency);
    const std::int64_t sign = direction == Direction::Credit ? -1 : 1;
    const auto share = [&](std::int64_t total) {
        return sign * part_of_cycle(sign * total, period, of, step);
    };
    ChargedPart part;
    part.gross = share(charge.gross);
    part.net = share(charge.gross - sum_of(charge.discounts));
    part.discounts = charge.discounts;
    const auto taken = amount_parts(amounts_of(charge.discounts), part.gross - part.net);
    for (std::size_t i = 0; i < taken.size(); ++i) part.discounts[i].amount = taken[i];
    for (DiscountShare flat : charge.flat_discounts) {
        flat.amount = std::min(flat.amount, part.net);
        part.net -= flat.amount;
        part.discounts.push_back(flat);
    }
    part.gross *= sign;
    part.net *= sign;
    for (DiscountShare& taken_off : part.discounts) taken_off.amount *= sign;
    return part;
}

Json write_charge(const PeriodCharge& charge, Period period) {
    return {{"gross", charge.gross},
            {"start", unix_seconds(period.start)},
            {"end", unix_seconds(period.end)},
            {"discounts", discount_amounts_of(charge.discounts)},
            {"flat_discounts", discount_amounts_of(charge.flat_discounts)}};
}

const ProrationRules& proration_rules(const Json& subscription) {
    return is_classic(subscription) ? kClassic : kFlexible;
}

}  // namespace turnpike::twin
