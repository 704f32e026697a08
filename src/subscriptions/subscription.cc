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

constexpr std::array<std::pair<PauseBehavior, std::string_view>, 3> kPauseTexts{{
    {PauseBehavior::KeepAsDraft, "keep_as_draft"},
    {PauseBehavior::MarkUncollectible, "mark_uncollectible"},
    {PauseBehavior::Void, "void"},
}};

constexpr std::array<std::pair<TrialEndBehavior, std::string_view>, 3> kTrialEndTexts{{
    {TrialEndBehavior::Cancel, "cancel"},
    {TrialEndBehavior::Pause, "pause"},
    {TrialEndBehavior::CreateInvoice, "create_invoice"},
}};

template <class Value, std::size_t N>
std::string_view text_in(const std::array<std::pair<Value, std::string_view>, N>& texts,
                         Value wanted) {
    for (const auto& [value, text] : texts)
        if (value == wanted) return text;
    std::unreachable();
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& texts,
                              std::string_view wanted) {
    for (const auto& [value, text] : texts)
        if (text == wanted) return value;
    return std::nullopt;
}

}  // namespace

std::string_view to_text(SubscriptionStatus status) { return text_in(kStatusTexts, status); }
std::optional<SubscriptionStatus> parse_subscription_status(std::string_view text) {
    return value_in(kStatusTexts, text);
}
std::string_view to_text(PauseBehavior behavior) { return text_in(kPauseTexts, behavior); }
std::optional<PauseBehavior> parse_pause_behavior(std::string_view text) {
    return value_in(kPauseTexts, text);
}
std::string_view to_text(TrialEndBehavior behavior) { return text_in(kTrialEndTexts, behavior); }
std::optional<TrialEndBehavior> parse_trial_end_behavior(std::string_view text) {
    return value_in(kTrialEndTexts, text);
}

bool grants_access(SubscriptionStatus status) {
    return status == SubscriptionStatus::Trialing || status == SubscriptionStatus::Active ||
           status == SubscriptionStatus::PastDue;
}

bool is_terminal(SubscriptionStatus status) {
    return status == SubscriptionStatus::Canceled ||
           status == SubscriptionStatus::IncompleteExpired;
}

namespace {

bool is_paused(const AccessTerms& terms, Instant now) {
    if (!terms.pause || !grants_access(terms.status)) return false;
    return !terms.pause->resumes_at || now < *terms.pause->resumes_at;
}

bool never_gave(SubscriptionStatus status) {
    return status == SubscriptionStatus::Creating || status == SubscriptionStatus::Incomplete ||
           status == SubscriptionStatus::IncompleteExpired;
}

Instant stopped_giving_at(const AccessTerms& terms, Instant now) {
    const bool is_over = terms.grace_ends_at && *terms.grace_ends_at <= now;
    if (terms.status == SubscriptionStatus::Unpaid)
        return is_over ? *terms.grace_ends_at : terms.period.start;
    return terms.paused_at.value_or(terms.period.start);
}

}  // namespace

SubscriptionStatus status_at(const AccessTerms& terms, Instant now) {
    if (is_paused(terms, now)) return SubscriptionStatus::Paused;
    const bool is_over = terms.grace_ends_at && *terms.grace_ends_at <= now;
    if (terms.status == SubscriptionStatus::PastDue && is_over) return SubscriptionStatus::Unpaid;
    return terms.status;
}

Instant gives_plan_until(const AccessTerms& terms, Instant now) {
    if (never_gave(terms.status)) return Instant::min();
    if (is_paused(terms, now) || !grants_access(terms.status)) return stopped_giving_at(terms, now);
    Instant until = terms.end.at.value_or(Instant::max());
    if (terms.end.with_period) until = std::min(until, terms.period.end);
    if (terms.status == SubscriptionStatus::PastDue && terms.grace_ends_at)
        until = std::min(until, *terms.grace_ends_at);
    return until;
}

std::optional<Instant> gives_plan_again_at(const AccessTerms& terms, Instant now) {
    if (!is_paused(terms, now)) return std::nullopt;
    return terms.pause->resumes_at;
}

AccessTerms access_terms(const Subscription& s) {
    return {s.status, s.period,    {s.cancel_at_period_end, s.cancel_at},
            s.pause,  s.paused_at, s.grace_ends_at};
}

bool is_canceling(const Subscription& subscription) {
    return subscription.cancel_at_period_end || subscription.cancel_at.has_value();
}

bool is_paused(const Subscription& subscription) {
    return subscription.pause.has_value() || subscription.status == SubscriptionStatus::Paused;
}

}  // namespace turnpike
