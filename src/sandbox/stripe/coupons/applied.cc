#include "sandbox/stripe/coupons/applied.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/decimal.h"
#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/coupons/allocation.h"

namespace turnpike::twin {
namespace {

constexpr int kPercentTermPlaces = 4;

/// The coupon's amounts by currency; those in its own currency are among the options.
Json amounts_off(const Json& coupon) {
    Json amounts = Json::object();
    for (const auto& [currency, option] : part_of(coupon, "currency_options").items())
        amounts[currency] = option.at("amount_off");
    return amounts;
}

Json percent_off(const Json& coupon) {
    const Json percent = coupon.value("percent_off", Json());
    if (percent.is_null()) return percent;
    return parse_scaled(to_text(percent), kPercentTermPlaces).value_or(0);
}

/// A line and what the discounts so far have left of it.
struct OpenLine {
    Json* line;
    std::int64_t left;
};

std::string product_of(const Json& line) {
    return text_of(part_of(part_of(line, "pricing"), "price_details"), "product");
}

std::optional<std::vector<std::int64_t>> parts_of(const Json& terms, const std::string& currency,
                                                  const std::vector<std::int64_t>& amounts) {
    const Json& percent = terms.at("percent");
    if (!percent.is_null()) return percent_parts(amounts, percent.get<std::int64_t>());
    const Json& off = terms.at("amounts");
    if (!off.contains(currency)) return std::nullopt;
    return amount_parts(amounts, off.at(currency).get<std::int64_t>());
}

void take_off(const Json& terms, const std::string& currency, std::vector<OpenLine*> lines) {
    std::erase_if(lines,
                  [&](const OpenLine* open) { return !covers(terms, product_of(*open->line)); });
    std::vector<std::int64_t> amounts;
    amounts.reserve(lines.size());
    for (const OpenLine* open : lines) amounts.push_back(open->left);
    const auto parts = parts_of(terms, currency, amounts);
    if (!parts) return;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        lines[i]->left -= (*parts)[i];
        (*lines[i]->line)["discount_amounts"].push_back(
            {{"amount", (*parts)[i]}, {"discount", terms.at("id")}});
    }
}

/// The lines that discounts come off, cleared of what came off before.
std::vector<OpenLine> open_lines(Json& lines) {
    std::vector<OpenLine> open;
    for (Json& line : lines) {
        if (!flag_of(line, "discountable")) continue;
        line["discount_amounts"] = Json::array();
        const auto amount = integer_of(line, "amount");
        if (amount >= 0) open.push_back({&line, amount});
    }
    return open;
}

/// discount_amounts as entries of pretax_credit_amounts.
Json as_credits(const Json& discount_amounts) {
    Json credits = Json::array();
    for (Json entry : discount_amounts) {
        entry["type"] = "discount";
        credits.push_back(std::move(entry));
    }
    return credits;
}

void add_share(std::vector<DiscountShare>& sums, const DiscountShare& share) {
    const auto found = std::ranges::find(sums, share.discount, &DiscountShare::discount);
    if (found == sums.end()) {
        sums.push_back(share);
    } else {
        found->amount += share.amount;
    }
}

bool names(const Json& owner, const std::string& discount) {
    const Json& ids = part_of(owner, "discounts");
    return std::ranges::find(ids, Json(discount)) != ids.end();
}

}  // namespace

Json discount_terms(const Json& discount, const Json& coupon) {
    Json terms;
    terms["id"] = discount.at("id");
    terms["end"] = discount.at("end");
    terms["duration"] = coupon.at("duration");
    terms["percent"] = percent_off(coupon);
    terms["amounts"] = amounts_off(coupon);
    const Json& limits = part_of(coupon, "applies_to");
    terms["products"] = limits.value("products", Json());
    return terms;
}

void set_discounts(Json& owner, const std::vector<Json>& terms) {
    owner["discounts"] = Json::array();
    for (const Json& each : terms) owner["discounts"].push_back(each.at("id"));
    owner["_discounts"] = terms;
}

std::vector<Json> discounts_at(const Json& owner, Instant at) {
    std::vector<Json> running;
    for (const Json& terms : part_of(owner, "_discounts")) {
        const auto end = instant_of(terms, "end");
        if ((!end || at < *end) && !flag_of(terms, "held")) running.push_back(terms);
    }
    return running;
}

bool covers(const Json& terms, const std::string& product) {
    const Json& products = terms.at("products");
    return products.is_null() || std::ranges::find(products, Json(product)) != products.end();
}

bool ends_with_one_invoice(const Json& terms) { return text_of(terms, "duration") == "once"; }

Reductions apply_discounts(Json& invoice) {
    const auto currency = text_of(invoice, "currency");
    Json& lines = invoice["lines"]["data"];
    auto open = open_lines(lines);
    for (OpenLine& line : open)
        for (const Json& terms : part_of(*line.line, "_discounts"))
            take_off(terms, currency, {&line});
    std::vector<OpenLine*> all;
    for (OpenLine& line : open) all.push_back(&line);
    for (const Json& terms : part_of(invoice, "_discounts")) take_off(terms, currency, all);

    Reductions reductions;
    std::vector<DiscountShare> sums;
    for (Json& line : lines) {
        line["pretax_credit_amounts"] = as_credits(part_of(line, "discount_amounts"));
        for (const auto& share : shares_of(part_of(line, "discount_amounts"))) {
            (names(line, share.discount) ? reductions.by_lines : reductions.by_invoice) +=
                share.amount;
            add_share(sums, share);
        }
    }
    invoice["total_discount_amounts"] = discount_amounts_of(sums);
    invoice["total_pretax_credit_amounts"] = as_credits(invoice["total_discount_amounts"]);
    return reductions;
}

std::vector<DiscountShare> shares_of(const Json& discount_amounts) {
    std::vector<DiscountShare> shares;
    for (const Json& entry : discount_amounts)
        shares.push_back({text_of(entry, "discount"), integer_of(entry, "amount")});
    return shares;
}

Json discount_amounts_of(const std::vector<DiscountShare>& shares) {
    Json amounts = Json::array();
    for (const auto& share : shares)
        amounts.push_back({{"amount", share.amount}, {"discount", share.discount}});
    return amounts;
}

std::int64_t sum_of(const std::vector<DiscountShare>& shares) {
    std::int64_t sum = 0;
    for (const auto& share : shares) sum += share.amount;
    return sum;
}

std::vector<std::string> discounts_used(const Json& invoice) {
    std::vector<std::string> used;
    for (const Json& line : part_of(part_of(invoice, "lines"), "data")) {
        const Json& taken =
            line.contains("_taken") ? line.at("_taken") : part_of(line, "discount_amounts");
        for (const auto& share : shares_of(taken))
            if (share.amount > 0) used.push_back(share.discount);
    }
    return used;
}

}  // namespace turnpike::twin
