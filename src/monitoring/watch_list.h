#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Which subscriptions a list is about. Lists are sorted by their moment, the earliest first; the
/// page's since and until are about that moment.
struct WatchQuery {
    std::string catalog{};  ///< only customers of this one; "": of all
    Instant now{};          ///< the server's; customers on a test clock are looked at in their time
    PageQuery page{};
};

/// Whose subscription it is, and to what.
struct WatchedSubscription {
    SubscriptionId id;
    CustomerId customer;
    std::string external_id;  ///< the customer's, qualified: "learning-app~alice"
    std::optional<std::string> email, name;
    std::string catalog;
    std::string plan, plan_name;  ///< the plan's key, without its catalog
    PlanVersionId plan_version;
    Money amount;  ///< of the price, for each of the quantity
    std::int64_t quantity = 1;
    std::string provider;
    SubscriptionStatus status = SubscriptionStatus::Active;  ///< as it is at the customer's time
};

enum class ExpiryReason : std::uint8_t { CancelAtPeriodEnd, CancelAt, TrialEnd };
std::string_view to_text(ExpiryReason reason);  ///< "cancel_at_period_end"

/// It ends, or its trial does, unless somebody does something.
struct ExpiringSubscription {
    WatchedSubscription subscription;
    ExpiryReason reason = ExpiryReason::CancelAtPeriodEnd;
    Instant at;  ///< when
    std::optional<TrialEndBehavior> trial_end_behavior{};
};
/// Of those that run, what ends within `ahead` of the customer's now, and what should have ended
/// and has not. Of one that both ends and is on trial, what comes first.
std::vector<ExpiringSubscription> list_expiring(sql::Transaction& tx, const WatchQuery& query,
                                                std::chrono::days ahead);

/// Past due, unpaid or incomplete.
struct FailingSubscription {
    WatchedSubscription subscription;
    Instant since;              ///< the oldest open invoice was issued; without one, the period
    Money amount_due;           ///< of all its open invoices
    std::int64_t attempts = 0;  ///< at the open invoice that was tried most
    /// The provider's soonest try of its own, as it has said; absent: it has said none.
    std::optional<Instant> next_attempt_at{};
    std::optional<Instant> grace_ends_at{};
};
std::vector<FailingSubscription> list_failing(sql::Transaction& tx, const WatchQuery& query);

/// The card that a subscription is charged with, when it will not be good any more at the charge.
struct ExpiringCard {
    WatchedSubscription subscription;
    Instant charged_at;    ///< next, at the end of the period
    Instant customer_now;  ///< of the list
    std::string brand, last4;
    Instant good_until;  ///< the month of its expiry is over
};
/// Of those that are charged again within `ahead` of the customer's now, as far as the provider has
/// shown their cards. Sorted by the charge.
std::vector<ExpiringCard> list_expiring_cards(sql::Transaction& tx, const WatchQuery& query,
                                              std::chrono::days ahead);

/// What continues a page: pass it as PageQuery::after.
PageMark mark_of(const ExpiringSubscription& row);
PageMark mark_of(const FailingSubscription& row);
PageMark mark_of(const ExpiringCard& row);

}  // namespace turnpike
