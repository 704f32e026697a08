#include "sandbox/stripe/pages/scheduled_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/html.h"
#include "sandbox/stripe/pages/portal_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// schedule_at_period_end of a portal configuration. Ada is on Starter ($29.00 a month) since
/// 1 March 2026; Basic is $9.00 a month.
class ScheduledChangeTest : public PortalTest {
protected:
    void enter_waiting(const std::string& conditions, const std::string& more = "") {
        const std::string update = "features[subscription_update]";
        std::string form = "features[payment_method_update][enabled]=true&" + update +
                           "[enabled]=true&features[subscription_cancel][enabled]=true&" + update +
                           "[default_allowed_updates][]=price&" + update +
                           "[default_allowed_updates][]=quantity&" + update +
                           "[default_allowed_updates][]=promotion_code" + more;
        for (const char* type : {"decreasing_item_amount", "shortening_interval"})
            if (conditions.contains(type))
                form += "&" + update + "[schedule_at_period_end][conditions][][type]=" + type;
        enter_with(form);
        show();
    }
    std::string change_to(const std::string& price, const std::string& more = "") {
        return act("action=change_plan&subscription=" + subscription_ + "&price=" + price + more);
    }
    std::string price() { return text_of(subscription()["items"]["data"][0], "price"); }
    Json schedule() {
        return sandbox_.get("/v1/subscription_schedules/" + text_of(subscription(), "schedule"));
    }
    void until(const std::string& day) { sandbox_.run_until(*parse_rfc3339(day + "T12:00:00Z")); }
    std::vector<std::int64_t> newest_lines() {
        return amounts_of(
            sandbox_.get("/v1/invoices", "customer=" + customer_)["data"][0]["lines"]["data"]);
    }

    std::string basic_ = sandbox_.price("Basic", 900);
};

TEST_F(ScheduledChangeTest, ACheaperPlanBeginsWithTheNextPeriod) {
    enter_waiting("decreasing_item_amount");
    sandbox_.new_events();
    const std::string page = change_to(basic_);
    EXPECT_THAT(page, AllOf(HasSubstr("Your plan will change on 1 April 2026."),
                            HasSubstr("Changes on 1 April 2026 to: <strong>Basic: $9.00 per month"),
                            HasSubstr("Keep the present plan"), HasSubstr("Renews on 1 April")));
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.updated", "subscription_schedule.created",
                            "subscription_schedule.updated"));
    EXPECT_EQ(price(), starter_);
    const Json made = schedule();
    ASSERT_EQ(made["phases"].size(), 2);
    EXPECT_EQ(made["end_behavior"], "release");
    EXPECT_EQ(made["phases"][0]["end_date"],
              subscription()["items"]["data"][0]["current_period_end"]);
    EXPECT_EQ(made["phases"][1]["items"][0]["price"], basic_);
    EXPECT_FALSE(made.contains("_by_portal"));
    until("2026-04-01");
    EXPECT_EQ(price(), basic_);
    EXPECT_THAT(newest_lines(), ElementsAre(900));
    EXPECT_THAT(show().html, Not(HasSubstr("Changes on")));
    until("2026-05-01");
    EXPECT_EQ(subscription()["schedule"], nullptr);
    EXPECT_THAT(newest_lines(), ElementsAre(900));
}

TEST_F(ScheduledChangeTest, OnlyWhatTheConditionsNameWaits) {
    const std::string yearly = sandbox_.price("Yearly", 30000, "year");
    const std::string weekly = sandbox_.price("Weekly", 4000, "week");
    struct Case {
        const char* conditions;
        const std::string& price;
        bool waits;
    };
    const Case cases[] = {
        {"decreasing_item_amount", pro_, false},
        {"decreasing_item_amount", weekly, false},
        {"decreasing_item_amount", basic_, true},
        {"shortening_interval", basic_, false},
        {"shortening_interval", yearly, false},
        {"shortening_interval", weekly, true},
        {"decreasing_item_amount shortening_interval", weekly, true},
        {"", basic_, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.conditions) + " " + c.price);
        subscription_ =
            text_of(sandbox_.post("/v1/subscriptions",
                                  "customer=" + customer_ + "&items[0][price]=" + starter_),
                    "id");
        enter_waiting(c.conditions);
        EXPECT_THAT(change_to(c.price), HasSubstr(c.waits ? "Your plan will change on 1 April 2026."
                                                          : "Your plan has been changed."));
        EXPECT_EQ(price(), c.waits ? starter_ : c.price);
    }
}

// 3 times $9.00 are less than $29.00, 4 times are more.
TEST_F(ScheduledChangeTest, TheAmountIsThatOfTheQuantity) {
    enter_waiting("decreasing_item_amount");
    EXPECT_THAT(change_to(basic_, "&quantity=3"),
                HasSubstr("Changes on 1 April 2026 to: <strong>3 × Basic"));
    EXPECT_THAT(change_to(basic_, "&quantity=4"), HasSubstr("Your plan has been changed."));
    EXPECT_EQ(subscription()["schedule"], nullptr);
    EXPECT_EQ(subscription()["items"]["data"][0]["quantity"], 4);
}

TEST_F(ScheduledChangeTest, AnotherLengthStartsItsOwnCycles) {
    const std::string weekly = sandbox_.price("Weekly", 400, "week");
    enter_waiting("shortening_interval");
    change_to(weekly);
    until("2026-04-01");
    EXPECT_THAT(newest_lines(), ElementsAre(400));
    const Json item = subscription()["items"]["data"][0];
    EXPECT_EQ(integer_of(item, "current_period_end") - integer_of(item, "current_period_start"),
              7 * 86'400);
    EXPECT_EQ(sandbox_.get("/v1/invoices", "customer=" + customer_)["data"].size(), 2);
}

TEST_F(ScheduledChangeTest, IsTakenBackOrReplaced) {
    enter_waiting("decreasing_item_amount");
    change_to(basic_);
    const std::string other = sandbox_.price("Other", 1900);
    EXPECT_THAT(change_to(other), HasSubstr("to: <strong>Other: $19.00"));
    EXPECT_EQ(schedule()["phases"].size(), 2);
    const std::string made = text_of(subscription(), "schedule");
    sandbox_.new_events();
    EXPECT_THAT(act("action=drop_change&subscription=" + subscription_),
                AllOf(HasSubstr("Your plan stays as it is."), Not(HasSubstr("Changes on"))));
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("subscription_schedule.updated", "customer.subscription.updated",
                            "subscription_schedule.released"));
    EXPECT_EQ(sandbox_.get("/v1/subscription_schedules/" + made)["status"], "released");
    EXPECT_THAT(act("action=drop_change&subscription=" + subscription_),
                HasSubstr("does not offer"));
    until("2026-04-01");
    EXPECT_EQ(price(), starter_);
}

TEST_F(ScheduledChangeTest, AnEndTakesItsPlace) {
    enter_waiting("decreasing_item_amount");
    change_to(basic_);
    EXPECT_THAT(act("action=cancel&subscription=" + subscription_),
                AllOf(HasSubstr("Ends on 1 April 2026"), Not(HasSubstr("Changes on"))));
    EXPECT_EQ(subscription()["schedule"], nullptr);
    EXPECT_THAT(change_to(basic_), HasSubstr("cannot be changed here at the moment"));
    until("2026-04-01");
    EXPECT_EQ(subscription()["status"], "canceled");
}

TEST_F(ScheduledChangeTest, ASchedulesOfTheSellersIsShownAndLeftAlone) {
    const Json seller =
        sandbox_.post("/v1/subscription_schedules", "from_subscription=" + subscription_);
    const std::string id = text_of(seller, "id");
    const auto date = [&](const char* member) {
        return std::to_string(integer_of(seller["current_phase"], member));
    };
    sandbox_.post(
        "/v1/subscription_schedules/" + id,
        "phases[0][items][0][price]=" + starter_ + "&phases[0][start_date]=" + date("start_date") +
            "&phases[0][end_date]=" + date("end_date") + "&phases[1][items][0][price]=" + pro_);
    enter_waiting("decreasing_item_amount");
    EXPECT_THAT(show().html, AllOf(HasSubstr("Changes on 1 April 2026 to: <strong>Pro"),
                                   Not(HasSubstr("Keep the present plan"))));
    EXPECT_THAT(change_to(basic_), HasSubstr("cannot be changed here at the moment"));
    EXPECT_THAT(act("action=drop_change&subscription=" + subscription_),
                HasSubstr("does not offer"));
    EXPECT_EQ(schedule()["phases"][1]["items"][0]["price"], pro_);
}

TEST_F(ScheduledChangeTest, APromotionCodeWaitsToo) {
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    sandbox_.post("/v1/promotion_codes",
                  "promotion[type]=coupon&promotion[coupon]=tenth&code=TENTH");
    enter_waiting("decreasing_item_amount");
    change_to(basic_, "&promotion_code=TENTH");
    EXPECT_THAT(subscription()["discounts"], IsEmpty());
    until("2026-04-01");
    EXPECT_EQ(subscription()["discounts"].size(), 1);
    EXPECT_EQ(sandbox_.get("/v1/invoices", "customer=" + customer_)["data"][0]["total"], 810);
}

TEST_F(ScheduledChangeTest, DiscountsStayUnlessTheyAreOver) {
    sandbox_.post("/v1/coupons", "id=half&percent_off=50&duration=forever");
    sandbox_.post("/v1/coupons", "id=month&percent_off=10&duration=repeating&duration_in_months=1");
    const std::string item = text_of(subscription()["items"]["data"][0], "id");
    sandbox_.post(
        "/v1/subscriptions/" + subscription_,
        "discounts[0][coupon]=month&items[0][id]=" + item + "&items[0][discounts][0][coupon]=half");
    enter_waiting("decreasing_item_amount");
    change_to(basic_);
    until("2026-04-02");
    EXPECT_EQ(price(), basic_);
    EXPECT_THAT(subscription()["discounts"], IsEmpty());
    EXPECT_EQ(sandbox_.get("/v1/invoices", "customer=" + customer_)["data"][0]["total"], 450);
}

TEST_F(ScheduledChangeTest, AFlowSaysWhenItComes) {
    enter_waiting("decreasing_item_amount");
    const std::string data = "&flow_data[subscription_update_confirm]";
    const std::string item = text_of(subscription()["items"]["data"][0], "id");
    session_ = sandbox_.post(
        "/v1/billing_portal/sessions",
        "customer=" + customer_ + "&configuration=" + text_of(session_, "configuration") +
            "&flow_data[type]=subscription_update_confirm" + data + "[subscription]=" +
            subscription_ + data + "[items][0][id]=" + item + data + "[items][0][price]=" + basic_);
    EXPECT_THAT(show().html, HasSubstr("It changes on 1 April 2026, when the present period is"));
    EXPECT_THAT(act("action=confirm_update"), HasSubstr("Your plan will change on 1 April 2026."));
    EXPECT_EQ(price(), starter_);
}

TEST_F(ScheduledChangeTest, TheConfigurationShowsItsConditions) {
    enter_waiting("decreasing_item_amount shortening_interval");
    const std::string path =
        "/v1/billing_portal/configurations/" + text_of(session_, "configuration");
    const std::string later = "features[subscription_update][schedule_at_period_end]";
    EXPECT_EQ(sandbox_.get(path)["features"]["subscription_update"]["schedule_at_period_end"],
              Json::parse(R"({"conditions": [{"type": "decreasing_item_amount"},
                                             {"type": "shortening_interval"}]})"));
    EXPECT_EQ(sandbox_.refused(path, later + "[conditions][0][type]=other").message,
              "Invalid " + later +
                  "[conditions][0][type]: must be one of decreasing_item_amount "
                  "or shortening_interval");
    EXPECT_EQ(sandbox_.post(path, later + "[conditions]=")["features"]["subscription_update"]
                                                          ["schedule_at_period_end"]["conditions"],
              Json::array());
}

// 3 × $9.00 are $27.00.
TEST_F(ScheduledChangeTest, ACodeMustSuitTheChangeThatWaits) {
    enter_waiting("decreasing_item_amount");
    sandbox_.post("/v1/coupons", "id=tenth&percent_off=10&duration=forever");
    const auto add_code = [&](const std::string& word, const std::string& restriction) {
        return sandbox_.post("/v1/promotion_codes",
                             "promotion[type]=coupon&promotion[coupon]=tenth&code=" + word +
                                 "&restrictions" + restriction);
    };
    add_code("FIRST", "[first_time_transaction]=true");
    add_code("LARGE", "[minimum_amount_currency]=usd&restrictions[minimum_amount]=2701");
    add_code("FITS", "[minimum_amount_currency]=usd&restrictions[minimum_amount]=2700");
    EXPECT_THAT(change_to(basic_, "&quantity=3&promotion_code=FIRST"),
                HasSubstr("prior transactions"));
    EXPECT_THAT(change_to(basic_, "&quantity=3&promotion_code=LARGE"),
                HasSubstr("the minimum amount of $27.01 is not met."));
    EXPECT_EQ(subscription()["schedule"], nullptr);
    EXPECT_THAT(change_to(basic_, "&quantity=3&promotion_code=FITS"),
                HasSubstr("Your plan will change on 1 April 2026."));
    until("2026-04-01");
    EXPECT_EQ(price(), basic_);
    EXPECT_EQ(subscription()["discounts"].size(), 1U);
}

}  // namespace
}  // namespace turnpike::twin
