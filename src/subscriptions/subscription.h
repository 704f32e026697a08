#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

/// Seats of one subscription: what a provider can still multiply.
inline constexpr std::int64_t kQuantityMax = 100'000;
inline constexpr int kTrialDaysMax = 730;
/// A planned end or resumption lies at most so far ahead.
inline constexpr std::chrono::days kPlannedAheadMax{5 * 366};

/// The words of Stripe's cancellation_details[feedback].
inline constexpr std::array<std::string_view, 8> kCancelFeedbacks{
    "customer_service", "low_quality", "missing_features", "other",
    "switched_service", "too_complex", "too_expensive",    "unused"};

/// Stripe's statuses, and `Creating`: our start is committed, the provider has not confirmed it.
enum class SubscriptionStatus : std::uint8_t {
    Creating,
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
};
std::string_view to_text(SubscriptionStatus status);  ///< "past_due"
std::optional<SubscriptionStatus> parse_subscription_status(std::string_view text);

/// True while the customer has what the plan gives: trialing, active, past_due.
bool grants_access(SubscriptionStatus status);
/// Canceled and IncompleteExpired never change again.
bool is_terminal(SubscriptionStatus status);

/// What becomes of the invoices of a subscription whose collection is paused.
enum class PauseBehavior : std::uint8_t { KeepAsDraft, MarkUncollectible, Void };
std::string_view to_text(PauseBehavior behavior);  ///< "keep_as_draft"
std::optional<PauseBehavior> parse_pause_behavior(std::string_view text);

/// What a trial turns into when it ends and there is nothing to charge.
enum class TrialEndBehavior : std::uint8_t { Cancel, Pause, CreateInvoice };
std::string_view to_text(TrialEndBehavior behavior);  ///< "create_invoice"
std::optional<TrialEndBehavior> parse_trial_end_behavior(std::string_view text);

/// Nothing is collected, and the plan is not given, until somebody resumes it or `resumes_at`.
struct Pause {
    PauseBehavior behavior = PauseBehavior::Void;
    std::optional<Instant> resumes_at{};
    friend bool operator==(const Pause&, const Pause&) = default;
};

/// Another price or quantity from the moment `at` on, which is the end of a billing period.
struct PendingChange {
    PriceId price;
    std::int64_t quantity = 1;
    Instant at;
    friend bool operator==(const PendingChange&, const PendingChange&) = default;
};

/// How a subscription is to end.
struct PlannedEnd {
    bool with_period = false;
    std::optional<Instant> at{};
};

/// What decides whether a subscription gives its plan at a moment.
struct AccessTerms {
    SubscriptionStatus status = SubscriptionStatus::Creating;  ///< the provider's
    Period period;
    PlannedEnd end{};
    std::optional<Pause> pause{};
    std::optional<Instant> paused_at{};
    std::optional<Instant> grace_ends_at{};  ///< absent while past due: the grace has no end
};
/// The provider's status with our two rules: what is paused is `Paused` until it resumes, and what
/// is past due is `Unpaid` from the end of its grace on.
SubscriptionStatus status_at(const AccessTerms& terms, Instant now);
/// Until when a subscription without an end gives its plan; Instant::max(): for ever. One that
/// never gave it: Instant::min(). One that gives nothing now did so until it was paused or its
/// grace was over; where that is not known, until its period began.
Instant gives_plan_until(const AccessTerms& terms, Instant now);
/// When one that gives nothing now does so again by itself.
std::optional<Instant> gives_plan_again_at(const AccessTerms& terms, Instant now);

/// The contract of one customer with one plan version. At most one per customer has no ended_at.
struct Subscription {
    SubscriptionId id;
    CustomerId customer;
    PlanVersionId plan_version;
    PriceId price;
    std::string provider;  ///< "stripe"
    std::optional<std::string> provider_subscription_id{};
    std::optional<std::string> provider_item_id{};
    /// Where the customer lets the provider charge, or pays; absent where it takes methods from us.
    std::optional<std::string> authorization_url{};
    SubscriptionStatus status = SubscriptionStatus::Creating;
    Period period;              ///< the current billing period
    std::int64_t quantity = 1;  ///< of the price: seats
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at{};
    /// Why it was canceled: in the customer's words, and as one of kCancelFeedbacks.
    std::optional<std::string> cancel_comment{}, cancel_feedback{};
    std::optional<Instant> canceled_at{};
    std::optional<Instant> started_at{};
    std::optional<Instant> ended_at{};
    std::optional<Instant> trial_start{}, trial_end{};
    std::optional<TrialEndBehavior> trial_end_behavior{};
    std::optional<Pause> pause{};
    std::optional<Instant> paused_at{};
    std::optional<Instant> grace_ends_at{};
    /// While an end is planned too, it waits: keeping the subscription plans it again.
    std::optional<PendingChange> pending_change{};
    /// It has moved here from another provider, who has been paid until then.
    std::optional<Instant> paid_elsewhere_until{};
    Instant created_at;
    std::int64_t version = 0;
};

AccessTerms access_terms(const Subscription& subscription);
/// An end is planned: with the period, or on a date.
bool is_canceling(const Subscription& subscription);
/// Until it resumes nothing is charged: a provider says so by a pause of its own beside the status,
/// or by the status.
bool is_paused(const Subscription& subscription);

}  // namespace turnpike
