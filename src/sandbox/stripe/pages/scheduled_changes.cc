#include "sandbox/stripe/pages/scheduled_changes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/schedules/phase_discounts.h"
#include "sandbox/stripe/schedules/phase_params.h"
#include "sandbox/stripe/schedules/schedule_requests.h"
#include "sandbox/stripe/schedules/schedules.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/price_amount.h"
#include "subscriptions/billing_period.h"

namespace turnpike::twin {
namespace {

constexpr const char* kOwn = "_by_portal";

const Json& only_item(const Json& subscription) {
    return subscription.at("items").at("data").at(0);
}

/// By the months that are longest.
bool is_shorter(BillingInterval interval, BillingInterval other) {
    return add_intervals(Instant{}, interval, 1) < add_intervals(Instant{}, other, 1);
}

/// The phase that comes, from the end of the running period on.
Json coming_phase(const Json& features, const Json& subscription, const NextItem& next,
                  const std::vector<DiscountRequest>& discounts) {
    const BillingInterval interval = interval_of(next.price);
    const Instant start = period_of_item(only_item(subscription)).end;
    Json phase = phase_of_subscription(subscription);
    phase["start_date"] = unix_seconds(start);
    phase["end_date"] = unix_seconds(add_intervals(start, interval, 1));
    phase["proration_behavior"] =
        text_of(part_of(features, "subscription_update"), "proration_behavior");
    phase["items"][0]["price"] = next.price.at("id");
    phase["items"][0]["plan"] = next.price.at("id");
    phase["items"][0]["quantity"] = next.quantity;
    if (!discounts.empty()) phase["discounts"] = phase_discounts(discounts);
    // Cycles of another length begin with the phase, unless one of them begins there anyway.
    const Instant anchor = *instant_of(subscription, "billing_cycle_anchor");
    if (period_containing(anchor, interval, start).start != start)
        phase["billing_cycle_anchor"] = "phase_start";
    return phase;
}

}  // namespace

bool waits_for_period_end(const Json& features, const Json& subscription, const NextItem& next) {
    const Json& item = only_item(subscription);
    const bool is_less = total_of(next.price, next.quantity) <
                         total_of(item.at("price"), integer_of(item, "quantity"));
    const bool is_more_often = is_shorter(interval_of(next.price), interval_of(item.at("price")));
    const Json& update = part_of(features, "subscription_update");
    const Json& conditions = part_of(part_of(update, "schedule_at_period_end"), "conditions");
    return std::ranges::any_of(conditions, [&](const Json& condition) {
        const bool of_amount = text_of(condition, "type") == "decreasing_item_amount";
        return of_amount ? is_less : is_more_often;
    });
}

std::optional<Json> schedule_change(Context& ctx, const Json& features, const Json& subscription,
                                    const NextItem& next,
                                    const std::vector<DiscountRequest>& discounts) {
    auto schedule = managing_schedule(ctx, subscription);
    if (schedule && !flag_of(*schedule, kOwn)) return std::nullopt;
    if (instant_of(subscription, "cancel_at") || text_of(subscription, "status") == "incomplete")
        return std::nullopt;
    if (!schedule) {
        schedule = schedule_subscription(ctx, subscription);
        (*schedule)[kOwn] = true;
    }
    return follow_with(ctx, *std::move(schedule),
                       coming_phase(features, subscription, next, discounts));
}

bool drop_scheduled_change(Context& ctx, const Json& subscription) {
    auto schedule = managing_schedule(ctx, subscription);
    if (!schedule || !flag_of(*schedule, kOwn)) return false;
    detach_schedule(ctx, *std::move(schedule), {.status = "released"});
    return true;
}

std::string scheduled_part(Context& ctx, const Json& subscription) {
    const auto schedule = managing_schedule(ctx, subscription);
    if (!schedule) return "";
    const std::size_t next = current_phase_of(*schedule) + 1;
    if (next == schedule->at("phases").size()) return "";
    const Json& phase = schedule->at("phases").at(next);
    std::string plans;
    for (const Json& item : phase.at("items")) {
        const auto price = ctx.find("price", text_of(item, "price"));
        if (!price) continue;
        const std::int64_t quantity = integer_of(item, "quantity");
        plans += fmt::format("{}{}{}", plans.empty() ? "" : ", ",
                             quantity == 1 ? "" : fmt::format("{} × ", quantity),
                             price_text(ctx, *price));
    }
    const std::string line = fmt::format("<p>Changes on {} to: <strong>{}</strong></p>",
                                         day_text(phase, "start_date"), plans);
    if (!flag_of(*schedule, kOwn)) return line;
    return line + post_form("drop_change",
                            hidden_field("subscription", text_of(subscription, "id")),
                            "Keep the present plan", "quiet");
}

}  // namespace turnpike::twin
