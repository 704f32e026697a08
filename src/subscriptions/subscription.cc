#include "subscriptions/subscription.h"

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

}  // namespace turnpike
