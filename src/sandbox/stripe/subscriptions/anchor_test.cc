#include "sandbox/stripe/subscriptions/anchor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;

Instant at(const std::string& text) { return *parse_rfc3339(text); }
std::string seconds(const std::string& day) {
    return std::to_string(unix_seconds(at(day + "T00:00:00Z")));
}
std::string day_of(const Json& seconds_since_1970) {
    return format_rfc3339(from_unix_seconds(seconds_since_1970.get<std::int64_t>())).substr(0, 10);
}

TEST(NextAnchor, IsTheNextSuchMoment) {
    struct Case {
        const char* name;
        AnchorDay wanted;
        const char* now;
        const char* next;
    };
    const Case cases[] = {
        {"later this month", {.day_of_month = 20}, "2026-03-10T08:15:30Z", "2026-03-20T08:15:30Z"},
        {"the next one", {.day_of_month = 1}, "2026-03-10T08:15:30Z", "2026-04-01T08:15:30Z"},
        {"not now", {.day_of_month = 10}, "2026-03-10T08:15:30Z", "2026-04-10T08:15:30Z"},
        {"later today",
         {.day_of_month = 10, .hour = 9},
         "2026-03-10T08:15:30Z",
         "2026-03-10T09:15:30Z"},
        {"earlier today",
         {.day_of_month = 10, .hour = 0, .minute = 0, .second = 0},
         "2026-03-10T08:15:30Z",
         "2026-04-10T00:00:00Z"},
        {"over the year", {.day_of_month = 5}, "2026-12-10T00:00:00Z", "2027-01-05T00:00:00Z"},
        {"a month",
         {.day_of_month = 1, .month = 7},
         "2026-08-01T00:00:00Z",
         "2027-07-01T00:00:00Z"},
        {"no 31st in February",
         {.day_of_month = 31},
         "2026-02-10T00:00:00Z",
         "2026-03-31T00:00:00Z"},
        {"a leap day",
         {.day_of_month = 29, .month = 2},
         "2026-02-10T00:00:00Z",
         "2028-02-29T00:00:00Z"},
        {"a day that no June has",
         {.day_of_month = 31, .month = 6},
         "2026-02-10T00:00:00Z",
         "2026-06-30T00:00:00Z"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(format_rfc3339(next_anchor(c.wanted, at(c.now))), c.next);
    }
}

/// A customer at midnight of 11 March 2026 and a monthly price of $31.00.
class AnchorTest : public ::testing::Test {
protected:
    AnchorTest() : sandbox_(at("2026-03-11T00:00:00Z")) {
        clock_ = sandbox_.test_clock(sandbox_.now());
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        form_ = "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("One", 3100);
    }
    Json subscribe(const std::string& more) {
        return sandbox_.post("/v1/subscriptions", form_ + more + "&expand[]=latest_invoice");
    }
    static std::vector<std::int64_t> billed(const Json& subscription) {
        return amounts_of(subscription["latest_invoice"]["lines"]["data"]);
    }
    Json get(const Json& subscription) {
        return sandbox_.get("/v1/subscriptions/" + text_of(subscription, "id"),
                            "expand[]=latest_invoice");
    }
    std::string refusal(const std::string& more) {
        const StripeError error = sandbox_.refused("/v1/subscriptions", form_ + more);
        return error.param + ": " + error.message;
    }

    BillingSandbox sandbox_;
    std::string clock_, customer_, form_;
};

// 21 of March's 31 days are left.
TEST_F(AnchorTest, ADayOfTheMonthShortensTheFirstCycle) {
    const Json made = subscribe("&billing_cycle_anchor_config[day_of_month]=1");
    EXPECT_EQ(day_of(made["billing_cycle_anchor"]), "2026-04-01");
    EXPECT_EQ(made["billing_cycle_anchor_config"], (Json{{"day_of_month", 1},
                                                         {"hour", nullptr},
                                                         {"minute", nullptr},
                                                         {"month", nullptr},
                                                         {"second", nullptr}}));
    EXPECT_THAT(billed(made), ElementsAre(2100));
    sandbox_.advance(clock_, at("2026-04-01T00:00:00Z"));
    EXPECT_THAT(billed(get(made)), ElementsAre(3100));
}

// docs.stripe.com/billing/subscriptions/billing-cycle: the last day where there is no 31st.
TEST_F(AnchorTest, The31stIsTheLastDayOfEachMonth) {
    const Json made = subscribe("&billing_cycle_anchor_config[day_of_month]=31");
    for (const char* day : {"2026-03-31", "2026-04-30", "2026-05-31"}) {
        EXPECT_EQ(day_of(get(made)["items"]["data"][0]["current_period_end"]), day);
        sandbox_.advance(clock_, at(std::string(day) + "T00:00:00Z"));
    }
}

// A free trial, then the rest of the cycle, then whole ones.
TEST_F(AnchorTest, ATrialIsFollowedByTheRestOfTheCycle) {
    const Json made = subscribe("&trial_end=" + seconds("2026-03-18") +
                                "&billing_cycle_anchor=" + seconds("2026-04-01"));
    EXPECT_EQ(made["status"], "trialing");
    EXPECT_EQ(day_of(made["billing_cycle_anchor"]), "2026-04-01");
    EXPECT_EQ(day_of(made["items"]["data"][0]["current_period_end"]), "2026-03-18");
    EXPECT_THAT(billed(made), ElementsAre(0));
    sandbox_.advance(clock_, at("2026-03-18T00:00:00Z"));
    // 14 of 31 days.
    EXPECT_THAT(billed(get(made)), ElementsAre(1400));
    EXPECT_EQ(day_of(get(made)["items"]["data"][0]["current_period_start"]), "2026-03-18");
    EXPECT_EQ(day_of(get(made)["items"]["data"][0]["current_period_end"]), "2026-04-01");
    sandbox_.advance(clock_, at("2026-04-01T00:00:00Z"));
    EXPECT_THAT(billed(get(made)), ElementsAre(3100));
}

TEST_F(AnchorTest, TheRestAfterATrialIsFreeWithoutProrations) {
    const Json made = subscribe("&proration_behavior=none&trial_end=" + seconds("2026-03-18") +
                                "&billing_cycle_anchor=" + seconds("2026-04-01"));
    sandbox_.advance(clock_, at("2026-03-18T00:00:00Z"));
    EXPECT_THAT(billed(get(made)), ElementsAre(0));
    sandbox_.advance(clock_, at("2026-04-01T00:00:00Z"));
    EXPECT_THAT(billed(get(made)), ElementsAre(3100));
}

// docs.stripe.com/billing/subscriptions/billing-mode: a line for each period, and the anchor is the
// backdated start; docs.stripe.com/billing/subscriptions/backdating: combined with an anchor.
TEST_F(AnchorTest, ABackdatedSubscriptionBillsWhatHasElapsed) {
    struct Case {
        const char* name;
        std::string form;
        std::vector<std::int64_t> billed;
        const char* anchor;
        const char* period_end;
    };
    const std::string january = "&backdate_start_date=" + seconds("2026-01-01");
    const Case cases[] = {
        {"two whole months and the one that runs",
         january,
         {3100, 3100, 3100},
         "2026-01-01",
         "2026-04-01"},
        // 17 January to 1 February are 15 of 31 days.
        {"up to an anchor",
         "&backdate_start_date=" + seconds("2026-01-17") +
             "&billing_cycle_anchor=" + seconds("2026-04-01"),
         {1500, 3100, 3100},
         "2026-04-01",
         "2026-04-01"},
        {"without charging", january + "&proration_behavior=none", {0}, "2026-01-01", "2026-04-01"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Json made = subscribe(c.form);
        EXPECT_EQ(billed(made), c.billed);
        EXPECT_EQ(day_of(made["start_date"]).substr(0, 7), "2026-01");
        EXPECT_EQ(day_of(made["created"]), "2026-03-11");
        EXPECT_EQ(day_of(made["billing_cycle_anchor"]), c.anchor);
        EXPECT_EQ(day_of(made["items"]["data"][0]["current_period_end"]), c.period_end);
    }
}

TEST_F(AnchorTest, RefusesAnchorsThatCannotBe) {
    const std::string weekly =
        "&items[0][price]=" + sandbox_.price("Weekly", 700, "week")
                                  .append("&billing_cycle_anchor_config[day_of_month]=1");
    struct Case {
        std::string more;
        const char* refusal;
    };
    const Case cases[] = {
        {"&billing_cycle_anchor_config[day_of_month]=32",
         "billing_cycle_anchor_config[day_of_month]: This value must be less than or equal to 31."},
        {"&billing_cycle_anchor_config[hour]=3",
         "billing_cycle_anchor_config[day_of_month]: Missing required param: "
         "billing_cycle_anchor_config[day_of_month]."},
        {"&billing_cycle_anchor_config[day_of_month]=1&billing_cycle_anchor=" +
             seconds("2026-04-01"),
         "billing_cycle_anchor: You may only specify one of these parameters: "
         "billing_cycle_anchor, billing_cycle_anchor_config."},
        {"&trial_end=" + seconds("2026-03-18") + "&billing_cycle_anchor=" + seconds("2026-03-15"),
         "billing_cycle_anchor: billing_cycle_anchor cannot be before the end of the trial."},
        {"&backdate_start_date=" + seconds("2026-03-12"),
         "backdate_start_date: backdate_start_date must be in the past."},
        {"&backdate_start_date=" + seconds("1990-01-01"),
         "backdate_start_date: Backdating is not supported when the invoice would have more than "
         "250 line items."},
    };
    for (const Case& c : cases) EXPECT_EQ(refusal(c.more), c.refusal);
    const StripeError error =
        sandbox_.refused("/v1/subscriptions", "customer=" + customer_ + weekly);
    EXPECT_EQ(error.param, "billing_cycle_anchor_config");
}

}  // namespace
}  // namespace turnpike::twin
