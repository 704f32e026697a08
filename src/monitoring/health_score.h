#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/decimal.h"
#include "base/money.h"
#include "base/time.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// What is known of one subscription and the use of it, at `now` of its customer.
struct HealthSignals {
    Instant now;
    SubscriptionStatus status = SubscriptionStatus::Active;  ///< as it is at `now`
    Period period;
    std::optional<Instant> ends_at{};    ///< an end is planned
    bool will_pay_less = false;          ///< a change to a smaller price or quantity is planned
    Money amount_due{0, Currency::Usd};  ///< of all open invoices
    std::int64_t attempts = 0;           ///< at the open invoice that was tried most
    std::optional<Instant> next_attempt_at{};  ///< the provider's soonest try of its own
    std::int64_t troubled_invoices = 0;  ///< paid within kTroubleSpan, but not at the first try
    /// As the provider has shown it; absent: it has not.
    struct Card {
        bool is_there = true;
        std::optional<Instant> good_until{};  ///< absent: it has no end
    };
    std::optional<Card> card{};

    /// Of one meter: the last kTrendDays, and how much that many days had before, on average over
    /// twice as long. Absent where the subscription is younger than all of it.
    struct Trend {
        std::string meter;
        Int128 recent = 0, before = 0;  ///< millionths of units, in kTrendDays and twice of it
    };
    std::vector<Trend> trends{};
    /// Of one allowance that ends usage.
    struct Limit {
        std::string meter;
        Quantity used, limit;
    };
    std::vector<Limit> limits{};
    /// Of one that is sold by seats, to customers who count theirs.
    struct SeatCount {
        std::int64_t paid = 0, taken = 0;
    };
    std::optional<SeatCount> seats{};
};

inline constexpr int kTrendDays = 14;
inline constexpr std::chrono::days kTroubleSpan{90};

/// Why a subscription is not perfectly well.
struct HealthReason {
    std::string_view code;                                            ///< "payment_past_due"
    int weight = 0;                                                   ///< taken off the score
    std::string text;                                                 ///< a sentence for people
    std::vector<std::pair<std::string_view, std::string>> numbers{};  ///< the signal's, as text
};
struct HealthScore {
    int score = 100;
    std::vector<HealthReason> reasons;  ///< the heaviest first
};

/// 100 less the weight of every reason, and never less than 0. docs/monitoring.md has the table of
/// reasons. An ended subscription has 0 and one reason.
HealthScore score_health(const HealthSignals& signals);

}  // namespace turnpike
