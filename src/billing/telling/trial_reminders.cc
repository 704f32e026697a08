#include "billing/telling/trial_reminders.h"

#include <vector>

#include "billing/provider/customer_time.h"
#include "billing/provider/default_card.h"
#include "billing/telling/moves.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

/// Each may ask the provider for a card, and other steps of the worker wait; the next pass goes on.
constexpr int kTrialsAtOnce = 10;
/// By how much the provider, whose clock is not ours, may tell of it sooner.
constexpr std::chrono::hours kToldSooner{6};

constexpr std::string_view kTrialsEnding = R"sql(
    SELECT s.id, s.customer_id
      FROM subscriptions s JOIN customers c ON c.id = s.customer_id
     WHERE s.provider = $1 AND s.status = 'trialing' AND s.ended_at IS NULL
       AND s.trial_end > $2 AND s.trial_end <= $3 AND c.test_clock_id IS NULL
       AND NOT EXISTS (SELECT 1 FROM trial_reminders r
                        WHERE r.subscription_id = s.id AND r.trial_end = s.trial_end)
     ORDER BY s.trial_end, s.id
     LIMIT $4
)sql";

/// A test clock stands still: its customers' trials end by it. $2: microseconds ahead.
constexpr std::string_view kTrialsEndingByClocks = R"sql(
    SELECT s.id, s.customer_id
      FROM test_clocks t CROSS JOIN customers c CROSS JOIN subscriptions s
     WHERE c.test_clock_id = t.id AND s.customer_id = c.id
       AND s.provider = $1 AND s.status = 'trialing' AND s.ended_at IS NULL
       AND s.trial_end > t.frozen_time AND s.trial_end <= t.frozen_time + $2
       AND NOT EXISTS (SELECT 1 FROM trial_reminders r
                        WHERE r.subscription_id = s.id AND r.trial_end = s.trial_end)
     ORDER BY s.trial_end, s.id
     LIMIT $3
)sql";

constexpr std::string_view kTold = R"sql(
    INSERT INTO trial_reminders (subscription_id, trial_end, told_at) VALUES ($1, $2, $3)
    ON CONFLICT (subscription_id, trial_end) DO NOTHING
)sql";

struct EndingTrial {
    SubscriptionId subscription;
    CustomerId customer;
};

std::vector<EndingTrial> trials_ending(sql::Transaction& tx, std::string_view provider,
                                       Instant now) {
    const std::int64_t ahead_us =
        std::chrono::duration_cast<std::chrono::microseconds>(kTrialReminderAhead).count();
    std::vector<EndingTrial> ending;
    for (const auto& row :
         tx.all(kTrialsEnding, {provider, now, now + kTrialReminderAhead, kTrialsAtOnce}))
        ending.push_back({row.id<SubscriptionId>(0), row.id<CustomerId>(1)});
    for (const auto& row : tx.all(kTrialsEndingByClocks, {provider, ahead_us, kTrialsAtOnce}))
        ending.push_back({row.id<SubscriptionId>(0), row.id<CustomerId>(1)});
    return ending;
}

}  // namespace

void remind_of_trial(sql::Transaction& tx, BillingContext& billing, const SubscriptionId& id) {
    const auto subscription = load_subscription(tx, id);
    const bool in_trial = subscription && subscription->trial_end && !subscription->ended_at &&
                          subscription->status == SubscriptionStatus::Trialing;
    if (!in_trial) return;
    const Instant now = billing.clock.now();
    const Instant customer_now = customer_time(tx, subscription->customer, now);
    if (*subscription->trial_end - customer_now > kTrialReminderAhead + kToldSooner) return;
    if (tx.run(kTold, {id, *subscription->trial_end, now}) == 0) return;
    tell_trial_end(tx, {billing.ids, now, {"job:billing", ""}}, *subscription);
}

asio::awaitable<std::int64_t> remind_of_trials(BillingContext& billing) {
    const auto ending = co_await billing.db.read([&](sql::Transaction& tx) {
        return trials_ending(tx, billing.provider.name(), billing.clock.now());
    });
    if (ending.empty()) co_return 0;
    // The letter says with what it will be paid.
    for (const auto& trial : ending) co_await see_default_card(billing, trial.customer);
    co_await billing.db.write([&](sql::Transaction& tx) {
        for (const auto& trial : ending) remind_of_trial(tx, billing, trial.subscription);
        return true;
    });
    co_return static_cast<std::int64_t>(ending.size());
}

}  // namespace turnpike
