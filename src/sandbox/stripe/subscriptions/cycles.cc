#include "sandbox/stripe/subscriptions/cycles.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/money.h"
#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/invoices/item_lines.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"
#include "subscriptions/proration.h"

namespace turnpike::twin {
namespace {

void append(std::vector<Json>& lines, std::vector<Json> more) {
    std::ranges::move(more, std::back_inserter(lines));
}

Instant anchor_of(const Json& subscription) {
    return *instant_of(subscription, "billing_cycle_anchor");
}

/// What the rest of a cycle from `from` on costs, or gives back; zero outside of the cycle.
std::int64_t rest_of_cycle(std::int64_t total, Period cycle, Instant from, std::int64_t step) {
    // What no step divides was not rounded by it either.
    if (total % step != 0) step = 1;
    // The arithmetic does not depend on the currency; the sandbox knows more than the catalog.
    const auto share = prorate(Money(total / step, Currency::Usd), cycle, from);
    return share ? share->minor() * step : 0;
}

}  // namespace

std::optional<Instant> life_end(const Json& subscription) {
    return instant_of(subscription, "cancel_at");
}

Period cut_off(Period period, std::optional<Instant> end) {
    if (end) period.end = std::clamp(*end, period.start, period.end);
    return period;
}

Period cycle_of_item(const Json& subscription, const Json& item) {
    return period_containing(anchor_of(subscription), interval_of(item.at("price")),
                             period_of_item(item).start);
}

Instant paid_until(const Json& item) {
    return instant_of(item, "_paid_until").value_or(period_of_item(item).end);
}

void set_paid_until(Json& item, Instant when) {
    if (when == period_of_item(item).end) {
        item.erase("_paid_until");
    } else {
        item["_paid_until"] = unix_seconds(when);
    }
}

std::int64_t part_of_cycle(std::int64_t total, Period cycle, Period part, std::int64_t step) {
    return rest_of_cycle(total, cycle, part.start, step) -
           rest_of_cycle(total, cycle, part.end, step);
}

ItemCycle next_cycle(const Json& subscription, const Json& item, Instant now) {
    const Period cycle =
        period_containing(anchor_of(subscription), interval_of(item.at("price")), now);
    const Period rest{std::max(cycle.start, period_of_item(item).end), cycle.end};
    return {cut_off(rest, life_end(subscription)), cycle};
}

std::vector<Json> lines_of_cycle(Context& ctx, const Json& subscription, const Json& item,
                                 const ItemCycle& when) {
    static const Json kNothing;
    if (when.period == when.cycle) return licensed_lines(ctx, subscription, item, when.period);
    const Json& price = item.at("price");
    if (is_metered(price)) return {};
    const std::int64_t quantity = integer_of(item, "quantity");
    // A trial ended within a cycle, and what is left of that is not charged.
    const bool is_free =
        flag_of(subscription, "_free_rest") && when.period.start > when.cycle.start;
    const std::int64_t total = is_free ? 0 : total_of(price, quantity);
    const std::int64_t step = charge_step(text_of(price, "currency"));
    return {subscription_line(
        ctx, {LineKind::Regular, subscription, item, price, quantity,
              part_of_cycle(total, when.cycle, when.period, step), when.period, kNothing})};
}

Renewal renew_items(Context& ctx, Json& subscription, Instant at) {
    // What was used during a trial is free.
    const bool was_trial = text_of(subscription, "status") == "trialing";
    if (was_trial) subscription["status"] = "active";
    Renewal renewal{{at, at}, {}};
    for (Json& item : subscription["items"]["data"]) {
        const Period old = period_of_item(item);
        if (old.end > at) continue;
        renewal.period.start = std::min(renewal.period.start, old.start);
        if (!was_trial)
            append(renewal.lines,
                   usage_lines(ctx, subscription, item, unbilled_usage(item, old.end)));
        const ItemCycle next = next_cycle(subscription, item, at);
        item.erase("_usage_from");
        item.erase("_paid_until");
        set_item_period(item, next.period);
        append(renewal.lines, lines_of_cycle(ctx, subscription, item, next));
    }
    return renewal;
}

std::vector<Json> last_usage(Context& ctx, const Json& subscription, Instant end) {
    std::vector<Json> lines;
    const std::string status = text_of(subscription, "status");
    if (status == "trialing" || status == "incomplete" || status == "paused") return lines;
    for (const Json& item : part_of(part_of(subscription, "items"), "data"))
        append(lines,
               usage_lines(ctx, subscription, item, unbilled_usage(item, end), LastMoment::Counts));
    // There is no cycle any more that would show what was not used.
    std::erase_if(lines, [](const Json& line) {
        return integer_of(line, "quantity") == 0 && integer_of(line, "amount") == 0;
    });
    return lines;
}

}  // namespace turnpike::twin
