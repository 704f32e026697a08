#include "sandbox/stripe/invoices/invoice_lines.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/applied.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

/// "10 Nov 2025"
std::string date_text(Instant moment) {
    static constexpr std::array<std::string_view, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(moment)};
    return fmt::format("{} {} {}", static_cast<unsigned>(date.day()),
                       kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()));
}

/// "$25.00 / month", "$30.00 / every 3 months"
std::string rate_text(const Json& price, const std::string& rate) {
    const Json& recurring = part_of(price, "recurring");
    const std::string interval = text_of(recurring, "interval");
    const std::int64_t count = integer_of(recurring, "interval_count");
    if (count <= 1) return fmt::format("{} / {}", rate, interval);
    return fmt::format("{} / every {} {}s", rate, count, interval);
}

/// "$0.036", "$5.00 per 10"
std::string unit_rate(const Json& price, const std::string& decimal) {
    const std::string amount = format_rate(decimal, text_of(price, "currency"));
    const Json& packages = part_of(price, "transform_quantity");
    if (packages.empty()) return amount;
    return fmt::format("{} per {}", amount, integer_of(packages, "divide_by"));
}

/// "10 user × Test Subscription"; without unit label "10 × Test Subscription".
std::string quantity_text(const Json& product, const std::string& quantity) {
    const std::string label = text_of(product, "unit_label");
    return fmt::format("{}{}{} × {}", quantity, label.empty() ? "" : " ", label,
                       text_of(product, "name"));
}
std::string quantity_text(const Json& product, std::int64_t quantity) {
    return quantity_text(product, std::to_string(quantity));
}

/// "31 credit × Usage (Tier 2 at $0.036 / month)"; of a fee "Usage (Tier 2 at $9.00 / month)".
std::string part_text(const Json& product, const Json& price, const PricePart& part) {
    const bool fee = part.kind == PricePart::Kind::FlatFee;
    const std::string what =
        fee ? text_of(product, "name")
            : quantity_text(product, format_scaled(part.quantity, kQuantityDigits));
    const std::string tier = part.tier == 0 ? "" : fmt::format("Tier {} ", part.tier);
    return fmt::format("{} ({}at {})", what, tier, rate_text(price, unit_rate(price, part.rate)));
}

Json pricing_of(const Json& price, Json unit_amount_decimal) {
    Json pricing;
    pricing["price_details"]["price"] = text_of(price, "id");
    pricing["price_details"]["product"] = text_of(price, "product");
    pricing["type"] = "price_details";
    pricing["unit_amount_decimal"] = std::move(unit_amount_decimal);
    return pricing;
}

Json period_of(const Period& period) {
    Json json;
    json["end"] = unix_seconds(period.end);
    json["start"] = unix_seconds(period.start);
    return json;
}

struct LineHead {
    std::int64_t amount = 0;
    std::string currency;
    Json description, discountable, metadata;
};

Json new_line(Context& ctx, LineHead head) {
    Json line = roomy_object(32);
    line["id"] = ctx.new_id("il");
    line["object"] = "line_item";
    line["amount"] = head.amount;
    line["currency"] = std::move(head.currency);
    line["description"] = std::move(head.description);
    line["discount_amounts"] = Json::array();
    line["discountable"] = std::move(head.discountable);
    line["discounts"] = Json::array();
    line["invoice"] = nullptr;
    line["livemode"] = false;
    line["metadata"] = head.metadata.is_object() ? std::move(head.metadata) : Json::object();
    return line;
}

}  // namespace

std::string describe(Context& ctx, const ItemLine& line) {
    static const Json kNoProduct = Json::object();
    const auto found = ctx.look("product", text_of(line.price, "product"));
    const Json& product = found ? *found : kNoProduct;
    const std::string after = " after " + date_text(line.period.start);
    const std::string what =
        line.quantity == 1 ? text_of(product, "name") : quantity_text(product, line.quantity);
    switch (line.kind) {
        case LineKind::Regular:
            if (line.part != nullptr) return part_text(product, line.price, *line.part);
            return fmt::format(
                "{} (at {})", quantity_text(product, line.quantity),
                rate_text(line.price,
                          format_amount(total_of(line.price, 1), text_of(line.price, "currency"))));
        case LineKind::Trial: return "Free trial for " + quantity_text(product, line.quantity);
        case LineKind::UnusedTime: return "Unused time on " + what + after;
        case LineKind::RemainingTime: return "Remaining time on " + what + after;
    }
    std::unreachable();
}

namespace {

Json unit_amount_of(const ItemLine& line) {
    if (line.kind == LineKind::Trial) return "0";
    if (line.part == nullptr) return line.price.value("unit_amount_decimal", Json());
    return line.part->kind == PricePart::Kind::FlatFee ? Json() : Json(line.part->rate);
}

}  // namespace

Json subscription_line(Context& ctx, const ItemLine& source) {
    Json line =
        new_line(ctx, {source.amount, text_of(source.price, "currency"), describe(ctx, source),
                       true, part_of(source.subscription, "metadata")});
    Json details;
    details["invoice_item"] = nullptr;
    details["proration"] = false;
    details["proration_details"]["credited_items"] = source.credited_items;
    details["subscription"] = text_of(source.subscription, "id");
    details["subscription_item"] = text_of(source.item, "id");
    line["parent"]["invoice_item_details"] = nullptr;
    line["parent"]["subscription_item_details"] = std::move(details);
    line["parent"]["type"] = "subscription_item_details";
    line["period"] = period_of(source.period);
    line["pretax_credit_amounts"] = Json::array();
    line["pricing"] = pricing_of(source.price, unit_amount_of(source));
    line["quantity"] = source.quantity;
    line["subscription"] = text_of(source.subscription, "id");
    line["subtotal"] = source.amount;
    line["taxes"] = Json::array();
    set_discounts(line, discounts_at(source.item, source.period.start));
    return line;
}

Json invoice_item_line(Context& ctx, const Json& invoice_item) {
    const std::int64_t amount = integer_of(invoice_item, "amount");
    Json line =
        new_line(ctx, {amount, text_of(invoice_item, "currency"),
                       text_or_null(text_of(invoice_item, "description")),
                       flag_of(invoice_item, "discountable"), part_of(invoice_item, "metadata")});
    // A proration belongs to the subscription's item, everything else to the invoice item.
    const Json& source = part_of(part_of(invoice_item, "parent"), "subscription_details");
    const std::string item = text_of(source, "subscription_item");
    const bool proration = flag_of(invoice_item, "proration");
    Json details;
    details["invoice_item"] = text_of(invoice_item, "id");
    details["proration"] = proration;
    details["proration_details"]["credited_items"] = invoice_item.value("_credited_items", Json());
    details["subscription"] = text_or_null(text_of(source, "subscription"));
    if (proration) details["subscription_item"] = item;
    line["parent"]["invoice_item_details"] = proration ? Json() : details;
    line["parent"]["subscription_item_details"] = proration ? details : Json();
    line["parent"]["type"] = proration ? "subscription_item_details" : "invoice_item_details";
    line["period"] = part_of(invoice_item, "period");
    line["pretax_credit_amounts"] = Json::array();
    line["pricing"] = part_of(invoice_item, "pricing");
    line["quantity"] = invoice_item.value("quantity", std::int64_t{1});
    line["subscription"] = text_or_null(text_of(source, "subscription"));
    line["subtotal"] = amount;
    line["taxes"] = Json::array();
    set_discounts(line, discounts_at(invoice_item, *instant_of(invoice_item, "date")));
    if (!proration) return line;
    // Its discounts came off when it was made, and stay as they are.
    const Json& shown = part_of(invoice_item, "proration_details");
    line["discount_amounts"] = part_of(shown, "discount_amounts");
    for (const char* name : {"_cycle", "_taken"}) line[name] = invoice_item.at(name);
    return line;
}

const Json* find_line(const Json& invoice, const std::string& id) {
    const Json& lines = invoice.at("lines").at("data");
    const auto found =
        std::ranges::find_if(lines, [&](const Json& line) { return text_of(line, "id") == id; });
    return found == lines.end() ? nullptr : &*found;
}

void put_on_invoice(Json& invoice, std::vector<Json> lines) {
    Json& list = invoice["lines"];
    for (Json& line : lines) {
        line["invoice"] = invoice["id"];
        list["data"].push_back(std::move(line));
    }
    list["total_count"] = list["data"].size();
    recompute_totals(invoice);
}

void recompute_totals(Json& invoice) {
    const Reductions reductions = apply_discounts(invoice);
    std::int64_t gross = 0;
    for (const Json& line : invoice["lines"]["data"]) gross += integer_of(line, "amount");
    const std::int64_t subtotal = gross - reductions.by_lines;
    const std::int64_t total = subtotal - reductions.by_invoice;
    const Settlement settlement = settle(total, integer_of(invoice, "starting_balance"),
                                         minimum_charge(text_of(invoice, "currency")));
    invoice["amount_due"] = settlement.amount_due;
    invoice["amount_remaining"] = settlement.amount_due - integer_of(invoice, "amount_paid");
    invoice["subtotal"] = subtotal;
    invoice["subtotal_excluding_tax"] = subtotal;
    invoice["total"] = total;
    invoice["total_excluding_tax"] = total;
}

Settlement settle(std::int64_t total, std::int64_t starting_balance, std::int64_t minimum) {
    // A balance below zero is credit. A credit of the invoice always goes to the balance whole.
    if (total < 0) return {0, starting_balance + total};
    const std::int64_t due = total + starting_balance;
    if (due < minimum) return {0, due};
    return {due, 0};
}

}  // namespace turnpike::twin
