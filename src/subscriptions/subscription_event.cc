#include "subscriptions/subscription_event.h"

#include <array>
#include <utility>

namespace turnpike {
namespace {

using Kind = SubscriptionEventKind;

constexpr auto kKindTexts = std::to_array<std::pair<Kind, std::string_view>>({
    {Kind::TrialStarted, "trial_started"},
    {Kind::Started, "started"},
    {Kind::Converted, "converted"},
    {Kind::Activated, "activated"},
    {Kind::Recovered, "recovered"},
    {Kind::Reopened, "reopened"},
    {Kind::PastDue, "past_due"},
    {Kind::Unpaid, "unpaid"},
    {Kind::Incomplete, "incomplete"},
    {Kind::Paused, "paused"},
    {Kind::Resumed, "resumed"},
    {Kind::Ended, "ended"},
    {Kind::Changed, "changed"},
    {Kind::Renewed, "renewed"},
    {Kind::CancelPlanned, "cancel_planned"},
    {Kind::CancelWithdrawn, "cancel_withdrawn"},
    {Kind::Discounted, "discounted"},
    {Kind::Updated, "updated"},
});

Kind kind_of_start(SubscriptionStatus status) {
    if (status == SubscriptionStatus::Trialing) return Kind::TrialStarted;
    if (status == SubscriptionStatus::Incomplete) return Kind::Incomplete;
    return Kind::Started;
}

Kind kind_of_activation(SubscriptionStatus before) {
    if (before == SubscriptionStatus::Trialing) return Kind::Converted;
    if (before == SubscriptionStatus::Paused) return Kind::Updated;
    if (before == SubscriptionStatus::Incomplete) return Kind::Activated;
    return Kind::Recovered;
}

/// Of what was and stays paused, or was not and is not.
Kind kind_of_status(SubscriptionStatus before, SubscriptionStatus after) {
    switch (after) {
        case SubscriptionStatus::Active: return kind_of_activation(before);
        case SubscriptionStatus::Trialing: return Kind::TrialStarted;
        case SubscriptionStatus::PastDue: return Kind::PastDue;
        case SubscriptionStatus::Unpaid: return Kind::Unpaid;
        case SubscriptionStatus::Incomplete: return Kind::Incomplete;
        case SubscriptionStatus::Canceled:
        case SubscriptionStatus::IncompleteExpired: return Kind::Ended;
        case SubscriptionStatus::Paused:
        case SubscriptionStatus::Creating: return Kind::Updated;
    }
    return Kind::Updated;
}

}  // namespace

std::string_view to_text(Kind kind) {
    for (const auto& [value, text] : kKindTexts)
        if (value == kind) return text;
    std::unreachable();
}

std::optional<Kind> parse_subscription_event_kind(std::string_view text) {
    for (const auto& [value, known] : kKindTexts)
        if (known == text) return value;
    return std::nullopt;
}

Kind kind_of_change(const Subscription& before, const Subscription& after) {
    if (after.ended_at && !before.ended_at) return Kind::Ended;
    if (before.ended_at && !after.ended_at) return Kind::Reopened;
    if (before.status == SubscriptionStatus::Creating) return kind_of_start(after.status);
    if (is_paused(after) && !is_paused(before)) return Kind::Paused;
    if (is_paused(before) && !is_paused(after)) return Kind::Resumed;
    if (before.status != after.status) return kind_of_status(before.status, after.status);
    if (before.price != after.price || before.plan_version != after.plan_version ||
        before.quantity != after.quantity)
        return Kind::Changed;
    if (before.period.start != after.period.start) return Kind::Renewed;
    if (!is_canceling(before) && is_canceling(after)) return Kind::CancelPlanned;
    if (is_canceling(before) && !is_canceling(after)) return Kind::CancelWithdrawn;
    return Kind::Updated;
}

Instant effective_at(Kind kind, const Subscription& after, Instant now) {
    switch (kind) {
        case Kind::Started:
        case Kind::TrialStarted: return after.started_at.value_or(now);
        case Kind::Ended: return after.ended_at.value_or(now);
        case Kind::Renewed:
        case Kind::Converted: return after.period.start;
        case Kind::Activated:
        case Kind::Recovered:
        case Kind::Reopened:
        case Kind::PastDue:
        case Kind::Unpaid:
        case Kind::Incomplete:
        case Kind::Paused:
        case Kind::Resumed:
        case Kind::Changed:
        case Kind::CancelPlanned:
        case Kind::CancelWithdrawn:
        case Kind::Discounted:
        case Kind::Updated: return now;
    }
    return now;
}

}  // namespace turnpike
