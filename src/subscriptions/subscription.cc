#include "subscriptions/subscription.h"

#include <algorithm>
#include <array>
#include <utility>

namespace turnpike {
namespace {

constexpr std::array<std::pair<SubscriptionStatus, std::string_view>, 9> kStatusTexts{{
    {SubscriptionStatus::Creating, "creating"},
    {SubscriptionStatus::Incomplete, "incomplete"},
    {SubscriptionStatus::IncompleteExpired, "incomplete_expired"},
    {SubscriptionStatus::Trialing, "trialing"},
    {SubscriptionStatus::Active, "active"},
    {SubscriptionStatus::PastDue, "past_due"},
    {SubscriptionStatus::Unpaid, "unpaid"},
    {SubscriptionStatus::Paused, "paused"},
    {SubscriptionStatus::Canceled, "canceled"},
}};

}  // namespace

std::string_view to_text(SubscriptionStatus status) {
    for (const auto& [value, text] : kStatusTexts)
        if (value == status) return text;
    std::unreachable();
}

std::optional<SubscriptionStatus> parse_subscription_status(std::string_view text) {
    for (const auto& [value, known] : kStatusTexts)
        if (known == text) return value;
    return std::nullopt;
}

bool grants_access(SubscriptionStatus status) {
    return status == SubscriptionStatus::Trialing || status == SubscriptionStatus::Active ||
           status == SubscriptionStatus::PastDue;
}

bool is_terminal(SubscriptionStatus status) {
    return status == SubscriptionStatus::Canceled ||
           status == SubscriptionStatus::IncompleteExpired;
}

Instant gives_plan_until(SubscriptionStatus status, const Period& period, const PlannedEnd& end) {
    const bool never_gave = status == SubscriptionStatus::Creating ||
                            status == SubscriptionStatus::Incomplete ||
                            status == SubscriptionStatus::IncompleteExpired;
    if (never_gave) return Instant::min();
    if (!grants_access(status)) return period.start;
    const Instant with_period = end.with_period ? period.end : Instant::max();
    return std::min(with_period, end.at.value_or(Instant::max()));
}

}  // namespace turnpike
