#include "monitoring/health_facts.h"

#include "analytics/revenue.h"
#include "analytics/usage/usage_sum.h"
#include "catalog/service.h"
#include "entitlements/usage_summary.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days;

constexpr std::string_view kCustomerNow = R"sql(
    SELECT COALESCE(k.frozen_time, $2)
      FROM customers c LEFT JOIN test_clocks k ON k.id = c.test_clock_id
     WHERE c.id = $1
)sql";
constexpr std::string_view kOwed = R"sql(
    SELECT CAST(COALESCE(SUM(amount_due_minor - amount_paid_minor), 0) AS BIGINT),
           COALESCE(MAX(attempt_count), 0), MIN(next_attempt_at)
      FROM invoices WHERE customer_id = $1 AND subscription_id = $2 AND status = 'open'
)sql";
constexpr std::string_view kTroubled = R"sql(
    SELECT COUNT(*)
      FROM invoices
     WHERE customer_id = $1 AND subscription_id = $2 AND status = 'paid' AND attempt_count > 1
       AND paid_at >= $3
)sql";
constexpr std::string_view kCard = R"sql(
    SELECT provider_method_id, expires_at
      FROM default_cards
     WHERE customer_id = $1 AND provider = $2 AND provider_method_id IS NOT NULL
)sql";
// $2 begins the days before, $3 the last ones, which $4 ends.
constexpr std::string_view kUsage = R"sql(
    SELECT meter_key,
           CAST(SUM(CASE WHEN starts_at >= $3 THEN units ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN starts_at >= $3 THEN millionths ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN starts_at < $3 THEN units ELSE 0 END) AS BIGINT),
           CAST(SUM(CASE WHEN starts_at < $3 THEN millionths ELSE 0 END) AS BIGINT)
      FROM usage_rollups
     WHERE customer_id = $1 AND span = 'day' AND starts_at >= $2 AND starts_at < $4
     GROUP BY meter_key
     ORDER BY meter_key
)sql";
constexpr std::string_view kSeatsTaken = R"sql(
    SELECT o.id, (SELECT COUNT(*) FROM memberships m WHERE m.organization_id = o.id)
      FROM organizations o WHERE o.customer_id = $1
)sql";

std::optional<Instant> planned_end(const Subscription& subscription) {
    if (subscription.cancel_at) return subscription.cancel_at;
    if (subscription.cancel_at_period_end) return subscription.period.end;
    return std::nullopt;
}

Result<bool> will_pay_less(sql::Transaction& tx, const Subscription& subscription,
                           const PriceInPlan& price) {
    if (!subscription.pending_change) return false;
    const auto next = load_price(tx, subscription.pending_change->price);
    if (!next) return failure(next);
    const auto monthly = [](const PriceInPlan& of, std::int64_t quantity) {
        const auto factor = monthly_factor(to_text(of.recurrence.interval), of.recurrence.count);
        return (factor * Fraction(Int128{of.amount.minor()} * quantity, 1)).rounded();
    };
    return monthly(*next, subscription.pending_change->quantity) <
           monthly(price, subscription.quantity);
}

void load_payments(sql::Transaction& tx, const Subscription& subscription, Currency currency,
                   HealthSignals& signals) {
    const auto owed = tx.one(kOwed, {subscription.customer, subscription.id});
    signals.amount_due = Money{owed->integer(0), currency};
    signals.attempts = owed->integer(1);
    signals.next_attempt_at = owed->maybe_instant(2);
    signals.troubled_invoices =
        tx.one(kTroubled, {subscription.customer, subscription.id, signals.now - kTroubleSpan})
            ->integer(0);
    const auto card = tx.one(kCard, {subscription.customer, subscription.provider});
    if (card) signals.card = {!card->text(0).empty(), card->maybe_instant(1)};
}

/// Whole days (UTC), today left out.
void load_trends(sql::Transaction& tx, const Subscription& subscription, HealthSignals& signals) {
    const Instant today = std::chrono::floor<days>(signals.now);
    const Instant recent = today - days(kTrendDays);
    const Instant before = recent - days(2 * kTrendDays);
    if (!subscription.started_at || *subscription.started_at > before) return;
    for (const auto& row : tx.all(kUsage, {subscription.customer, before, recent, today}))
        signals.trends.push_back({row.text(0),
                                  UsageSum::from_parts(row.integer(1), row.integer(2)).scaled(),
                                  UsageSum::from_parts(row.integer(3), row.integer(4)).scaled()});
}

}  // namespace

Result<HealthSignals> load_health_signals(sql::Transaction& tx, ConsumeWorld world,
                                          const SubscriptionId& id, Instant system_now) {
    const auto subscription = load_subscription(tx, id);
    if (!subscription) return failure(subscription);
    const auto price = load_price(tx, subscription->price);
    if (!price) return failure(price);
    HealthSignals signals;
    signals.now = tx.one(kCustomerNow, {subscription->customer, system_now})->instant(0);
    signals.status = status_at(access_terms(*subscription), signals.now);
    if (subscription->ended_at) signals.status = SubscriptionStatus::Canceled;
    signals.period = subscription->period;
    if (subscription->ended_at) return signals;
    signals.ends_at = planned_end(*subscription);
    const auto less = will_pay_less(tx, *subscription, *price);
    if (!less) return failure(less);
    signals.will_pay_less = *less;
    load_payments(tx, *subscription, price->amount.currency(), signals);
    load_trends(tx, *subscription, signals);
    const auto usage = load_usage_summary(tx, world, subscription->customer.text(), system_now);
    if (!usage) return failure(usage);
    for (const MeterUsage& meter : usage->meters)
        if (meter.now.hard_limit)
            signals.limits.push_back({meter.meter_key, meter.now.used, *meter.now.hard_limit});
    const auto seats = tx.one(kSeatsTaken, {subscription->customer});
    if (seats) signals.seats = {subscription->quantity, seats->integer(1)};
    return signals;
}

}  // namespace turnpike
