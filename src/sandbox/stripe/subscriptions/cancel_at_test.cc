#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Instant midnight(const std::string& day) { return *parse_rfc3339(day + "T00:00:00Z"); }
std::string cancel_at(const std::string& day) {
    return "&cancel_at=" + std::to_string(unix_seconds(midnight(day)));
}
std::string date_of(const Json& seconds) {
    return format_rfc3339(from_unix_seconds(seconds.get<std::int64_t>())).substr(0, 10);
}

/// A customer on a clock at midnight of 1 March 2026, and a price of $31.00 a month: $1.00 a day
/// in March.
class CancelAtTest : public ::testing::Test {
protected:
    CancelAtTest() {
        clock_ = sandbox_.test_clock(midnight("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        price_ = sandbox_.price("One", 3100);
    }
    void subscribe(const std::string& more = "") {
        path_ = "/v1/subscriptions/" +
                text_of(sandbox_.post("/v1/subscriptions", "customer=" + customer_ +
                                                               "&items[0][price]=" + price_ + more),
                        "id");
    }
    void until(const std::string& day) { sandbox_.advance(clock_, midnight(day)); }
    Json update(const std::string& form) { return sandbox_.post(path_, form); }
    Json subscription() { return sandbox_.get(path_, "expand[]=latest_invoice"); }
    std::vector<std::int64_t> billed() {
        return amounts_of(subscription()["latest_invoice"]["lines"]["data"]);
    }
    std::vector<std::int64_t> pending() {
        auto amounts = amounts_of(
            sandbox_.get("/v1/invoiceitems", "customer=" + customer_ + "&pending=true")["data"]);
        std::ranges::reverse(amounts);
        return amounts;
    }
    std::string period_end(std::size_t item = 0) {
        return date_of(subscription()["items"]["data"][item]["current_period_end"]);
    }
    std::int64_t balance() {
        return integer_of(sandbox_.get("/v1/customers/" + customer_), "balance");
    }
    std::size_t invoices() {
        return sandbox_.get("/v1/invoices", "customer=" + customer_)["data"].size();
    }

    BillingSandbox sandbox_;
    std::string clock_, customer_, price_, path_;
};

// Observed at Stripe (YumaInaura/YumaInaura#2920): of 1000 a month, 20 days are 645 and 30 are 968.
TEST_F(CancelAtTest, AnEndWithinTheFirstPeriodShortensWhatIsBilled) {
    price_ = sandbox_.price("Observed", 1000);
    struct Case {
        const char *day, *more;
        std::int64_t billed;
    };
    const Case cases[] = {{"2026-03-21", "", 645},
                          {"2026-03-31", "", 968},
                          {"2026-04-01", "", 1000},
                          {"2026-03-21", "&proration_behavior=none", 0}};
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.day) + c.more);
        subscribe(cancel_at(c.day) + c.more);
        EXPECT_THAT(billed(), ElementsAre(c.billed));
        EXPECT_EQ(period_end(), c.day);
        EXPECT_EQ(date_of(subscription()["billing_cycle_anchor"]), "2026-03-01");
        EXPECT_EQ(subscription()["status"], "active");
    }
    const std::size_t before = invoices();
    until("2026-03-21");
    EXPECT_EQ(sandbox_.get(path_)["status"], "canceled");
    until("2026-04-10");
    EXPECT_EQ(invoices(), before);
}

// SDK reference of cancel_at: a date before the current period ends causes a proration.
TEST_F(CancelAtTest, AnEndWithinTheRunningPeriodGivesTheRestBack) {
    subscribe();
    until("2026-03-06");
    const Json updated = update(cancel_at("2026-03-16"));
    EXPECT_EQ(date_of(updated["cancel_at"]), "2026-03-16");
    EXPECT_EQ(updated["cancel_at_period_end"], false);
    // 16 March to 1 April are 16 days.
    EXPECT_THAT(pending(), ElementsAre(-1600));
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems")["data"][0]["description"],
              "Unused time on One after 16 Mar 2026");
    EXPECT_EQ(period_end(), "2026-03-16");
    until("2026-03-17");
    EXPECT_EQ(sandbox_.get(path_)["status"], "canceled");
    EXPECT_EQ(balance(), -1600);
    EXPECT_EQ(invoices(), 2U);
}

TEST_F(CancelAtTest, TheCreditIsInvoicedAtOnceWhereThatIsAskedFor) {
    subscribe();
    until("2026-03-06");
    update(cancel_at("2026-03-16") + "&proration_behavior=always_invoice");
    EXPECT_THAT(billed(), ElementsAre(-1600));
    EXPECT_EQ(balance(), -1600);
    EXPECT_THAT(pending(), IsEmpty());
}

TEST_F(CancelAtTest, WithoutProrationsNothingIsGivenBackOrChargedAgain) {
    subscribe();
    update(cancel_at("2026-03-16") + "&proration_behavior=none");
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_EQ(period_end(), "2026-03-16");
    update("cancel_at=");
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_EQ(period_end(), "2026-04-01");
    until("2026-04-01");
    EXPECT_THAT(billed(), ElementsAre(3100));
}

TEST_F(CancelAtTest, AnEndThatMovesIsChargedOrGivenBack) {
    subscribe();
    update(cancel_at("2026-03-16"));
    update(cancel_at("2026-03-21"));
    EXPECT_THAT(pending(), ElementsAre(-1600, 500));
    update(cancel_at("2026-03-19"));
    EXPECT_THAT(pending(), ElementsAre(-1600, 500, -200));
    update("cancel_at=");
    EXPECT_THAT(pending(), ElementsAre(-1600, 500, -200, 1300));
    EXPECT_EQ(subscription()["cancel_at"], nullptr);
    until("2026-04-01");
    EXPECT_THAT(billed(), ElementsAre(-1600, 500, -200, 1300, 3100));
}

TEST_F(CancelAtTest, APlanThatChangesBeforeTheEndIsProratedUpToIt) {
    subscribe();
    update(cancel_at("2026-03-16"));
    until("2026-03-11");
    const std::string item = text_of(subscription()["items"]["data"][0], "id");
    update("items[0][id]=" + item + "&items[0][price]=" + sandbox_.price("Two", 6200));
    // Five days are left of each.
    EXPECT_THAT(pending(), ElementsAre(-1600, -500, 1000));
    EXPECT_EQ(period_end(), "2026-03-16");
    // And back, at what was charged.
    update("items[0][id]=" + item + "&items[0][price]=" + price_);
    EXPECT_THAT(pending(), ElementsAre(-1600, -500, 1000, -1000, 500));
}

// What was charged by two invoices is given back by two lines (Stripe's comparison of the modes).
TEST_F(CancelAtTest, ALengthenedLifeIsGivenBackWhole) {
    subscribe(cancel_at("2026-03-16"));
    update("cancel_at=&proration_behavior=always_invoice");
    EXPECT_THAT(billed(), ElementsAre(1600));
    until("2026-03-11");
    sandbox_.remove(path_, "invoice_now=true&prorate=true");
    // 11 to 16 March, of the first invoice's 1500; 16 March to 1 April, of the second one.
    EXPECT_THAT(billed(), ElementsAre(-500, -1600));
}

// SDK reference of cancel_at: "during a future period, this will always cause a proration".
TEST_F(CancelAtTest, TheLastPeriodIsBilledAsFarAsItGoes) {
    subscribe();
    update(cancel_at("2026-04-16") + "&proration_behavior=none");
    EXPECT_EQ(period_end(), "2026-04-01");
    const Json preview = sandbox_.post("/v1/invoices/create_preview",
                                       "subscription=" + path_.substr(path_.rfind('/') + 1));
    until("2026-04-01");
    // 15 of April's 30 days.
    EXPECT_THAT(billed(), ElementsAre(1550));
    EXPECT_EQ(amounts_of(preview["lines"]["data"]), billed());
    EXPECT_EQ(preview["period_end"], subscription()["latest_invoice"]["period_end"]);
    EXPECT_EQ(period_end(), "2026-04-16");
    const StripeError none = sandbox_.refused(
        "/v1/invoices/create_preview",
        "customer=" + customer_ + "&subscription=" + path_.substr(path_.rfind('/') + 1));
    EXPECT_EQ(none.http_status, 404);
    EXPECT_EQ(none.code, "invoice_upcoming_none");
    EXPECT_EQ(none.message, "No upcoming invoices for customer: " + customer_);
}

TEST_F(CancelAtTest, APreviewShowsWhatTheEndWouldGiveBack) {
    subscribe();
    const std::string id = path_.substr(path_.rfind('/') + 1);
    const std::string end = std::to_string(unix_seconds(midnight("2026-03-16")));
    const Json preview =
        sandbox_.post("/v1/invoices/create_preview",
                      "subscription=" + id + "&subscription_details[cancel_at]=" + end +
                          "&subscription_details[proration_behavior]="
                          "always_invoice");
    EXPECT_THAT(amounts_of(preview["lines"]["data"]), ElementsAre(-1600));
    EXPECT_EQ(subscription()["cancel_at"], nullptr);
}

// docs.stripe.com/changelog/basil/2025-07-30: the earliest end of the items' periods, wherever
// that is; min_period_end and max_period_end are moments.
TEST_F(CancelAtTest, TheEndOfThePeriodIsThatOfTheShortestItem) {
    // $1.00 a day.
    const std::string yearly = sandbox_.price("Yearly", 36500, "year");
    subscribe("&items[1][price]=" + yearly);
    Json updated = update("cancel_at_period_end=true");
    EXPECT_EQ(date_of(updated["cancel_at"]), "2026-04-01");
    EXPECT_EQ(updated["cancel_at_period_end"], true);
    // All but the 31 days of March.
    EXPECT_THAT(pending(), ElementsAre(-33400));
    EXPECT_EQ(period_end(1), "2026-04-01");
    update("cancel_at_period_end=false");
    EXPECT_THAT(pending(), ElementsAre(-33400, 33400));
    updated = update("cancel_at=max_period_end");
    EXPECT_EQ(date_of(updated["cancel_at"]), "2027-03-01");
    EXPECT_EQ(updated["cancel_at_period_end"], false);
    EXPECT_THAT(pending(), ElementsAre(-33400, 33400));
    EXPECT_EQ(period_end(1), "2027-03-01");
}

TEST_F(CancelAtTest, TheEndOfThePeriodMovesWithIt) {
    subscribe("&cancel_at_period_end=true");
    const std::string item = text_of(subscription()["items"]["data"][0], "id");
    const Json updated = update("proration_behavior=none&items[0][id]=" + item +
                                "&items[0][price]=" + sandbox_.price("Yearly", 36500, "year"));
    EXPECT_EQ(updated["cancel_at_period_end"], true);
    EXPECT_EQ(date_of(updated["cancel_at"]), "2027-03-01");
    EXPECT_EQ(period_end(), "2027-03-01");
}

// Wire specification, 1.9: classic billing resets the anchor on a cancel_at before the renewal.
TEST_F(CancelAtTest, ClassicBillingCountsItsCyclesFromTheEnd) {
    subscribe("&billing_mode[type]=classic");
    update(cancel_at("2026-03-16"));
    EXPECT_EQ(date_of(subscription()["billing_cycle_anchor"]), "2026-03-16");
    EXPECT_THAT(pending(), ElementsAre(-1600));
    update("cancel_at=");
    EXPECT_EQ(period_end(), "2026-03-16");
    EXPECT_THAT(pending(), ElementsAre(-1600));
    until("2026-03-16");
    EXPECT_THAT(billed(), ElementsAre(-1600, 3100));
    EXPECT_EQ(period_end(), "2026-04-16");
}

TEST_F(CancelAtTest, ATrialIsFreeHoweverItEnds) {
    subscribe("&trial_period_days=14" + cancel_at("2026-03-06"));
    EXPECT_THAT(billed(), ElementsAre(0));
    EXPECT_EQ(period_end(), "2026-03-15");
    until("2026-03-06");
    EXPECT_EQ(subscription()["status"], "canceled");
    EXPECT_THAT(pending(), IsEmpty());
}

}  // namespace
}  // namespace turnpike::twin
