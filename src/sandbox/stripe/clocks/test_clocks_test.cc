#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/core/store.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using testing::TwinUnderTest;

constexpr std::string_view kClocks = "/v1/test_helpers/test_clocks";

std::string clock_url(const std::string& id) { return std::string(kClocks) + "/" + id; }

TEST(TestClocks, AdvanceInTheBackground) {
    TwinUnderTest twin;
    const auto made = twin.post(kClocks, "frozen_time=1700000000&name=renewal");
    ASSERT_EQ(made.status, 200);
    EXPECT_EQ(made.body.at("status"), "ready");
    EXPECT_EQ(made.body.at("frozen_time"), 1'700'000'000);
    EXPECT_EQ(made.body.at("deletes_after"), 1'762'799'351 + 30 * 86'400);
    const auto url = clock_url(made.body.at("id"));

    const auto moving = twin.post(url + "/advance", "frozen_time=1700086400");
    EXPECT_EQ(moving.body.at("status"), "advancing");
    EXPECT_EQ(moving.body.at("frozen_time"), 1'700'000'000);
    EXPECT_EQ(moving.body.at("status_details").at("advancing").at("target_frozen_time"),
              1'700'086'400);
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=1700086500").status, 400);

    twin.restart();  // an advance survives it
    twin.run_due_work();
    const auto ready = twin.get(url);
    EXPECT_EQ(ready.body.at("status"), "ready");
    EXPECT_EQ(ready.body.at("frozen_time"), 1'700'086'400);
    EXPECT_THAT(twin.event_types(),
                ElementsAre("test_helpers.test_clock.created", "test_helpers.test_clock.advancing",
                            "test_helpers.test_clock.ready"));
}

TEST(TestClocks, OnlyGoForwardAndNotTooFar) {
    TwinUnderTest twin;
    const auto url = clock_url(twin.post_id(kClocks, "frozen_time=1700000000"));
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=1700000000").status, 400);
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=1699999999").status, 400);
    EXPECT_EQ(twin.post(url + "/advance", "").error("code"), "parameter_missing");
    // Without subscriptions: two years from 2023-11-14T22:13:20Z, a leap year among them.
    const auto limit = 1'700'000'000LL + (366 + 365) * 86'400LL;
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=" + std::to_string(limit + 1)).status, 400);
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=" + std::to_string(limit)).status, 200);
}

TEST(TestClocks, GiveTheirCustomersTheirTime) {
    TwinUnderTest twin;
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    const auto customer = twin.post("/v1/customers", "test_clock=" + clock);
    EXPECT_EQ(customer.body.at("created"), 1'700'000'000);
    EXPECT_EQ(customer.body.at("test_clock"), clock);
    const auto event = twin.get("/v1/events?type=customer.created").body.at("data").at(0);
    EXPECT_EQ(event.at("created"), 1'700'000'000);
    // Listed only by clock.
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
    EXPECT_EQ(twin.get("/v1/customers?test_clock=" + clock).body.at("data").size(), 1U);
    EXPECT_EQ(twin.post("/v1/customers", "test_clock=clock_no").status, 400);
}

TEST(TestClocks, HaveThreeCustomersAtMost) {
    TwinUnderTest twin;
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(twin.post("/v1/customers", "test_clock=" + clock).status, 200);
    EXPECT_EQ(twin.post("/v1/customers", "test_clock=" + clock).status, 400);
}

// Wire specification, 1.11: three subscriptions per customer.
TEST(TestClocks, LetACustomerHaveThreeSubscriptions) {
    TwinUnderTest twin;
    const auto price = twin.post_id("/v1/prices",
                                    "currency=usd&unit_amount=0&recurring[interval]=month"
                                    "&product_data[name]=Free");
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    const auto form = [&](const std::string& customer) {
        return "customer=" + customer + "&items[0][price]=" + price;
    };
    const auto moved = twin.post_id("/v1/customers", "test_clock=" + clock);
    const auto first = twin.post_id("/v1/subscriptions", form(moved));
    for (int i = 1; i < 3; ++i) EXPECT_EQ(twin.post("/v1/subscriptions", form(moved)).status, 200);
    const auto refused = twin.post("/v1/subscriptions", form(moved));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.error("code"), "customer_max_subscriptions");
    EXPECT_EQ(refused.error("message"),
              "Customer " + moved + " already has the maximum 3 current subscriptions");
    twin.del("/v1/subscriptions/" + first);
    EXPECT_EQ(twin.post("/v1/subscriptions", form(moved)).status, 200);
    // In real time there is room for many.
    const auto other = twin.post_id("/v1/customers", "");
    for (int i = 0; i < 4; ++i) EXPECT_EQ(twin.post("/v1/subscriptions", form(other)).status, 200);
}

TEST(TestClocks, TakeTheirCustomersAlongWhenDeleted) {
    TwinUnderTest twin;
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    const auto customer = twin.post_id("/v1/customers", "test_clock=" + clock);
    EXPECT_EQ(twin.del(clock_url(clock)).body.at("deleted"), true);
    EXPECT_EQ(twin.get(clock_url(clock)).status, 404);
    EXPECT_EQ(twin.get("/v1/customers/" + customer).body.at("deleted"), true);
}

// Something is due on the clock that no feature has a step for.
TEST(TestClocks, SayWhenTheEngineFailed) {
    TwinUnderTest twin;
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    twin.twin().database().write_blocking([&](sql::Transaction& tx) {
        const auto account = find_account(tx, "sk_test_first").value_or("");
        const ObjectKey relic{account, "relic", "relic_1"};
        save_row(tx, {.key = relic, .body = R"({"id": "relic_1", "object": "relic"})"});
        save_due(tx, relic, from_unix_seconds(1'700'000'000), clock);
        return true;
    });
    const auto url = clock_url(clock);
    twin.post(url + "/advance", "frozen_time=1700086400");
    twin.run_due_work();
    EXPECT_EQ(twin.get(url).body.at("status"), "internal_failure");
    EXPECT_EQ(twin.get(url).body.at("frozen_time"), 1'700'000'000);
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=1700086400").error("message"),
              "The test clock has failed to advance and stays where it is. Delete it, and begin "
              "again with a new one.");
}

// Two months are as far as a monthly subscription lets a clock go, and two years without one. The
// first payment was not completed within 23 hours, so this one is incomplete_expired.
TEST(TestClocks, AreNotHeldBackByWhatHasEnded) {
    TwinUnderTest twin;
    const auto clock = twin.post_id(kClocks, "frozen_time=1700000000");
    const auto url = clock_url(clock);
    const auto customer = twin.post_id("/v1/customers", "test_clock=" + clock);
    const auto method = twin.post_id("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                     "customer=" + customer);
    const auto price = twin.post_id("/v1/prices",
                                    "currency=usd&unit_amount=1000&recurring[interval]=month&"
                                    "product_data[name]=Pro");
    const auto subscription =
        twin.post_id("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" + price +
                                              "&default_payment_method=" + method +
                                              "&payment_behavior=allow_incomplete");
    twin.post(url + "/advance", "frozen_time=1700086400");
    twin.run_due_work();
    EXPECT_EQ(twin.get("/v1/subscriptions/" + subscription).body.at("status"),
              "incomplete_expired");
    EXPECT_EQ(twin.post(url + "/advance", "frozen_time=1710000000").status, 200);
}

}  // namespace
}  // namespace turnpike::twin
