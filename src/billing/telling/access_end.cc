#include "billing/telling/access_end.h"

#include <string>
#include <utility>
#include <vector>

#include "base/time_in_words.h"
#include "billing/provider/customer_time.h"
#include "billing/telling/letter_values.h"
#include "notices/notice.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

constexpr int kGracesAtOnce = 100;

// A test clock stands still: its customers' graces end by it.
constexpr std::string_view kEndedGraces = R"sql(
    SELECT s.id
      FROM subscriptions s JOIN customers c ON c.id = s.customer_id
      LEFT JOIN test_clocks k ON k.id = c.test_clock_id
     WHERE s.status = 'past_due' AND s.provider = $1 AND s.ended_at IS NULL
       AND s.pause_behavior IS NULL
       AND s.grace_ends_at <= COALESCE(k.frozen_time, $2)
       AND NOT EXISTS (SELECT 1 FROM access_ends_told t
                        WHERE t.subscription_id = s.id AND t.ended_at = s.grace_ends_at)
     ORDER BY s.grace_ends_at, s.id
     LIMIT $3
)sql";
constexpr std::string_view kTellOnce = R"sql(
    INSERT INTO access_ends_told (subscription_id, ended_at, told_at) VALUES ($1, $2, $3)
    ON CONFLICT (subscription_id, ended_at) DO NOTHING
)sql";

/// Much may happen between a look and a letter.
bool is_unpaid(sql::Transaction& tx, const Subscription& subscription, Instant now) {
    const Instant customer_now = customer_time(tx, subscription.customer, now);
    return status_at(access_terms(subscription), customer_now) == SubscriptionStatus::Unpaid;
}

}  // namespace

void tell_access_end(sql::Transaction& tx, const Subscription& subscription, Instant now,
                     IdSource& ids) {
    const Instant customer_now = customer_time(tx, subscription.customer, now);
    const auto& grace = subscription.grace_ends_at;
    const bool is_over = grace && *grace <= customer_now;
    // The provider may give up before the grace is over.
    if (tx.run(kTellOnce, {subscription.id, grace.value_or(subscription.period.start), now}) == 0)
        return;
    const auto open = open_invoices(tx, subscription);
    if (open.empty()) return;
    const Invoice& newest = open.front();
    Money owed(0, newest.amount_due.currency());
    for (const auto& invoice : open)
        if (invoice.amount_due.currency() == owed.currency()) owed = owed + owed_of(invoice);
    LetterValues values{{"plan", plan_name(tx, subscription.plan_version)},
                        {"amount", owed.text()}};
    values[is_over ? "ended_at" : "ended"] = is_over ? time_in_words(*grace) : std::string();
    if (newest.number) values["number"] = *newest.number;
    if (newest.hosted_url) values["hosted_url"] = *newest.hosted_url;
    post_notice(tx,
                {.kind = "access_ended",
                 .obligation = obligation_at(subscription, kAccessEnded,
                                             grace.value_or(subscription.period.start)),
                 .customer = subscription.customer,
                 .values = std::move(values)},
                now, ids);
}

asio::awaitable<std::int64_t> tell_ended_graces(BillingContext& billing) {
    const Instant now = billing.clock.now();
    auto look = [&](sql::Transaction& tx) {
        std::vector<SubscriptionId> ended;
        for (const auto& row : tx.all(kEndedGraces, {billing.provider.name(), now, kGracesAtOnce}))
            ended.push_back(row.id<SubscriptionId>(0));
        return ended;
    };
    const auto ended = co_await billing.db.read(std::move(look));
    if (ended.empty()) co_return 0;
    auto tell = [&](sql::Transaction& tx) {
        for (const auto& id : ended) {
            const auto subscription = load_subscription(tx, id);
            if (subscription && is_unpaid(tx, *subscription, now))
                tell_access_end(tx, *subscription, now, billing.ids);
        }
        return true;
    };
    co_await billing.db.write(std::move(tell));
    co_return static_cast<std::int64_t>(ended.size());
}

}  // namespace turnpike
