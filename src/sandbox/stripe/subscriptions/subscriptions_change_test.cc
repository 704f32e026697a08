#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

/// A customer on "Starter" ($29) since 1 March 2026 12:00:00 UTC; the period has 31 days.
class ChangeTest : public ::testing::Test {
protected:
    ChangeTest() {
        customer_ = sandbox_.customer();
        starter_ = sandbox_.price("Starter", 2900);
        pro_ = sandbox_.price("Pro", 9900);
        subscription_ = sandbox_.post("/v1/subscriptions",
                                      "customer=" + customer_ + "&items[0][price]=" + starter_);
        path_ = "/v1/subscriptions/" + text_of(subscription_, "id");
        item_ = text_of(subscription_["items"]["data"][0], "id");
    }
    void after(std::chrono::seconds time) { sandbox_.set_now(sandbox_.now() + time); }
    std::string move_to(const std::string& price) {
        return "items[0][id]=" + item_ + "&items[0][price]=" + price;
    }
    Json pending() {
        return sandbox_.get("/v1/invoiceitems", "customer=" + customer_ + "&pending=true")["data"];
    }

    BillingSandbox sandbox_;
    std::string customer_, starter_, pro_, path_, item_;
    Json subscription_;
};

TEST_F(ChangeTest, AnUpgradeIsProratedToTheSecond) {
    const std::int64_t start = unix_seconds(sandbox_.now());
    after(std::chrono::hours(240) + std::chrono::seconds(7));
    const Json changed = sandbox_.post(
        path_, move_to(pro_) + "&proration_behavior=always_invoice&expand[]=latest_invoice");
    const Json& invoice = changed["latest_invoice"];
    const Json& lines = invoice["lines"]["data"];
    // 31 days = 2678400 s; left: 2678400 - 864007 = 1814393 s.
    //   2900 * 1814393 / 2678400 = 1964.508...  -> 1965
    //   9900 * 1814393 / 2678400 = 6706.425...  -> 6706
    EXPECT_THAT(amounts_of(lines), ElementsAre(-1965, 6706));
    EXPECT_THAT(texts_of(lines, "description"),
                ElementsAre("Unused time on Starter after 11 Mar 2026",
                            "Remaining time on Pro after 11 Mar 2026"));
    for (const Json& line : lines) {
        EXPECT_EQ(line["period"]["start"], start + 864'007);
        EXPECT_EQ(line["period"]["end"], start + 2'678'400);
        EXPECT_EQ(line["discountable"], false);
        EXPECT_EQ(line["pricing"]["unit_amount_decimal"], nullptr);
        EXPECT_EQ(line["parent"]["subscription_item_details"]["proration"], true);
    }
    const Json& credited =
        lines[0]["parent"]["subscription_item_details"]["proration_details"]["credited_items"];
    EXPECT_EQ(credited["invoice"], subscription_["latest_invoice"]);
    EXPECT_EQ(credited["invoice_line_items"].size(), 1);
    EXPECT_EQ(
        lines[1]["parent"]["subscription_item_details"]["proration_details"]["credited_items"],
        nullptr);
    EXPECT_EQ(invoice["billing_reason"], "subscription_update");
    EXPECT_EQ(invoice["amount_paid"], 6706 - 1965);
    EXPECT_EQ(invoice["period_start"], start);
    EXPECT_EQ(invoice["period_end"], start + 864'007);
    EXPECT_EQ(changed["billing_cycle_anchor"], start);
    EXPECT_EQ(changed["items"]["data"][0]["current_period_start"], start);
}

// A recording of stripe_world (01_proration_half_cent, 2026-08-26.dahlia): with 1/400 of a month
// left, 1000 to 1800 is -3 and 4; another quantity, 1 to 3 of 1000, is -3 and 7. Of 31 days that
// are 6696 s.
TEST_F(ChangeTest, AnExactHalfOfACentGoesDown) {
    const std::int64_t end = unix_seconds(sandbox_.now()) + 2'678'400;
    const std::string at = "&proration_date=" + std::to_string(end - 6696);
    const auto subscribed = [&](const std::string& price) {
        return sandbox_.post("/v1/subscriptions",
                             "customer=" + customer_ + "&items[0][price]=" + price);
    };
    const auto prorations = [&](const Json& subscription, const std::string& change) {
        const std::string item = text_of(subscription["items"]["data"][0], "id");
        const Json changed =
            sandbox_.post("/v1/subscriptions/" + text_of(subscription, "id"),
                          "items[0][id]=" + item + change + at +
                              "&proration_behavior=always_invoice&expand[]=latest_invoice");
        return amounts_of(changed["latest_invoice"]["lines"]["data"]);
    };
    const std::string ten = sandbox_.price("Ten", 1000);
    const std::string eighteen = sandbox_.price("Eighteen", 1800);
    EXPECT_THAT(prorations(subscribed(ten), "&items[0][price]=" + eighteen), ElementsAre(-3, 4));
    EXPECT_THAT(prorations(subscribed(ten), "&items[0][quantity]=3"), ElementsAre(-3, 7));
}

TEST_F(ChangeTest, ThereAndBackAtOneInstantCostsNothing) {
    after(std::chrono::hours(100));
    sandbox_.post(path_, move_to(pro_));
    sandbox_.post(path_, move_to(starter_));
    std::int64_t sum = 0;
    for (const std::int64_t amount : amounts_of(pending())) sum += amount;
    EXPECT_EQ(pending().size(), 4);
    EXPECT_EQ(sum, 0);
}

TEST_F(ChangeTest, PendingProrationsComeWithTheRenewal) {
    // Half of the 31 days: 372 h.
    after(std::chrono::hours(372));
    sandbox_.new_events();
    sandbox_.post(path_, move_to(pro_));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("invoiceitem.created", "invoiceitem.created",
                                                   "customer.subscription.updated"));
    EXPECT_THAT(amounts_of(pending()), ElementsAre(4950, -1450));

    sandbox_.run_until(
        from_unix_seconds(integer_of(subscription_["items"]["data"][0], "current_period_end")));
    const Json renewed = sandbox_.get(path_, "expand[]=latest_invoice");
    EXPECT_THAT(amounts_of(renewed["latest_invoice"]["lines"]["data"]),
                ElementsAre(-1450, 4950, 9900));
    EXPECT_EQ(renewed["latest_invoice"]["amount_due"], 13'400);
    EXPECT_TRUE(pending().empty());
}

// The vector of Stripe's documentation for flexible billing: 10 from 1 April, 20 from 11 April
// without proration, back to 10 on 21 April: what was never charged is not credited (classic:
// -334).
TEST(FlexibleCredit, IsOnlyForWhatWasCharged) {
    BillingSandbox sandbox(*parse_rfc3339("2026-04-01T00:00:00Z"));
    const std::string ten = sandbox.price("Ten", 1000), twenty = sandbox.price("Twenty", 2000);
    const Json made = sandbox.post("/v1/subscriptions",
                                   "customer=" + sandbox.customer() + "&items[0][price]=" + ten);
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::string item = "items[0][id]=" + text_of(made["items"]["data"][0], "id");
    sandbox.set_now(*parse_rfc3339("2026-04-11T00:00:00Z"));
    sandbox.post(path, item + "&items[0][price]=" + twenty + "&proration_behavior=none");
    sandbox.set_now(*parse_rfc3339("2026-04-21T00:00:00Z"));
    const Json back = sandbox.post(path, item + "&items[0][price]=" + ten +
                                             "&proration_behavior=always_invoice"
                                             "&expand[]=latest_invoice");
    // 1000 * 10 d / 30 d = 333.3: -333 + 333 = 0
    EXPECT_THAT(amounts_of(back["latest_invoice"]["lines"]["data"]), ElementsAre(-333, 333));
    EXPECT_EQ(back["latest_invoice"]["total"], 0);
}

// Recorded: test_stripe_can_swap_a_subscription, with its times.
TEST(IntervalChange, KeepsTheAnchorInFlexibleMode) {
    BillingSandbox sandbox(from_unix_seconds(1'762'799'351));
    const std::string monthly = sandbox.price("Test Subscription", 2500);
    const std::string yearly = sandbox.price("Test Subscription", 25'000, "year");
    const Json made = sandbox.post(
        "/v1/subscriptions", "customer=" + sandbox.customer() + "&items[0][price]=" + monthly);
    sandbox.set_now(from_unix_seconds(1'762'799'355));
    const Json changed = sandbox.post(
        "/v1/subscriptions/" + text_of(made, "id"),
        "cancel_at_period_end=false&items[0][id]=" + text_of(made["items"]["data"][0], "id") +
            "&items[0][plan]=" + yearly +
            "&items[0][quantity]=1&proration_behavior=always_invoice&trial_end=now"
            "&expand[]=latest_invoice");
    EXPECT_EQ(changed["billing_cycle_anchor"], 1'762'799'351);
    EXPECT_EQ(changed["items"]["data"][0]["current_period_start"], 1'762'799'351);
    EXPECT_EQ(changed["items"]["data"][0]["current_period_end"], 1'794'335'351);
    const Json& invoice = changed["latest_invoice"];
    const Json& lines = invoice["lines"]["data"];
    EXPECT_THAT(amounts_of(lines), ElementsAre(-2500, 25'000));
    EXPECT_EQ(lines[0]["description"], "Unused time on Test Subscription after 10 Nov 2025");
    EXPECT_EQ(lines[0]["period"], Json::parse(R"({"end":1765391351,"start":1762799355})"));
    EXPECT_EQ(lines[1]["period"], Json::parse(R"({"end":1794335351,"start":1762799355})"));
    EXPECT_EQ(invoice["total"], 22'500);
    EXPECT_EQ(invoice["period_start"], 1'762'799'351);
    EXPECT_EQ(invoice["period_end"], 1'762'799'355);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_TRUE(text_of(invoice, "number").ends_with("-0002"));
}

// Recorded: test_stripe_can_swap_a_subscription_and_reset_billing_cycle.
TEST(IntervalChange, AnAnchorOfNowStartsAWholeCycle) {
    BillingSandbox sandbox(from_unix_seconds(1'762'799'253));
    const std::string monthly = sandbox.price("Test Subscription", 2500);
    const std::string yearly = sandbox.price("Test Subscription", 25'000, "year");
    const Json made = sandbox.post(
        "/v1/subscriptions", "customer=" + sandbox.customer() + "&items[0][price]=" + monthly);
    sandbox.set_now(from_unix_seconds(1'762'799'256));
    const Json changed = sandbox.post(
        "/v1/subscriptions/" + text_of(made, "id"),
        "items[0][id]=" + text_of(made["items"]["data"][0], "id") + "&items[0][plan]=" + yearly +
            "&proration_behavior=always_invoice&billing_cycle_anchor=now&expand[]=latest_invoice");
    EXPECT_EQ(changed["billing_cycle_anchor"], 1'762'799'256);
    EXPECT_EQ(changed["start_date"], 1'762'799'253);
    EXPECT_EQ(changed["items"]["data"][0]["current_period_start"], 1'762'799'256);
    EXPECT_EQ(changed["items"]["data"][0]["current_period_end"], 1'794'335'256);
    const Json& invoice = changed["latest_invoice"];
    const Json& lines = invoice["lines"]["data"];
    EXPECT_THAT(amounts_of(lines), ElementsAre(-2500, 25'000));
    EXPECT_EQ(lines[0]["period"], Json::parse(R"({"end":1765391253,"start":1762799256})"));
    EXPECT_EQ(lines[1]["period"], Json::parse(R"({"end":1794335256,"start":1762799256})"));
    EXPECT_EQ(lines[1]["description"], "1 × Test Subscription (at $250.00 / year)");
    EXPECT_EQ(lines[1]["parent"]["subscription_item_details"]["invoice_item"], nullptr);
    EXPECT_EQ(invoice["period_start"], 1'762'799'256);
    EXPECT_EQ(invoice["period_end"], 1'762'799'256);
    EXPECT_EQ(invoice["total"], 22'500);
}

TEST_F(ChangeTest, AnUnpaidUpgradeChangesNothingWhenToldSo) {
    after(std::chrono::hours(100));
    const Json bad = sandbox_.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                   "customer=" + customer_);
    sandbox_.post("/v1/customers/" + customer_,
                  "invoice_settings[default_payment_method]=" + text_of(bad, "id"));
    const Json before = sandbox_.get(path_);
    const auto objects = sandbox_.rows("objects");
    const auto events = sandbox_.rows("events");
    const StripeError error = sandbox_.refused(path_, move_to(pro_) +
                                                          "&proration_behavior=always_invoice"
                                                          "&payment_behavior=error_if_incomplete");
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.decline_code, "generic_decline");
    EXPECT_EQ(sandbox_.get(path_), before);
    EXPECT_EQ(sandbox_.rows("objects"), objects);
    EXPECT_EQ(sandbox_.rows("events"), events);
}

TEST_F(ChangeTest, AnUnpaidUpgradeIsPastDueByDefault) {
    const Json bad = sandbox_.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                   "customer=" + customer_);
    sandbox_.post("/v1/customers/" + customer_,
                  "invoice_settings[default_payment_method]=" + text_of(bad, "id"));
    const Json changed = sandbox_.post(
        path_, move_to(pro_) + "&proration_behavior=always_invoice&expand[]=latest_invoice");
    EXPECT_EQ(changed["status"], "past_due");
    EXPECT_EQ(changed["latest_invoice"]["status"], "open");
    EXPECT_EQ(changed["items"]["data"][0]["price"]["id"], pro_);
}

// Recorded: test_stripe_change_subscription_quantity.
TEST_F(ChangeTest, AnItemsQuantityIsProratedToo) {
    after(std::chrono::hours(372));
    const Json item = sandbox_.post("/v1/subscription_items/" + item_, "quantity=5");
    EXPECT_EQ(item["quantity"], 5);
    EXPECT_EQ(item["id"], item_);
    EXPECT_EQ(sandbox_.get(path_)["quantity"], 5);
    // Newest first: 5 x 2900 / 2, and 1 x 2900 / 2 back.
    EXPECT_THAT(amounts_of(pending()), ElementsAre(7250, -1450));
    EXPECT_THAT(texts_of(pending(), "description"),
                ElementsAre("Remaining time on 5 × Starter after 17 Mar 2026",
                            "Unused time on Starter after 17 Mar 2026"));
}

TEST_F(ChangeTest, ItemsAreAddedAndDeleted) {
    after(std::chrono::hours(372));
    const Json added =
        sandbox_.post("/v1/subscription_items", "subscription=" + text_of(subscription_, "id") +
                                                    "&price=" + pro_ + "&quantity=2");
    EXPECT_EQ(sandbox_.get(path_)["items"]["data"].size(), 2);
    EXPECT_THAT(amounts_of(pending()), ElementsAre(9900));
    EXPECT_EQ(sandbox_.remove("/v1/subscription_items/" + text_of(added, "id"))["deleted"], true);
    EXPECT_EQ(sandbox_.call("GET", "/v1/subscription_items/" + text_of(added, "id"), "")
                  .error()
                  .http_status,
              404);
    EXPECT_THAT(amounts_of(pending()), ElementsAre(-9900, 9900));
    EXPECT_FALSE(sandbox_.call("DELETE", "/v1/subscription_items/" + item_, ""));
    EXPECT_FALSE(sandbox_.call("POST", path_, "items[0][price]=" + starter_));
}

TEST_F(ChangeTest, APreviewIsTheInvoiceThatFollows) {
    after(std::chrono::hours(100));
    const std::string date = std::to_string(unix_seconds(sandbox_.now()));
    const auto objects = sandbox_.rows("objects");
    const Json preview =
        sandbox_.post("/v1/invoices/create_preview",
                      "subscription=" + text_of(subscription_, "id") +
                          "&subscription_details[items][0][id]=" + item_ +
                          "&subscription_details[items][0][price]=" + pro_ +
                          "&subscription_details[proration_behavior]=always_invoice"
                          "&subscription_details[proration_date]=" +
                          date);
    EXPECT_EQ(sandbox_.rows("objects"), objects);
    after(std::chrono::seconds(30));
    const Json changed = sandbox_.post(
        path_, move_to(pro_) + "&proration_behavior=always_invoice&proration_date=" + date +
                   "&expand[]=latest_invoice");
    const Json& invoice = changed["latest_invoice"];
    EXPECT_EQ(preview["total"], invoice["total"]);
    EXPECT_EQ(amounts_of(preview["lines"]["data"]), amounts_of(invoice["lines"]["data"]));
    EXPECT_EQ(texts_of(preview["lines"]["data"], "description"),
              texts_of(invoice["lines"]["data"], "description"));
}

TEST_F(ChangeTest, ATrialCanBeEndedEarly) {
    const Json trial =
        sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + pro_ +
                                               "&trial_period_days=14");
    after(std::chrono::hours(24));
    const Json ended = sandbox_.post("/v1/subscriptions/" + text_of(trial, "id"),
                                     "trial_end=now&expand[]=latest_invoice");
    EXPECT_EQ(ended["status"], "active");
    EXPECT_EQ(ended["trial_end"], unix_seconds(sandbox_.now()));
    EXPECT_EQ(ended["billing_cycle_anchor"], unix_seconds(sandbox_.now()));
    EXPECT_EQ(ended["latest_invoice"]["amount_paid"], 9900);
}

TEST(TrialEndNow, WithoutAPaymentMethodDoesWhatTheSettingsSay) {
    struct Case {
        const char *behavior, *status;
        std::vector<std::string> events;
    };
    const Case cases[] = {
        {"pause", "paused", {"customer.subscription.updated", "customer.subscription.paused"}},
        {"cancel", "canceled", {"customer.subscription.deleted"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.behavior);
        BillingSandbox sandbox;
        const std::string settings =
            std::string("&trial_settings[end_behavior][missing_payment_method]=") + c.behavior;
        const Json trial =
            sandbox.post("/v1/subscriptions", "customer=" + sandbox.customer("") +
                                                  "&items[0][price]=" + sandbox.price("Pro", 9900) +
                                                  "&trial_period_days=7" + settings);
        sandbox.set_now(sandbox.now() + std::chrono::hours(24));
        sandbox.new_events();
        const std::string path = "/v1/subscriptions/" + text_of(trial, "id");
        const Json ended = sandbox.post(path, "trial_end=now");
        EXPECT_EQ(ended["status"], c.status);
        EXPECT_EQ(ended["trial_end"], unix_seconds(sandbox.now()));
        EXPECT_EQ(ended["latest_invoice"], trial["latest_invoice"]);
        EXPECT_EQ(sandbox.get(path)["status"], c.status);
        EXPECT_EQ(sandbox.new_events(), c.events);
        // Nothing is left for the engine to do.
        sandbox.run_until(sandbox.now() + std::chrono::days(40));
        EXPECT_EQ(sandbox.new_events(), std::vector<std::string>{});
    }
}

// stripe_world, phase 12 (12_subscriptions, 2026-08-26.dahlia): with create_invoice, trial_end=now
// is refused as a first invoice is. A trial that ends by itself is billed all the same.
TEST(TrialEndNow, IsRefusedWhereNothingCanBeCharged) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json trial =
        sandbox.post("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" +
                                              sandbox.price("Pro", 9900) + "&trial_period_days=7");
    const std::string path = "/v1/subscriptions/" + text_of(trial, "id");
    sandbox.new_events();
    for (const char* form :
         {"trial_end=now", "trial_end=now&payment_behavior=pending_if_incomplete"}) {
        const StripeError refused = sandbox.refused(path, form);
        EXPECT_EQ(refused.http_status, 400);
        EXPECT_EQ(refused.code, "resource_missing");
        EXPECT_EQ(refused.param, "");
        EXPECT_TRUE(refused.message.starts_with(
            "This customer has no attached payment source or default payment method."));
    }
    EXPECT_EQ(sandbox.get(path)["status"], "trialing");
    EXPECT_EQ(sandbox.get("/v1/invoices", "customer=" + customer)["data"].size(), 1U);
    EXPECT_EQ(sandbox.new_events(), std::vector<std::string>{});

    sandbox.post("/v1/coupons", "id=FREE&percent_off=100&duration=once");
    const Json free = sandbox.post(path, "trial_end=now&discounts[0][coupon]=FREE");
    EXPECT_EQ(free["status"], "active");
}

TEST(TrialEndNow, CountsAMethodThatComesWithIt) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json trial = sandbox.post(
        "/v1/subscriptions",
        "customer=" + customer + "&items[0][price]=" + sandbox.price("Pro", 9900) +
            "&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]=pause");
    const Json card =
        sandbox.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    const Json ended = sandbox.post("/v1/subscriptions/" + text_of(trial, "id"),
                                    "trial_end=now&default_payment_method=" + text_of(card, "id"));
    EXPECT_EQ(ended["status"], "active");
}

TEST(TrialEndNow, KeepsTheDiscountOfAnItemThatComesWithIt) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    sandbox.post("/v1/coupons", "id=TENTH&percent_off=10&duration=forever");
    const Json trial = sandbox.post(
        "/v1/subscriptions",
        "customer=" + customer + "&items[0][price]=" + sandbox.price("Pro", 9900) +
            "&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]=pause");
    const std::string item = text_of(trial["items"]["data"][0], "id");
    sandbox.new_events();
    const Json paused = sandbox.post("/v1/subscriptions/" + text_of(trial, "id"),
                                     "trial_end=now&items[0][id]=" + item +
                                         "&items[0][discounts][0][coupon]=TENTH"
                                         "&expand[]=items.data.discounts");
    EXPECT_EQ(paused["status"], "paused");
    const Json& discounts = paused["items"]["data"][0]["discounts"];
    ASSERT_EQ(discounts.size(), 1U);
    EXPECT_EQ(text_of(discounts[0], "object"), "discount");
    EXPECT_EQ(text_of(discounts[0], "subscription_item"), item);
    EXPECT_THAT(sandbox.new_events(), ::testing::Contains("customer.discount.created"));
}

TEST(TrialEndNow, MayComeWithAnotherPlanAndIsResumedOnIt) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json trial = sandbox.post(
        "/v1/subscriptions",
        "customer=" + customer + "&items[0][price]=" + sandbox.price("Pro", 9900) +
            "&trial_period_days=7&trial_settings[end_behavior][missing_payment_method]=pause");
    const std::string path = "/v1/subscriptions/" + text_of(trial, "id");
    const Json paused = sandbox.post(
        path, "trial_end=now&items[0][id]=" + text_of(trial["items"]["data"][0], "id") +
                  "&items[0][price]=" + sandbox.price("Starter", 2900));
    EXPECT_EQ(paused["status"], "paused");
    EXPECT_EQ(sandbox.get("/v1/invoiceitems")["data"].size(), 0U);
    const Json card =
        sandbox.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    sandbox.post("/v1/customers/" + customer,
                 "invoice_settings[default_payment_method]=" + text_of(card, "id"));
    const Json resumed = sandbox.post(path + "/resume", "expand[]=latest_invoice");
    EXPECT_EQ(resumed["status"], "active");
    EXPECT_EQ(resumed["latest_invoice"]["amount_paid"], 2900);
}

}  // namespace
}  // namespace turnpike::twin
