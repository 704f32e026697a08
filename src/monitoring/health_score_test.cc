#include "monitoring/health_score.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::days;

constexpr Instant kNow{std::chrono::seconds(1'772'409'600)};  // 2026-03-02

HealthSignals well() {
    HealthSignals signals;
    signals.now = kNow;
    signals.period = {kNow - days(10), kNow + days(20)};
    return signals;
}
/// "payment_past_due -40"
std::vector<std::string> lines(const HealthScore& health) {
    std::vector<std::string> lines;
    for (const auto& reason : health.reasons)
        lines.push_back(std::string(reason.code) + " -" + std::to_string(reason.weight));
    return lines;
}
using Lines = std::vector<std::string>;

TEST(HealthScore, NothingToSayIsAHundred) {
    const auto health = score_health(well());
    EXPECT_EQ(health.score, 100);
    EXPECT_TRUE(health.reasons.empty());
}

TEST(HealthScore, EachStatusHasItsWeight) {
    const struct {
        SubscriptionStatus status;
        int score;
        const char* code;
    } cases[] = {
        {SubscriptionStatus::PastDue, 60, "payment_past_due"},       // 100 - 40
        {SubscriptionStatus::Unpaid, 30, "payment_given_up"},        // 100 - 70
        {SubscriptionStatus::Incomplete, 50, "first_payment_open"},  // 100 - 50
        {SubscriptionStatus::Paused, 70, "paused"},                  // 100 - 30
        {SubscriptionStatus::Canceled, 0, "ended"},
        {SubscriptionStatus::IncompleteExpired, 0, "ended"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.code);
        auto signals = well();
        signals.status = c.status;
        const auto health = score_health(signals);
        EXPECT_EQ(health.score, c.score);
        ASSERT_EQ(health.reasons.size(), 1);
        EXPECT_EQ(health.reasons[0].code, c.code);
    }
}

TEST(HealthScore, ReasonsAddUpAndTheHeaviestIsFirst) {
    auto signals = well();
    signals.ends_at = kNow + days(20);                         // 50
    signals.troubled_invoices = 2;                             // 2 x 5 = 10
    signals.trends = {{"api_calls", 30'000'000, 80'000'000}};  // 30 of 80 / 2 = 40: 75 % kept
    auto health = score_health(signals);
    EXPECT_EQ(lines(health),
              (Lines{"cancel_scheduled -50", "payments_failed -10", "usage_falls -10"}));
    EXPECT_EQ(health.score, 100 - 50 - 10 - 10);
    EXPECT_EQ(health.reasons[0].numbers[1].second, "20");  // days left

    signals.status = SubscriptionStatus::Unpaid;  // 70 more: 140 in all
    signals.amount_due = Money{2900, Currency::Usd};
    signals.attempts = 4;
    signals.next_attempt_at = from_unix_seconds(1'777'593'600);
    health = score_health(signals);
    EXPECT_EQ(health.score, 0);
    EXPECT_EQ(health.reasons[0].code, "payment_given_up");
    EXPECT_EQ(health.reasons[0].numbers[0].second, signals.amount_due.text());
    EXPECT_EQ(health.reasons[0].numbers[1].second, "4");
    EXPECT_EQ(health.reasons[0].numbers[2].first, "next_attempt_at");
    EXPECT_EQ(health.reasons[0].numbers[2].second, "2026-05-01T00:00:00Z");
}

TEST(HealthScore, ManyTroublesCountAsThree) {
    auto signals = well();
    signals.troubled_invoices = 9;
    EXPECT_EQ(score_health(signals).score, 85);  // 3 x 5
}

TEST(HealthScore, ACardMustBeGoodAtTheNextCharge) {
    const auto with = [](std::optional<Instant> good_until) {
        auto signals = well();
        signals.card = {true, good_until};
        return lines(score_health(signals));
    };
    EXPECT_EQ(with(kNow), Lines{"card_expired -30"});
    EXPECT_EQ(with(kNow + days(1)), Lines{"card_expires_before_charge -20"});
    // The charge is in twenty days: a card that is good up to then is not good at it.
    EXPECT_EQ(with(kNow + days(20)), Lines{"card_expires_before_charge -20"});
    EXPECT_EQ(with(kNow + days(20) + std::chrono::microseconds(1)), Lines{});
    EXPECT_EQ(with(std::nullopt), Lines{});

    auto trial = well();
    trial.status = SubscriptionStatus::Trialing;
    trial.card = {false, std::nullopt};
    EXPECT_EQ(lines(score_health(trial)), Lines{"no_card -25"});
    trial.ends_at = trial.period.end;  // nothing will be charged
    EXPECT_EQ(lines(score_health(trial)), Lines{"cancel_scheduled -50"});
}

TEST(HealthScore, TheMeterThatFellMostTells) {
    const auto with = [](std::vector<HealthSignals::Trend> trends) {
        auto signals = well();
        signals.trends = std::move(trends);
        return lines(score_health(signals));
    };
    // The 28 days before are halved: 100 in 28 days are 50 in 14.
    EXPECT_EQ(with({{"a", 38, 100}}), Lines{});                   // 38 / 50 = 76 %
    EXPECT_EQ(with({{"a", 37, 100}}), Lines{"usage_falls -10"});  // 74 %
    EXPECT_EQ(with({{"a", 25, 100}}), Lines{"usage_falls -20"});  // 50 %
    EXPECT_EQ(with({{"a", 0, 100}}), Lines{"usage_stopped -30"});
    EXPECT_EQ(with({{"a", 60, 100}, {"b", 20, 100}}), Lines{"usage_falls -20"});  // b: 40 %
    EXPECT_EQ(with({{"never_used", 0, 0}}), Lines{});
}

TEST(HealthScore, LimitsAndSeats) {
    const auto limited = [](std::int64_t used) {
        auto signals = well();
        signals.limits = {{"api_calls", Quantity::from_scaled(used * Quantity::kOne),
                           Quantity::from_scaled(1000 * Quantity::kOne)}};
        return lines(score_health(signals));
    };
    EXPECT_EQ(limited(799), Lines{});
    EXPECT_EQ(limited(800), Lines{"limit_near -5"});
    EXPECT_EQ(limited(1000), Lines{"limit_reached -15"});

    const auto seated = [](std::int64_t paid, std::int64_t taken) {
        auto signals = well();
        signals.seats = {paid, taken};
        return lines(score_health(signals));
    };
    EXPECT_EQ(seated(1, 0), Lines{});
    EXPECT_EQ(seated(10, 5), Lines{});
    EXPECT_EQ(seated(10, 4), Lines{"seats_unused -10"});
}

TEST(HealthScore, APlannedDowngradeCountsUnlessItEndsFirst) {
    auto signals = well();
    signals.will_pay_less = true;
    EXPECT_EQ(lines(score_health(signals)), Lines{"downgrade_scheduled -15"});
    signals.ends_at = signals.period.end;
    EXPECT_EQ(lines(score_health(signals)), Lines{"cancel_scheduled -50"});
}

}  // namespace
}  // namespace turnpike
