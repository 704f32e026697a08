#include <chrono>
#include <optional>

#include <gtest/gtest.h>

#include "billing/telling/letters.h"
#include "billing/testing/plan_migration_testing.h"
#include "subscriptions/history.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds, std::chrono::seconds;

class Takeovers : public testing::PlanMigrationTest {
protected:
    /// As an import leaves it in the history.
    void take_over(const Subscription& s, Instant at) {
        db().write_blocking([&](sql::Transaction& tx) {
            append_event(tx, {.id = world->ids.make<SubscriptionEventId>(at),
                              .subscription = s.id,
                              .number = s.version + 1,
                              .customer = s.customer,
                              .at = at,
                              .recorded_at = at,
                              .plan_version = s.plan_version,
                              .price = s.price,
                              .period = s.period,
                              .actor = std::string(kImporter),
                              .request_id = ""});
            return true;
        });
    }
    bool was_before(const Subscription& of, const std::optional<SubscriptionId>& invoiced,
                    Instant moment) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return was_before_takeover(tx, of.customer, invoiced, moment);
        });
    }
};
INSTANTIATE_TEST_SUITE_P(, Takeovers, sql::both_engines(), sql::engine_name);

// A provider's 12:00:00 may be anything up to 12:00:00.999, so that second is not before.
TEST_P(Takeovers, PartWhatSomebodyElseHasToldFromWhatIsOurs) {
    const auto sold = seller->subscribe("alice", seller->sell());
    const Instant second = std::chrono::floor<seconds>(world->clock.now()) + std::chrono::hours(1);
    EXPECT_FALSE(was_before(sold, sold.id, second - seconds(1)));
    EXPECT_FALSE(was_before(sold, std::nullopt, second - seconds(1)));

    take_over(sold, second + milliseconds(700));
    const auto another = world->ids.make<SubscriptionId>(second);
    EXPECT_TRUE(was_before(sold, sold.id, second - seconds(1)));
    EXPECT_TRUE(was_before(sold, std::nullopt, second - seconds(1)));
    EXPECT_FALSE(was_before(sold, another, second - seconds(1)));
    EXPECT_FALSE(was_before(sold, sold.id, second));
}

}  // namespace
}  // namespace turnpike
