#include "monitoring/health_score.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

namespace turnpike {
namespace {

using Reasons = std::vector<HealthReason>;
using std::chrono::days;

constexpr int kTroublesMax = 3;

std::string day_text(Instant moment) { return format_rfc3339(moment); }

/// Whole percents, rounded down.
std::int64_t percent(Int128 part, Int128 whole) {
    return static_cast<std::int64_t>(part * 100 / whole);
}

void judge_status(const HealthSignals& s, Reasons& reasons) {
    std::vector<std::pair<std::string_view, std::string>> owed = {
        {"amount_due", s.amount_due.text()}, {"attempts", std::to_string(s.attempts)}};
    if (s.next_attempt_at) owed.emplace_back("next_attempt_at", day_text(*s.next_attempt_at));
    switch (s.status) {
        case SubscriptionStatus::PastDue:
            reasons.push_back({"payment_past_due", 40,
                               "The last payment failed; the plan is still given.", owed});
            break;
        case SubscriptionStatus::Unpaid:
            reasons.push_back({"payment_given_up", 70,
                               "It is not paid, and the plan is not given any more.", owed});
            break;
        case SubscriptionStatus::Incomplete:
            reasons.push_back({"first_payment_open", 50,
                               "The first payment waits for the customer to confirm it.", owed});
            break;
        case SubscriptionStatus::Paused:
            reasons.push_back({"paused", 30, "It is paused: nothing is collected."});
            break;
        default: break;
    }
}

void judge_plans(const HealthSignals& s, Reasons& reasons) {
    if (s.ends_at)
        reasons.push_back({"cancel_scheduled",
                           50,
                           "It is to end.",
                           {{"ends_at", day_text(*s.ends_at)},
                            {"days_left", std::to_string((*s.ends_at - s.now) / days(1))}}});
    else if (s.will_pay_less)
        reasons.push_back({"downgrade_scheduled", 15, "A change that costs less is planned."});
}

void judge_payments(const HealthSignals& s, Reasons& reasons) {
    if (s.troubled_invoices == 0) return;
    const auto counted = std::min<std::int64_t>(s.troubled_invoices, kTroublesMax);
    reasons.push_back({"payments_failed",
                       static_cast<int>(5 * counted),
                       "Payments of the last 90 days did not succeed at the first try.",
                       {{"invoices", std::to_string(s.troubled_invoices)}}});
}

void judge_card(const HealthSignals& s, Reasons& reasons) {
    // Nothing is charged any more after a planned end.
    if (!s.card || s.ends_at) return;
    if (!s.card->is_there) {
        if (s.status == SubscriptionStatus::Trialing)
            reasons.push_back({"no_card",
                               25,
                               "The trial ends, and there is no card to charge.",
                               {{"charged_at", day_text(s.period.end)}}});
        return;
    }
    const auto& until = s.card->good_until;
    if (!until || *until > s.period.end) return;
    const bool is_over = *until <= s.now;
    reasons.push_back(
        {is_over ? "card_expired" : "card_expires_before_charge",
         is_over ? 30 : 20,
         is_over ? "The card has expired." : "The card will have expired at the next charge.",
         {{"good_until", day_text(*until)}, {"charged_at", day_text(s.period.end)}}});
}

/// The meter that fell most tells.
void judge_trend(const HealthSignals& s, Reasons& reasons) {
    const HealthSignals::Trend* worst = nullptr;
    std::int64_t least = 0;
    for (const auto& trend : s.trends) {
        if (trend.before <= 0) continue;
        // `before` is of twice as many days.
        const std::int64_t kept = percent(trend.recent * 2, trend.before);
        if (worst != nullptr && kept >= least) continue;
        worst = &trend;
        least = kept;
    }
    if (worst == nullptr || least > 75) return;
    const int weight = worst->recent == 0 ? 30 : least <= 50 ? 20 : 10;
    reasons.push_back({worst->recent == 0 ? "usage_stopped" : "usage_falls",
                       weight,
                       "It is used less than before.",
                       {{"meter", worst->meter},
                        {"last_14_days", format_scaled(worst->recent, Quantity::kScale)},
                        {"the_28_days_before", format_scaled(worst->before, Quantity::kScale)},
                        {"percent_of_baseline", std::to_string(least)}}});
}

/// The meter that is nearest to its end tells.
void judge_limits(const HealthSignals& s, Reasons& reasons) {
    const HealthSignals::Limit* nearest = nullptr;
    std::int64_t most = 0;
    for (const auto& limit : s.limits) {
        if (limit.limit.scaled() <= 0) continue;
        const auto used = percent(limit.used.scaled(), limit.limit.scaled());
        if (nearest != nullptr && used <= most) continue;
        nearest = &limit;
        most = used;
    }
    if (nearest == nullptr || most < 80) return;
    reasons.push_back({most >= 100 ? "limit_reached" : "limit_near",
                       most >= 100 ? 15 : 5,
                       most >= 100 ? "Usage has stopped at the plan's limit."
                                   : "Usage comes near the plan's limit.",
                       {{"meter", nearest->meter},
                        {"used", nearest->used.text()},
                        {"limit", nearest->limit.text()},
                        {"percent", std::to_string(most)}}});
}

void judge_seats(const HealthSignals& s, Reasons& reasons) {
    // Fewer than half of what is paid for, and one seat has nothing to leave empty.
    if (!s.seats || s.seats->paid < 2 || s.seats->taken * 2 >= s.seats->paid) return;
    reasons.push_back(
        {"seats_unused",
         10,
         "Fewer than half of the paid seats are taken.",
         {{"paid", std::to_string(s.seats->paid)}, {"taken", std::to_string(s.seats->taken)}}});
}

}  // namespace

HealthScore score_health(const HealthSignals& signals) {
    const bool has_ended = signals.status == SubscriptionStatus::Canceled ||
                           signals.status == SubscriptionStatus::IncompleteExpired;
    if (has_ended) return {0, {{"ended", 100, "It has ended."}}};
    Reasons found;
    for (const auto judge : {judge_status, judge_plans, judge_payments, judge_card, judge_trend,
                             judge_limits, judge_seats})
        judge(signals, found);
    HealthScore health;
    int lost = 0;
    for (HealthReason& reason : found) {
        lost += reason.weight;
        const auto place = std::ranges::upper_bound(health.reasons, reason.weight, std::greater{},
                                                    &HealthReason::weight);
        health.reasons.insert(place, std::move(reason));
    }
    health.score = std::max(0, 100 - lost);
    return health;
}

}  // namespace turnpike
