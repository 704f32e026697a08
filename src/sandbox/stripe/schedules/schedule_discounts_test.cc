#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedule_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

/// Discounts that begin and end with the phases of a schedule.
class ScheduleDiscountsTest : public ScheduleTest {
protected:
    ScheduleDiscountsTest() {
        sandbox_.post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
        sandbox_.post("/v1/coupons", "id=TENTH&percent_off=10&duration=forever");
        sandbox_.post("/v1/coupons", "id=ONCE&percent_off=50&duration=once");
        sandbox_.new_events();
    }
    static Json entry(const char* kind, const std::string& id) {
        Json entry{{"coupon", nullptr}, {"discount", nullptr}, {"promotion_code", nullptr}};
        entry[kind] = id;
        return entry;
    }
    std::int64_t redeemed(const std::string& coupon) {
        return integer_of(sandbox_.get("/v1/coupons/" + coupon), "times_redeemed");
    }
    std::int64_t newest_total() { return integer_of(invoices().at(0), "total"); }
    std::string setup_price() {
        const Json product = sandbox_.post("/v1/products", "name=Setup");
        return text_of(sandbox_.post("/v1/prices", "product=" + text_of(product, "id") +
                                                       "&currency=usd&unit_amount=500"),
                       "id");
    }
};

TEST_F(ScheduleDiscountsTest, APhasesDiscountBeginsAndEndsWithIt) {
    const Json schedule = create(phase(0, one_, months(1) + " [discounts][0][coupon]=HALF") +
                                 phase(1, one_, months(1)));
    EXPECT_EQ(schedule["phases"][0]["discounts"], Json::array({entry("coupon", "HALF")}));
    EXPECT_EQ(schedule["phases"][1]["discounts"], Json::array());
    EXPECT_EQ(newest_total(), 1550);
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.created"));
    EXPECT_EQ(subscription_of(schedule)["discounts"].size(), 1);
    EXPECT_EQ(redeemed("HALF"), 1);
    until("2026-04-01");
    EXPECT_EQ(newest_total(), 3100);
    EXPECT_THAT(sandbox_.new_events(), Contains("customer.discount.deleted"));
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
}

TEST_F(ScheduleDiscountsTest, AreRedeemedWhenTheirPhaseBegins) {
    const Json schedule = create(phase(0, one_, months(1)) +
                                 phase(1, one_,
                                       months(1) + " [discounts][0][coupon]=HALF "
                                                   "[items][0][discounts][0][coupon]=TENTH"));
    EXPECT_EQ(schedule["phases"][1]["items"][0]["discounts"],
              Json::array({entry("coupon", "TENTH")}));
    EXPECT_EQ(newest_total(), 3100);
    EXPECT_EQ(redeemed("HALF"), 0);
    until("2026-04-01");
    // 31.00, less 10 % of it (the item's comes first), less half of the 27.90 that are left.
    EXPECT_EQ(newest_total(), 1395);
    EXPECT_EQ(redeemed("HALF"), 1);
    EXPECT_EQ(redeemed("TENTH"), 1);
    const Json discount = sandbox_.last_event("customer.discount.created")["object"];
    EXPECT_EQ(day_of(discount["start"]), "2026-04-01");
    const Json item = subscription_of(schedule)["items"]["data"][0];
    EXPECT_EQ(item["discounts"].size(), 1);
}

// 10 of 31 days are used: 42 dollars of the second price are due, half of which is taken off; 21 of
// the first are credited.
TEST_F(ScheduleDiscountsTest, ComeOffTheProrationsOfTheirPhase) {
    create(phase(0, one_, "[end_date]=" + seconds("2026-03-11")) +
           phase(1, two_, months(1) + " [discounts][0][coupon]=HALF"));
    until("2026-03-11");
    EXPECT_THAT(pending(), ElementsAre(2100, -2100));
}

TEST_F(ScheduleDiscountsTest, ComeOffTheChargesOfTheirPhase) {
    const std::string setup = setup_price();
    const Json schedule = create(phase(0, one_, months(1)) +
                                 phase(1, one_,
                                       months(1) + " [add_invoice_items][0][price]=" + setup +
                                           " [add_invoice_items][0][discounts][0][coupon]=HALF"));
    EXPECT_EQ(schedule["phases"][1]["add_invoice_items"][0]["discounts"],
              Json::array({entry("coupon", "HALF")}));
    until("2026-04-01");
    EXPECT_EQ(newest_total(), 3100 + 250);
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
}

TEST_F(ScheduleDiscountsTest, AnUpdateThatRepeatsThemRedeemsNothing) {
    const Json schedule = create(phase(0, one_,
                                       months(1) + " [discounts][0][coupon]=HALF "
                                                   "[items][0][discounts][0][coupon]=TENTH"));
    const Json before = subscription_of(schedule);
    sandbox_.new_events();
    sandbox_.post(path_of(schedule), running(one_,
                                             "[discounts][0][coupon]=HALF "
                                             "[items][0][discounts][0][coupon]=TENTH "
                                             "[metadata][a]=b"));
    EXPECT_EQ(subscription_of(schedule)["discounts"], before["discounts"]);
    EXPECT_EQ(redeemed("HALF"), 1);
    EXPECT_EQ(redeemed("TENTH"), 1);
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("customer.discount.created")));

    // Another one beside it: what is there already stays.
    sandbox_.post(path_of(schedule), running(one_,
                                             "[discounts][0][coupon]=HALF "
                                             "[discounts][1][coupon]=TENTH "
                                             "[items][0][discounts][0][coupon]=TENTH"));
    const Json discounts = subscription_of(schedule)["discounts"];
    ASSERT_EQ(discounts.size(), 2);
    EXPECT_EQ(discounts[0], before["discounts"][0]);
    EXPECT_EQ(redeemed("HALF"), 1);

    sandbox_.post(path_of(schedule), running(one_));
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
}

TEST_F(ScheduleDiscountsTest, AUsedUpDiscountDoesNotComeBackWithAnUpdate) {
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=ONCE"));
    until("2026-03-02");
    EXPECT_EQ(invoices().at(0)["amount_paid"], 1550);
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
    EXPECT_EQ(get(schedule)["phases"].size(), 1);
    sandbox_.post(path_of(schedule), "end_behavior=cancel");
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
    until("2026-04-02");
    EXPECT_EQ(invoices().at(0)["amount_paid"], 3100);
}

TEST_F(ScheduleDiscountsTest, ASubscriptionsOwnAreReusedByItsSchedule) {
    const Json subscription = subscribe(one_,
                                        "&discounts[0][coupon]=HALF"
                                        "&items[0][discounts][0][coupon]=TENTH");
    const Json schedule = sandbox_.post("/v1/subscription_schedules",
                                        "from_subscription=" + text_of(subscription, "id"));
    const Json& mirrored = schedule["phases"][0];
    const auto id = subscription["discounts"][0].get<std::string>();
    EXPECT_EQ(mirrored["discounts"], Json::array({entry("discount", id)}));
    EXPECT_EQ(mirrored["items"][0]["discounts"].size(), 1);
    sandbox_.post(
        path_of(schedule),
        running(one_, "[discounts][0][discount]=" + id + " [items][0][discounts][0][discount]=" +
                          text_of(mirrored["items"][0]["discounts"][0], "discount")) +
            phase(1, two_, months(1) + " [discounts][0][discount]=" + id));
    until("2026-04-01");
    EXPECT_EQ(newest_total(), 3100);  // half of 62.00
    EXPECT_EQ(redeemed("HALF"), 1);
    EXPECT_THAT(subscription_of(schedule)["discounts"], ElementsAre(id));
}

// A direct change of items begins a copy of the phase with what the subscription has.
TEST_F(ScheduleDiscountsTest, ASplitPhaseKeepsThem) {
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=HALF"));
    const Json subscription = subscription_of(schedule);
    until("2026-03-11");
    sandbox_.post("/v1/subscriptions/" + text_of(subscription, "id"),
                  "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                      "&items[0][quantity]=2");
    const Json split = get(schedule);
    ASSERT_EQ(split["phases"].size(), 2);
    EXPECT_EQ(split["phases"][1]["discounts"],
              Json::array({entry("discount", subscription["discounts"][0].get<std::string>())}));
}

// So does one of its discounts; what the subscription is given lasts as long as its phase.
TEST_F(ScheduleDiscountsTest, ADirectChangeOfDiscountsSplitsThePhase) {
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=HALF") +
                                 phase(1, one_, months(1)));
    const std::string path = "/v1/subscriptions/" + text_of(schedule, "subscription");
    until("2026-03-11");
    sandbox_.new_events();
    sandbox_.post(path, "discounts[0][coupon]=TENTH");
    EXPECT_THAT(sandbox_.new_events(), Contains("subscription_schedule.updated"));
    const Json split = get(schedule);
    ASSERT_EQ(split["phases"].size(), 3);
    EXPECT_EQ(split["phases"][0]["discounts"], Json::array({entry("coupon", "HALF")}));
    EXPECT_EQ(day_of(split["phases"][0]["end_date"]), "2026-03-11");
    const auto id = subscription_of(schedule)["discounts"][0].get<std::string>();
    EXPECT_EQ(split["phases"][1]["discounts"], Json::array({entry("discount", id)}));
    EXPECT_EQ(day_of(split["phases"][1]["end_date"]), "2026-05-01");
    EXPECT_EQ(day_of(split["current_phase"]["start_date"]), "2026-03-11");
    // An update of the schedule does not bring back what was taken away.
    sandbox_.post(path_of(schedule), "end_behavior=cancel");
    EXPECT_THAT(subscription_of(schedule)["discounts"], ElementsAre(id));
    until("2026-04-02");
    EXPECT_EQ(newest_total(), 2790);
    until("2026-05-01");
    EXPECT_EQ(newest_total(), 3100);
}

TEST_F(ScheduleDiscountsTest, ARemovedOrAnItemsDiscountIsOneToo) {
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=HALF"));
    const std::string path = "/v1/subscriptions/" + text_of(schedule, "subscription");
    sandbox_.remove(path + "/discount");
    EXPECT_EQ(get(schedule)["phases"].size(), 1);  // of the same second
    EXPECT_EQ(get(schedule)["phases"][0]["discounts"], Json::array());
    until("2026-03-11");
    const std::string item = text_of(subscription_of(schedule)["items"]["data"][0], "id");
    sandbox_.post("/v1/subscription_items/" + item, "discounts[0][coupon]=TENTH");
    const Json split = get(schedule);
    ASSERT_EQ(split["phases"].size(), 2);
    EXPECT_EQ(
        split["phases"][1]["items"][0]["discounts"],
        Json::array({entry(
            "discount",
            subscription_of(schedule)["items"]["data"][0]["discounts"][0].get<std::string>())}));
}

// Neither the use of a coupon nor a repetition of what the phase says is a change.
TEST_F(ScheduleDiscountsTest, WhatIsOverOrTheSameSplitsNothing) {
    const Json schedule = create(phase(0, one_, months(2) + " [discounts][0][coupon]=ONCE"));
    until("2026-03-02");
    EXPECT_THAT(subscription_of(schedule)["discounts"], IsEmpty());
    EXPECT_EQ(get(schedule)["phases"].size(), 1);
    const Json other = create(phase(0, one_, months(2) + " [discounts][0][coupon]=HALF"));
    const Json subscription = subscription_of(other);
    until("2026-03-11");
    sandbox_.post("/v1/subscriptions/" + text_of(subscription, "id"),
                  "discounts[0][discount]=" + subscription["discounts"][0].get<std::string>());
    EXPECT_EQ(get(other)["phases"].size(), 1);
}

TEST_F(ScheduleDiscountsTest, AreShownWhole) {
    const Json schedule = create(phase(0, one_, months(1) + " [discounts][0][coupon]=HALF"));
    const Json shown = sandbox_.get(path_of(schedule), "expand[]=phases.discounts.coupon");
    EXPECT_EQ(shown["phases"][0]["discounts"][0]["coupon"]["percent_off"], 50);
}

// What a schedule cannot do when its time has come ends it: see README.md.
TEST_F(ScheduleDiscountsTest, ACouponThatIsGoneEndsTheSchedule) {
    const Json schedule = create(phase(0, one_, months(1)) +
                                 phase(1, two_, months(1) + " [discounts][0][coupon]=HALF"));
    sandbox_.remove("/v1/coupons/HALF");
    until("2026-04-01");
    EXPECT_EQ(get(schedule)["status"], "released");
    EXPECT_EQ(newest_total(), 3100);
}

// A promotion code's minimum is compared with what its phase costs, not with what runs before it.
TEST_F(ScheduleDiscountsTest, APromotionCodesMinimumIsThePhases) {
    const Json code = sandbox_.post("/v1/promotion_codes",
                                    "promotion[type]=coupon&promotion[coupon]=HALF"
                                    "&restrictions[minimum_amount]=5000"
                                    "&restrictions[minimum_amount_currency]=usd");
    const std::string with = " [discounts][0][promotion_code]=" + text_of(code, "id");
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscription_schedules",
                           "customer=" + customer_ + phase(0, one_, months(1) + with))
                  .param,
              "phases[0][discounts][0][promotion_code]");
    const Json schedule = create(phase(0, one_, months(1)) + phase(1, two_, months(1) + with));
    until("2026-04-01");
    EXPECT_EQ(newest_total(), 3100);
    EXPECT_EQ(get(schedule)["status"], "active");
}

// The coupon of a charge is looked at when the prorations are made already.
TEST_F(ScheduleDiscountsTest, APhaseThatCannotBeginLeavesNothingBehind) {
    const std::string charge =
        " [add_invoice_items][0][discounts][0][coupon]=HALF "
        "[add_invoice_items][0][price]=" +
        setup_price();
    const Json schedule = create(phase(0, one_, "[end_date]=" + seconds("2026-03-11")) +
                                 phase(1, two_, months(1) + charge));
    sandbox_.remove("/v1/coupons/HALF");
    sandbox_.new_events();
    until("2026-03-11");
    EXPECT_EQ(get(schedule)["status"], "released");
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoiceitem.created")));
    EXPECT_EQ(subscription_of(schedule)["items"]["data"][0]["price"]["id"], one_);
}

TEST_F(ScheduleDiscountsTest, AScheduleThatCannotBeginLeavesNoSubscription) {
    const std::string charge =
        " [add_invoice_items][0][discounts][0][coupon]=HALF "
        "[add_invoice_items][0][price]=" +
        setup_price();
    const Json schedule =
        create("&start_date=" + seconds("2026-03-11") + phase(0, one_, months(1) + charge));
    sandbox_.remove("/v1/coupons/HALF");
    until("2026-03-12");
    EXPECT_EQ(get(schedule)["status"], "canceled");
    EXPECT_THAT(sandbox_.get("/v1/subscriptions", "customer=" + customer_)["data"], IsEmpty());
    EXPECT_THAT(invoices(), IsEmpty());
}

TEST_F(ScheduleDiscountsTest, RefusesWhatCannotBeRedeemed) {
    const std::string setup = setup_price();
    sandbox_.post("/v1/coupons", "id=EURO&amount_off=500&currency=eur&duration=forever");
    sandbox_.new_events();
    struct Case {
        std::string more;
        const char* refusal;
    };
    const Case cases[] = {
        {"[discounts][0][coupon]=GONE", "phases[0][discounts][0][coupon]: No such coupon: 'GONE'"},
        {"[items][0][discounts][0][coupon]=GONE",
         "phases[0][items][0][discounts][0][coupon]: No such coupon: 'GONE'"},
        {"[add_invoice_items][0][discounts][0][discount]=di_x [add_invoice_items][0][price]=" +
             setup,
         "phases[0][add_invoice_items][0][discounts][0][discount]: No such discount: 'di_x'"},
        {"[discounts][0][coupon]=EURO",
         "phases[0][discounts][0][coupon]: The coupon EURO takes no amount off in usd."},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.more);
        EXPECT_EQ(refusal("/v1/subscription_schedules",
                          "customer=" + customer_ + phase(0, one_, months(1) + " " + c.more)),
                  c.refusal);
    }
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

/// The same of a coupon that can be redeemed once.
class ScheduleLimitsTest : public ScheduleDiscountsTest {
protected:
    ScheduleLimitsTest() {
        sandbox_.post("/v1/coupons", "id=ONE&percent_off=50&duration=forever&max_redemptions=1");
        sandbox_.new_events();
    }
};

TEST_F(ScheduleLimitsTest, CountEveryUseInAllPhases) {
    const std::string whole = " [discounts][0][coupon]=ONE";
    const std::string item = " [items][0][discounts][0][coupon]=ONE";
    const std::string charge =
        " [add_invoice_items][0][discounts][0][coupon]=ONE "
        "[add_invoice_items][0][price]=" +
        setup_price();
    sandbox_.new_events();
    const struct {
        std::string phases, param;
    } cases[] = {
        {phase(0, one_, months(1) + whole + item), "phases[0][discounts][0][coupon]"},
        {phase(0, one_, months(1) + item + charge),
         "phases[0][add_invoice_items][0][discounts][0][coupon]"},
        {phase(0, one_, months(1) + whole) + phase(1, two_, months(1) + whole),
         "phases[1][discounts][0][coupon]"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.param);
        EXPECT_EQ(refusal("/v1/subscription_schedules", "customer=" + customer_ + c.phases),
                  c.param + ": Coupon expired: ONE");
    }
    EXPECT_EQ(redeemed("ONE"), 0);
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

TEST_F(ScheduleLimitsTest, ARunningPhaseKeepsWhatItHas) {
    const std::string whole = "[discounts][0][coupon]=ONE";
    const Json schedule = create(phase(0, one_, months(1) + " " + whole));
    sandbox_.post(path_of(schedule), running(one_, whole) + phase(1, two_, months(1)));
    EXPECT_EQ(redeemed("ONE"), 1);
    EXPECT_EQ(
        refusal(path_of(schedule), running(one_, whole) + phase(1, two_, months(1) + " " + whole)),
        "phases[1][discounts][0][coupon]: Coupon expired: ONE");
}

// 31.00 a month and 5.00 once.
TEST_F(ScheduleLimitsTest, AMinimumIsComparedWithAllThatThePhaseBuys) {
    const Json code = sandbox_.post("/v1/promotion_codes",
                                    "promotion[type]=coupon&promotion[coupon]=HALF"
                                    "&restrictions[minimum_amount]=3600"
                                    "&restrictions[minimum_amount_currency]=usd");
    const std::string with = " [discounts][0][promotion_code]=" + text_of(code, "id");
    const std::string charge = " [add_invoice_items][0][price]=" + setup_price();
    EXPECT_EQ(refusal("/v1/subscription_schedules",
                      "customer=" + customer_ + phase(0, one_, months(1) + with)),
              "phases[0][discounts][0][promotion_code]: This promotion code cannot be redeemed "
              "because the minimum amount of $36.00 is not met.");
    const Json schedule =
        create(phase(0, one_, months(1)) + phase(1, one_, months(1) + with + charge));
    until("2026-04-01");
    EXPECT_EQ(get(schedule)["status"], "active");
    EXPECT_EQ(subscription_of(schedule)["discounts"].size(), 1);
}

// What is metered is bought without a quantity, and comes to nothing before it is used.
TEST_F(ScheduleLimitsTest, WhatIsMeteredMeetsNoMinimum) {
    const Json meter = sandbox_.post("/v1/billing/meters",
                                     "display_name=Calls&event_name=calls"
                                     "&default_aggregation[formula]=sum");
    const std::string calls =
        text_of(sandbox_.post("/v1/prices",
                              "currency=usd&unit_amount=5000&product_data[name]=Calls"
                              "&recurring[interval]=month&recurring[usage_type]=metered"
                              "&recurring[meter]=" +
                                  text_of(meter, "id")),
                "id");
    const Json code = sandbox_.post("/v1/promotion_codes",
                                    "promotion[type]=coupon&promotion[coupon]=HALF"
                                    "&restrictions[minimum_amount]=5000"
                                    "&restrictions[minimum_amount_currency]=usd");
    const std::string with = "[discounts][0][promotion_code]=" + text_of(code, "id");
    const std::string refused =
        "This promotion code cannot be redeemed because the minimum amount "
        "of $50.00 is not met.";
    EXPECT_EQ(refusal("/v1/subscription_schedules",
                      "customer=" + customer_ + phase(0, calls, months(1) + " " + with)),
              "phases[0][discounts][0][promotion_code]: " + refused);
    EXPECT_EQ(
        refusal("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + calls +
                                         "&discounts[0][promotion_code]=" + text_of(code, "id")),
        "discounts[0][promotion_code]: " + refused);
}

}  // namespace
}  // namespace turnpike::twin
