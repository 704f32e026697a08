#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

/// POST /v1/invoices/create_preview of subscriptions that end, or go on. Since midnight of 1 March
/// 2026 there is one of $31.00 a month: a day of March costs a dollar.
class EndPreviewTest : public ::testing::Test {
protected:
    EndPreviewTest() {
        clock_ = sandbox_.test_clock(date("2026-03-01"));
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
        price_ = sandbox_.price("One", 3100);
        subscribe();
    }
    static Instant date(const std::string& day) { return *parse_rfc3339(day + "T00:00:00Z"); }
    static std::string seconds(const std::string& day) {
        return std::to_string(unix_seconds(date(day)));
    }
    void subscribe(const std::string& more = "") {
        id_ = text_of(sandbox_.post("/v1/subscriptions",
                                    "customer=" + customer_ + "&items[0][price]=" + price_ + more),
                      "id");
    }
    void until(const std::string& day) { sandbox_.advance(clock_, date(day)); }
    /// "a=1 b=2" are subscription_details[a]=1 and [b]=2.
    static std::string details(const std::string& given) {
        std::string form;
        for (std::size_t at = 0; at < given.size();) {
            const std::size_t end = std::min(given.find(' ', at), given.size());
            const std::size_t name = std::min(given.find_first_of("[=", at), end);
            form += "&subscription_details[" + given.substr(at, name - at) + "]" +
                    given.substr(name, end - name);
            at = end + 1;
        }
        return form;
    }
    Json preview(const std::string& given) {
        return sandbox_.post("/v1/invoices/create_preview", "subscription=" + id_ + details(given));
    }
    Json preview_new(const std::string& given) {
        return sandbox_.post(
            "/v1/invoices/create_preview",
            "customer=" + customer_ + details("items[0][price]=" + price_ + " " + given));
    }
    StripeError refused(const std::string& form) {
        return sandbox_.refused("/v1/invoices/create_preview", form);
    }
    static std::vector<std::int64_t> lines_of(const Json& invoice) {
        return amounts_of(invoice["lines"]["data"]);
    }
    Json latest() {
        return sandbox_.get("/v1/subscriptions/" + id_,
                            "expand[]=latest_invoice")["latest_invoice"];
    }

    BillingSandbox sandbox_;
    std::string clock_, customer_, price_, id_;
};

// 21 of 31 days are left.
TEST_F(EndPreviewTest, ACancellationNowIsTheInvoiceThatFollows) {
    sandbox_.post("/v1/invoiceitems",
                  "customer=" + customer_ + "&subscription=" + id_ + "&currency=usd&amount=500");
    until("2026-03-11");
    const auto objects = sandbox_.rows("objects");
    const Json shown = preview("cancel_now=true");
    EXPECT_THAT(lines_of(shown), ElementsAre(500, -2100));
    EXPECT_EQ(sandbox_.rows("objects"), objects);
    EXPECT_THAT(lines_of(preview("cancel_now=true proration_behavior=none")), ElementsAre(500));
    EXPECT_THAT(lines_of(preview("cancel_now=true proration_date=" + seconds("2026-03-06"))),
                ElementsAre(500, -2600));
    EXPECT_THAT(lines_of(preview("cancel_now=false")), ElementsAre(500, 3100));
    sandbox_.remove("/v1/subscriptions/" + id_, "invoice_now=true&prorate=true");
    EXPECT_EQ(lines_of(shown), lines_of(latest()));
    EXPECT_EQ(shown["total"], latest()["total"]);
    EXPECT_EQ(shown["billing_reason"], latest()["billing_reason"]);
    EXPECT_EQ(shown["period_start"], latest()["period_start"]);
    EXPECT_EQ(shown["period_end"], latest()["period_end"]);
}

TEST_F(EndPreviewTest, ACancellationMayHaveNoInvoice) {
    subscribe("&trial_period_days=14");
    const StripeError none = refused("subscription=" + id_ + details("cancel_now=true"));
    EXPECT_EQ(none.http_status, 404);
    EXPECT_EQ(none.code, "invoice_upcoming_none");
}

TEST_F(EndPreviewTest, TheEndOfThePeriodIsOneToo) {
    until("2026-03-11");
    // Nothing is billed any more.
    EXPECT_EQ(refused("subscription=" + id_ + details("cancel_at_period_end=true")).code,
              "invoice_upcoming_none");
    EXPECT_THAT(lines_of(preview("cancel_at=" + seconds("2026-04-16"))), ElementsAre(1550));
    sandbox_.post("/v1/subscriptions/" + id_, "cancel_at_period_end=true");
    EXPECT_THAT(lines_of(preview("cancel_at_period_end=false")), ElementsAre(3100));
    EXPECT_THAT(lines_of(preview("cancel_at=")), ElementsAre(3100));
}

TEST_F(EndPreviewTest, ANewSubscriptionMayEndOrBeginWithATrial) {
    struct Case {
        std::string given;
        std::int64_t billed;
    };
    const Case cases[] = {
        {"cancel_at=" + seconds("2026-03-21"), 2000},
        {"cancel_at=" + seconds("2026-03-21") + " proration_behavior=none", 0},
        {"cancel_at=" + seconds("2026-04-11"), 3100},
        {"cancel_at_period_end=true", 3100},
        {"cancel_at=min_period_end", 3100},
        {"trial_end=" + seconds("2026-03-15"), 0},
        {"trial_end=now", 3100},
        {"trial_end=" + seconds("2026-03-15") + " cancel_at=" + seconds("2026-03-21"), 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.given);
        const Json shown = preview_new(c.given);
        EXPECT_THAT(lines_of(shown), ElementsAre(c.billed));
        std::string form;
        for (char each : c.given) form += each == ' ' ? '&' : each;
        subscribe("&" + form);
        EXPECT_EQ(lines_of(latest()), lines_of(shown));
        EXPECT_EQ(latest()["lines"]["data"][0]["period"], shown["lines"]["data"][0]["period"]);
        EXPECT_EQ(latest()["lines"]["data"][0]["description"],
                  shown["lines"]["data"][0]["description"]);
        sandbox_.remove("/v1/subscriptions/" + id_);
    }
}

TEST_F(EndPreviewTest, AResumptionIsTheInvoiceThatFollows) {
    customer_ = sandbox_.customer("", "&test_clock=" + clock_);
    subscribe("&trial_end=" + seconds("2026-03-06") +
              "&trial_settings[end_behavior][missing_payment_method]=pause");
    EXPECT_EQ(refused("subscription=" + id_ + details("resume_at=now")).message,
              "You can only resume a subscription if it is `paused`.");
    until("2026-03-16");
    const Json anew = preview("resume_at=now");
    EXPECT_THAT(lines_of(anew), ElementsAre(3100));
    EXPECT_EQ(anew["billing_reason"], "subscription_update");
    const std::string rest = "resume_at=now billing_cycle_anchor=unchanged proration_behavior=";
    // 6 March to 6 April are 31 days, of which 21 are left.
    EXPECT_THAT(lines_of(preview(rest + "always_invoice")), ElementsAre(2100));
    EXPECT_THAT(lines_of(preview(rest + "create_prorations")), ElementsAre(2100, 3100));
    EXPECT_THAT(lines_of(preview(rest + "none")), ElementsAre(3100));
    sandbox_.post("/v1/subscriptions/" + id_ + "/resume",
                  "billing_cycle_anchor=unchanged&proration_behavior=always_invoice");
    EXPECT_THAT(lines_of(latest()), ElementsAre(2100));
}

TEST_F(EndPreviewTest, RefusesWhatDoesNotGoTogether) {
    const StripeError both =
        refused("subscription=" + id_ + details("cancel_now=true cancel_at_period_end=true"));
    EXPECT_EQ(both.code, "");
    EXPECT_EQ(both.param, "subscription_details[cancel_now]");
    EXPECT_EQ(both.message,
              "You may only specify one of these parameters: cancel_now, cancel_at_period_end.");
    const StripeError nobody = refused("customer=" + customer_ + details("cancel_now=true"));
    EXPECT_EQ(nobody.message, "Missing required param: subscription.");
    EXPECT_EQ(refused("customer=" + customer_ +
                      details("cancel_at=" + seconds("2026-03-21") + " cancel_at_period_end=true " +
                              "items[0][price]=" + price_))
                  .message,
              "You may only specify one of these parameters: cancel_at, cancel_at_period_end.");
}

}  // namespace
}  // namespace turnpike::twin
