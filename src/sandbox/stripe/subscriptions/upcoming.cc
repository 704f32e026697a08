#include "sandbox/stripe/subscriptions/upcoming.h"

#include <string>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {

std::optional<Instant> upcoming_notice_at(const Json& subscription) {
    const std::string status = text_of(subscription, "status");
    const bool renews = status == "active" || status == "trialing" || status == "past_due";
    if (!renews || text_of(subscription, "collection_method") != "charge_automatically")
        return std::nullopt;
    const Period period = first_period(subscription);
    const auto cancel_at = instant_of(subscription, "cancel_at");
    if ((cancel_at && *cancel_at <= period.end) ||
        instant_of(subscription, "_upcoming_told") == period.end)
        return std::nullopt;
    const Instant notice = period.end - kUpcomingNotice;
    return notice > period.start ? std::optional(notice) : std::nullopt;
}

void announce_upcoming(Context& ctx, Json subscription) {
    subscription["_upcoming_told"] = unix_seconds(first_period(subscription).end);
    save_subscription(ctx, subscription);
    tell_listeners(ctx, kRenewalNears, subscription);
}

}  // namespace turnpike::twin
