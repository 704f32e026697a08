#include "sandbox/stripe/invoices/item_lines.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/metering/meters.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

static_assert(kUsageDigits == kQuantityDigits);

/// Whole units, as a line's quantity has them.
std::int64_t shown_quantity(Int128 quantity) {
    return static_cast<std::int64_t>(divide_rounded(quantity, kWholeUnit, Rounding::HalfUp));
}

std::vector<Json> lines_of(Context& ctx, const Json& subscription, const Json& item,
                           const Period& period, Int128 quantity) {
    static const Json kNothing;
    const Json& price = item.at("price");
    std::vector<Json> lines;
    for (const auto& part : price_parts(price, quantity))
        lines.push_back(subscription_line(
            ctx, {LineKind::Regular, subscription, item, price, shown_quantity(part.quantity),
                  part.amount, period, kNothing, &part}));
    return lines;
}

Int128 used_in(Context& ctx, const Json& item, const std::string& customer, const Period& period) {
    const auto meter =
        ctx.find(kMeterKind, text_of(part_of(item.at("price"), "recurring"), "meter"));
    return meter ? std::max<Int128>(usage_in(ctx, *meter, customer, period), 0) : 0;
}

/// What was said of a line stays when its usage is added up again.
void keep_edits(Json& line, const Json& old) {
    line["id"] = old.at("id");
    line["metadata"] = old.at("metadata");
    if (!flag_of(old, "_described")) return;
    line["description"] = old.at("description");
    line["_described"] = true;
}

}  // namespace

std::vector<Json> licensed_lines(Context& ctx, const Json& subscription, const Json& item,
                                 const Period& period) {
    if (is_metered(item.at("price"))) return {};
    return lines_of(ctx, subscription, item, period,
                    static_cast<Int128>(integer_of(item, "quantity")) * kWholeUnit);
}

std::vector<Json> usage_lines(Context& ctx, const Json& subscription, const Json& item,
                              const Period& period, LastMoment last) {
    if (!is_metered(item.at("price"))) return {};
    Period used = period;
    if (last == LastMoment::Counts) used.end += std::chrono::seconds(1);
    auto lines = lines_of(ctx, subscription, item, period,
                          used_in(ctx, item, text_of(subscription, "customer"), used));
    for (Json& line : lines) {
        line["_metered_item"] = item;
        line["_last_moment"] = last == LastMoment::Counts;
    }
    return lines;
}

Period unbilled_usage(const Json& item, Instant end) {
    const Instant start = from_unix_seconds(integer_of(item, "current_period_start"));
    return {std::max(start, instant_of(item, "_usage_from").value_or(start)), end};
}

void refresh_usage(Context& ctx, Json& invoice) {
    Json& lines = invoice["lines"]["data"];
    const Json old = lines;
    lines = Json::array();
    for (std::size_t i = 0; i < old.size(); ++i) {
        const Json& item = part_of(old[i], "_metered_item");
        if (item.empty()) {
            lines.push_back(old[i]);
            continue;
        }
        const bool again = i > 0 && part_of(old[i - 1], "_metered_item") == item;
        if (again) continue;
        const Json subscription{{"id", old[i].at("subscription")},
                                {"customer", invoice.at("customer")},
                                {"metadata", old[i].at("metadata")}};
        const Json& period = old[i].at("period");
        const Period used{from_unix_seconds(integer_of(period, "start")),
                          from_unix_seconds(integer_of(period, "end"))};
        std::size_t at = i;
        const auto last =
            flag_of(old[i], "_last_moment") ? LastMoment::Counts : LastMoment::CountsNext;
        for (Json& line : usage_lines(ctx, subscription, item, used, last)) {
            const bool same = at < old.size() && part_of(old[at], "_metered_item") == item;
            if (same) keep_edits(line, old[at++]);
            line["invoice"] = invoice.at("id");
            lines.push_back(std::move(line));
        }
    }
    invoice["lines"]["total_count"] = lines.size();
}

}  // namespace turnpike::twin
