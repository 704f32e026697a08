#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "json/json.h"

/// The lines of Stripe's invoices, as documents. An invoice holds all its lines in
/// invoice["lines"]["data"] (Stripe cuts that list after ten).
namespace turnpike::twin {

class Context;
struct PricePart;

/// "10 user × Test Subscription (at $25.00 / month)", "Unused time on ... after 10 Nov 2025",
/// "Free trial for 1 user × ...": what a line is for, in Stripe's words.
enum class LineKind : std::uint8_t { Regular, Trial, UnusedTime, RemainingTime };

/// A charge or credit for one item of a subscription.
struct ItemLine {
    LineKind kind = LineKind::Regular;
    const Json& subscription;
    const Json& item;
    const Json& price;  ///< the item's, or for a credit the one that was billed
    std::int64_t quantity = 1;
    std::int64_t amount = 0;
    Period period;
    /// Of the credit: {"invoice": .., "invoice_line_items": [..]}; null otherwise.
    const Json& credited_items;
    /// The part of the price that a regular line is for; nullptr: of a cycle that is cut short.
    const PricePart* part = nullptr;
};

std::string describe(Context& ctx, const ItemLine& line);

/// A line document without invoice (see put_on_invoice). `description` as describe() makes it.
Json subscription_line(Context& ctx, const ItemLine& line);
/// The line of an invoice item (object "invoiceitem"), prorations included.
Json invoice_item_line(Context& ctx, const Json& invoice_item);

/// The line of an invoice that has this id; nullptr when none has.
const Json* find_line(const Json& invoice, const std::string& id);
/// Appends the lines to a draft and recomputes its sums.
void put_on_invoice(Json& invoice, std::vector<Json> lines);
/// Discounts, subtotal, total, amount due and remaining, from the lines, the terms of the discounts
/// (coupons/applied.h) and the starting balance.
void recompute_totals(Json& invoice);

/// What happens to the balance and what is left to pay; Stripe's rules for credit, debit and
/// amounts below the minimum charge.
struct Settlement {
    std::int64_t amount_due = 0;
    std::int64_t ending_balance = 0;
};
Settlement settle(std::int64_t total, std::int64_t starting_balance, std::int64_t minimum);

}  // namespace turnpike::twin
