#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using ::testing::ElementsAre;
using testing::kDay;
using testing::TwinUnderTest;

// Noon in India on 10 January 2027; a month later is midnight of 10 February: 9 February, 18:30.
constexpr std::int64_t kStart = 1'799'562'600;
constexpr std::int64_t kFirstEnd = 1'802'197'800;

TEST(RazorpaySubscriptions, BeginWithTheirFirstPayment) {
    ASSERT_EQ(from_unix_seconds(kStart), *parse_rfc3339("2027-01-10T06:30:00Z"));
    ASSERT_EQ(from_unix_seconds(kFirstEnd), *parse_rfc3339("2027-02-09T18:30:00Z"));
    TwinUnderTest twin;
    twin.listen();
    const auto id = twin.active_subscription(twin.plan(), R"(, "quantity": 3)");
    const auto subscription = twin.look(id);
    EXPECT_EQ(subscription.at("status"), "active");
    EXPECT_EQ(subscription.at("current_start"), kStart);
    EXPECT_EQ(subscription.at("current_end"), kFirstEnd);
    EXPECT_EQ(subscription.at("charge_at"), kFirstEnd);
    EXPECT_EQ(subscription.at("paid_count"), 1);
    EXPECT_EQ(subscription.at("remaining_count"), 11);
    // The twelfth charge is due on 10 December.
    EXPECT_EQ(subscription.at("end_at"), unix_seconds(*parse_rfc3339("2027-12-09T18:30:00Z")));
    EXPECT_THAT(twin.events(), ElementsAre("payment.authorized", "payment.captured", "order.paid",
                                           "invoice.paid", "subscription.authenticated",
                                           "subscription.activated", "subscription.charged"));
    const auto invoices = twin.get("/v1/invoices?subscription_id=" + id).body;
    ASSERT_EQ(invoices.at("count"), 1);
    EXPECT_EQ(invoices.at("items").at(0).at("amount"), 150'000);
    EXPECT_EQ(invoices.at("items").at(0).at("billing_start"), kStart);
    EXPECT_EQ(invoices.at("items").at(0).at("billing_end"), kFirstEnd);
}

TEST(RazorpaySubscriptions, StayCreatedUntilSomebodyPays) {
    TwinUnderTest twin;
    twin.listen();
    const auto id = twin.subscription(twin.plan());
    twin.submit("/p/subscription/" + id, "action=fail");
    EXPECT_EQ(twin.look(id).at("status"), "created");
    EXPECT_THAT(twin.events(), ElementsAre("payment.failed"));
    twin.submit("/p/subscription/" + id, "action=authorise");
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.get("/v1/invoices?subscription_id=" + id).body.at("count"), 1);
    // A second press of the button does nothing.
    twin.submit("/p/subscription/" + id, "action=authorise");
    EXPECT_EQ(twin.look(id).at("paid_count"), 1);
}

TEST(RazorpaySubscriptions, ExpireAtTheEarlierOfTheirTimes) {
    TwinUnderTest twin;
    const auto plan = twin.plan();
    const auto at = [](std::int64_t days) { return std::to_string(kStart + days * kDay); };
    const auto by_start = twin.subscription(plan, R"(, "start_at": )" + at(5));
    const auto by_expiry = twin.subscription(plan, R"(, "expire_by": )" + at(3));
    const auto by_both =
        twin.subscription(plan, R"(, "start_at": )" + at(5) + R"(, "expire_by": )" + at(3));
    const auto never = twin.subscription(plan);
    twin.advance(4 * kDay);
    EXPECT_EQ(twin.look(by_start).at("status"), "created");
    EXPECT_EQ(twin.look(by_expiry).at("status"), "expired");
    EXPECT_EQ(twin.look(by_both).at("status"), "expired");
    twin.advance(kDay);
    EXPECT_EQ(twin.look(by_start).at("status"), "expired");
    EXPECT_EQ(twin.look(never).at("status"), "created");
    EXPECT_EQ(twin.post("/v1/subscriptions/" + by_start + "/cancel").error("description"),
              "Subscription is not cancellable in expired status.");
}

TEST(RazorpaySubscriptions, ProveTheMandateWhenTheyStartLater) {
    TwinUnderTest twin;
    twin.listen();
    const auto start = std::to_string(kStart + 10 * kDay);
    const auto id = twin.active_subscription(twin.plan(), R"(, "start_at": )" + start);
    EXPECT_EQ(twin.look(id).at("status"), "authenticated");
    EXPECT_THAT(twin.events(),
                ElementsAre("payment.authorized", "payment.captured", "order.paid",
                            "refund.created", "refund.processed", "subscription.authenticated"));
    twin.advance(10 * kDay);
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.look(id).at("current_start"), kStart + 10 * kDay);
    EXPECT_EQ(twin.events().at(10), "subscription.activated");
}

TEST(RazorpaySubscriptions, AreRepeatedForThreeDaysThenHalted) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.let_charges(id, "fail");
    twin.listen();
    twin.advance(kFirstEnd - kStart);
    for (int attempts = 1; attempts <= 3; ++attempts) {
        EXPECT_EQ(twin.look(id).at("status"), "pending");
        EXPECT_EQ(twin.look(id).at("auth_attempts"), attempts);
        EXPECT_EQ(twin.look(id).at("charge_at"), kFirstEnd + attempts * kDay);
        twin.advance(kDay);
    }
    EXPECT_EQ(twin.look(id).at("status"), "halted");
    EXPECT_THAT(twin.events(),
                ElementsAre("payment.failed", "subscription.pending", "payment.failed",
                            "subscription.pending", "payment.failed", "subscription.pending",
                            "payment.failed", "subscription.halted"));
}

TEST(RazorpaySubscriptions, AreBilledButNotChargedWhileHalted) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.let_charges(id, "fail");
    twin.advance(100 * kDay);  // until 20 April: the bills of February, March and April are open
    EXPECT_EQ(twin.look(id).at("status"), "halted");
    const auto open = [&] {
        int count = 0;
        for (const Json& invoice : twin.get("/v1/invoices?subscription_id=" + id).body.at("items"))
            count += invoice.at("status") == "issued" ? 1 : 0;
        return count;
    };
    EXPECT_EQ(open(), 3);
    EXPECT_EQ(twin.look(id).at("remaining_count"), 8);
    twin.submit("/p/subscription/" + id, "action=authorise");
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.look(id).at("paid_count"), 1);
    twin.advance(31 * kDay);
    EXPECT_EQ(open(), 3);
    EXPECT_EQ(twin.look(id).at("paid_count"), 2);
}

TEST(RazorpaySubscriptions, AreChargedAtOnceWithAnotherCardWhilePending) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.let_charges(id, "fail");
    twin.advance(kFirstEnd - kStart + kDay / 2);
    ASSERT_EQ(twin.look(id).at("status"), "pending");
    twin.submit("/p/subscription/" + id, "action=authorise&method=upi");
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.look(id).at("paid_count"), 2);
    EXPECT_EQ(twin.look(id).at("payment_method"), "upi");
    EXPECT_EQ(twin.look(id).at("auth_attempts"), 0);
}

TEST(RazorpaySubscriptions, AreRevivedByThePaymentOfAnOpenInvoice) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.let_charges(id, "fail");
    twin.advance(40 * kDay);
    ASSERT_EQ(twin.look(id).at("status"), "halted");
    const auto invoice =
        text_of(twin.get("/v1/invoices?subscription_id=" + id).body.at("items").at(0), "id");
    twin.submit("/p/invoice/" + invoice, "action=fail");
    EXPECT_EQ(twin.look(id).at("status"), "halted");
    twin.submit("/p/invoice/" + invoice, "action=authorise");
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.get("/v1/invoices/" + invoice).body.at("status"), "paid");
}

TEST(RazorpaySubscriptions, AreCompletedByTheirLastCharge) {
    TwinUnderTest twin;
    twin.listen();
    const auto plan = twin.plan();
    const auto made =
        twin.post("/v1/subscriptions", R"({"total_count": 2, "plan_id": ")" + plan + R"("})");
    const auto id = text_of(made.body, "id");
    twin.submit("/p/subscription/" + id, "action=authorise");
    EXPECT_EQ(twin.look(id).at("status"), "active");
    EXPECT_EQ(twin.look(id).at("end_at"), kFirstEnd);
    twin.advance(40 * kDay);
    EXPECT_EQ(twin.look(id).at("status"), "completed");
    EXPECT_EQ(twin.look(id).at("ended_at"), kFirstEnd);
    EXPECT_EQ(twin.events().back(), "subscription.completed");
    const auto before = twin.events().size();
    twin.advance(100 * kDay);
    EXPECT_EQ(twin.events().size(), before);
}

TEST(RazorpaySubscriptions, SkipTheCyclesOfAPause) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    const auto path = "/v1/subscriptions/" + id;
    const auto paused = twin.post(path + "/pause", R"({"pause_at": "now"})").body;
    EXPECT_EQ(paused.at("status"), "paused");
    EXPECT_EQ(paused.at("paused_at"), kStart);
    EXPECT_TRUE(paused.at("charge_at").is_null());
    twin.advance(40 * kDay);
    EXPECT_EQ(twin.look(id).at("paid_count"), 1);
    const auto resumed = twin.post(path + "/resume", R"({"resume_at": "now"})").body;
    EXPECT_EQ(resumed.at("status"), "active");
    // 10 February to 10 March was not charged; the next charge is on 10 March.
    EXPECT_EQ(resumed.at("charge_at"), unix_seconds(*parse_rfc3339("2027-03-09T18:30:00Z")));
    EXPECT_EQ(twin.post(path + "/resume").error("field"), "status");
    twin.advance(31 * kDay);
    EXPECT_EQ(twin.look(id).at("paid_count"), 2);
}

TEST(RazorpaySubscriptions, AreCancelledByAPauseBeforeTheyStart) {
    TwinUnderTest twin;
    const auto start = std::to_string(kStart + 10 * kDay);
    const auto id = twin.active_subscription(twin.plan(), R"(, "start_at": )" + start);
    EXPECT_EQ(twin.post("/v1/subscriptions/" + id + "/pause").body.at("status"), "cancelled");
    const auto created = twin.subscription(twin.plan());
    EXPECT_EQ(twin.post("/v1/subscriptions/" + created + "/pause").status, 400);
}

TEST(RazorpaySubscriptions, CancelAtTheEndOnlyWhatRuns) {
    TwinUnderTest twin;
    const auto id = twin.subscription(twin.plan());
    const auto path = "/v1/subscriptions/" + id + "/cancel";
    EXPECT_EQ(twin.post(path, R"({"cancel_at_cycle_end": true})").error("description"),
              "Subscription cannot be cancelled since no billing cycle is going on");
    EXPECT_EQ(twin.post(path).body.at("status"), "cancelled");
    EXPECT_EQ(twin.post(path).error("field"), "status");
}

TEST(RazorpaySubscriptions, GiveBackWhatALesserPlanLeaves) {
    TwinUnderTest twin;
    twin.listen();
    const auto id = twin.active_subscription(twin.plan(), R"(, "quantity": 2)");
    // 10 January to 10 February has 31 days; on 20 January 21 of them remain, the day counted in.
    twin.advance(10 * kDay);
    const auto updated = twin.patch("/v1/subscriptions/" + id, R"({"quantity": 1})");
    ASSERT_EQ(updated.status, 200) << updated.text;
    EXPECT_EQ(updated.body.at("quantity"), 1);
    const auto refunds = twin.get("/v1/refunds").body;
    ASSERT_EQ(refunds.at("count"), 1);
    EXPECT_EQ(refunds.at("items").at(0).at("amount"), 33'871);  // 50000 * 21 / 31 = 33870.97
    EXPECT_EQ(twin.events().back(), "subscription.updated");
    EXPECT_EQ(updated.body.at("current_end"), kFirstEnd);
}

TEST(RazorpaySubscriptions, StayAsTheyAreWhenTheDifferenceIsDeclined) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.let_charges(id, "fail");
    const auto before = twin.look(id);
    EXPECT_EQ(twin.patch("/v1/subscriptions/" + id, R"({"quantity": 2})").status, 400);
    EXPECT_EQ(twin.look(id), before);
    EXPECT_EQ(twin.get("/v1/invoices").body.at("count"), 1);
}

TEST(RazorpaySubscriptions, BeginACycleWithAnotherInterval) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    const auto yearly = twin.plan(R"({"period": "yearly", "interval": 1, "item":
        {"name": "Year", "amount": 500000, "currency": "INR"}})");
    twin.advance(10 * kDay);
    const auto updated =
        twin.patch("/v1/subscriptions/" + id, R"({"plan_id": ")" + yearly + R"("})").body;
    EXPECT_EQ(updated.at("current_start"), kStart + 10 * kDay);
    EXPECT_EQ(updated.at("current_end"), unix_seconds(*parse_rfc3339("2028-01-19T18:30:00Z")));
    const auto invoice = twin.get("/v1/invoices").body.at("items").at(0);
    EXPECT_EQ(invoice.at("amount"), 500'000 - 33'871);  // less what January leaves: 21 of 31 days
}

TEST(RazorpaySubscriptions, TakeScheduledChangesWithTheNextCycle) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    const auto path = "/v1/subscriptions/" + id;
    twin.patch(path, R"({"quantity": 4, "remaining_count": 3, "schedule_change_at": "cycle_end"})");
    EXPECT_EQ(twin.look(id).at("quantity"), 1);
    EXPECT_EQ(twin.look(id).at("change_scheduled_at"), kFirstEnd);
    EXPECT_EQ(twin.get(path + "/retrieve_scheduled_changes").body.at("quantity"), 4);
    twin.listen();
    twin.advance(kFirstEnd - kStart);
    const auto changed = twin.look(id);
    EXPECT_EQ(changed.at("quantity"), 4);
    EXPECT_EQ(changed.at("total_count"), 4);
    EXPECT_EQ(changed.at("remaining_count"), 2);
    EXPECT_EQ(changed.at("has_scheduled_changes"), false);
    EXPECT_EQ(twin.events().front(), "subscription.updated");
    EXPECT_EQ(twin.get("/v1/invoices").body.at("items").at(0).at("amount"), 200'000);
}

TEST(RazorpaySubscriptions, AreUpdatedOnlyWhereRazorpayCan) {
    TwinUnderTest twin;
    const auto created = twin.subscription(twin.plan());
    EXPECT_EQ(
        twin.patch("/v1/subscriptions/" + created, R"({"quantity": 2})").error("description"),
        "Can't update subscription when subscription is not in Authenticated or Active state");
    twin.submit("/p/subscription/" + created, "action=authorise&method=emandate");
    EXPECT_EQ(twin.patch("/v1/subscriptions/" + created, R"({"quantity": 2})").error("description"),
              "subscriptions cannot be updated when payment mode is Emandate");
    // On the first day of a cycle the whole difference counts: 40 paise.
    const auto close = twin.plan(R"({"period": "monthly", "interval": 1, "item":
        {"name": "Near", "amount": 50040, "currency": "INR"}})");
    const auto id = twin.active_subscription(twin.plan());
    EXPECT_THAT(twin.patch("/v1/subscriptions/" + id, R"({"plan_id": ")" + close + R"("})")
                    .error("description"),
                ::testing::HasSubstr("at least 50 currency subunits"));
}

TEST(RazorpaySubscriptions, GoOnAfterARestartAndOnTheRealClock) {
    TwinUnderTest twin;
    const auto id = twin.active_subscription(twin.plan());
    twin.advance(20 * kDay);
    const auto before = twin.look(id);
    twin.restart();
    EXPECT_EQ(twin.look(id), before);
    EXPECT_EQ(twin.get("/_sandbox/clock").body.at("now"), kStart + 20 * kDay);
    twin.clock().advance(std::chrono::days(11));
    twin.run_due_work();
    EXPECT_EQ(twin.look(id).at("paid_count"), 2);
    // Another account's clock has not been moved.
    twin.use_keys("rzp_test_second:secret");
    EXPECT_EQ(twin.get("/_sandbox/clock").body.at("now"), kStart + 11 * kDay);
}

TEST(RazorpayClock, GoesForwardByAYearAtMost) {
    TwinUnderTest twin;
    for (const char* body :
         {"{}", R"({"advance_seconds": 0})", R"({"advance_seconds": -1})", R"({"now": 5})",
          R"({"advance_seconds": 99999999})", R"({"now": 9999999999})",
          R"({"now": 1799562601, "advance_seconds": 1})"}) {
        SCOPED_TRACE(body);
        EXPECT_EQ(twin.post("/_sandbox/clock", body).status, 400);
    }
    EXPECT_EQ(twin.post("/_sandbox/clock", R"({"now": 1799562601})").body.at("now"), kStart + 1);
}

}  // namespace
}  // namespace turnpike::twin::razorpay
