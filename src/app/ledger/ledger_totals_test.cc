#include "app/ledger/ledger_totals.h"

#include <gmock/gmock.h>

#include "access/handler_testing.h"
#include "people/users.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

class LedgerTotalsTest : public sql::DatabaseTest {};
INSTANTIATE_TEST_SUITE_P(Engines, LedgerTotalsTest, sql::both_engines(), sql::engine_name);

TEST_P(LedgerTotalsTest, AreWhatTheLedgerKeeps) {
    http::Metrics metrics;
    ManualClock clock{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids;
    for (const char* email : {"a@example.com", "b@example.com"}) {
        const auto made = db().write_blocking([&](sql::Transaction& tx) {
            return create_user(tx, {email, "-", std::nullopt}, {"", ""}, clock.now(), ids);
        });
        ASSERT_TRUE(made);
    }
    const auto sample = [&]() -> boost::asio::awaitable<bool> {
        co_await sample_ledger(db(), clock, metrics);
        co_return true;
    };
    testing::run(sample());
    const std::string text = metrics.scrape();
    for (const char* line : {"turnpike_users 2\n", "turnpike_organizations 0\n",
                             "turnpike_active_subscriptions 0\n", "turnpike_ledger_up 1\n"})
        EXPECT_THAT(text, HasSubstr(line));
}

}  // namespace
}  // namespace turnpike
