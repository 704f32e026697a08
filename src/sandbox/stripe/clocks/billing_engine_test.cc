#include "sandbox/stripe/clocks/billing_engine.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;

Instant at(const std::string& text) { return *parse_rfc3339(text); }
std::string text_at(const Json& seconds) {
    return format_rfc3339(from_unix_seconds(seconds.get<std::int64_t>()));
}

std::string subscribe(BillingSandbox& sandbox, const std::string& customer,
                      const std::string& price, const std::string& more = "") {
    const Json made = sandbox.post("/v1/subscriptions",
                                   "customer=" + customer + "&items[0][price]=" + price + more);
    return "/v1/subscriptions/" + text_of(made, "id");
}

void use_card(BillingSandbox& sandbox, const std::string& customer, const std::string& card) {
    const Json method =
        sandbox.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer);
    sandbox.post("/v1/customers/" + customer,
                 "invoice_settings[default_payment_method]=" + text_of(method, "id"));
}

TEST(Engine, AnchorsAtMonthEndsComeBackOnATestClock) {
    struct Case {
        const char* start;
        std::vector<const char*> ends;
    };
    const Case cases[] = {
        {"2025-01-29T10:00:00Z",
         {"2025-02-28T10:00:00Z", "2025-03-29T10:00:00Z", "2025-04-29T10:00:00Z"}},
        {"2025-01-30T10:00:00Z",
         {"2025-02-28T10:00:00Z", "2025-03-30T10:00:00Z", "2025-04-30T10:00:00Z"}},
        {"2025-01-31T10:00:00Z",
         {"2025-02-28T10:00:00Z", "2025-03-31T10:00:00Z", "2025-04-30T10:00:00Z"}},
        {"2024-01-31T23:59:59Z",
         {"2024-02-29T23:59:59Z", "2024-03-31T23:59:59Z", "2024-04-30T23:59:59Z"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.start);
        BillingSandbox sandbox;
        const std::string clock = sandbox.test_clock(at(c.start));
        const std::string customer = sandbox.customer("pm_card_visa", "&test_clock=" + clock);
        const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
        Json item = sandbox.get(path)["items"]["data"][0];
        EXPECT_EQ(text_at(item["current_period_start"]), c.start);
        for (std::size_t i = 0; i < c.ends.size(); ++i) {
            EXPECT_EQ(text_at(item["current_period_end"]), c.ends[i]);
            sandbox.advance(clock, at(c.ends[i]));
            item = sandbox.get(path)["items"]["data"][0];
            EXPECT_EQ(text_at(item["current_period_start"]), c.ends[i]);
        }
        EXPECT_EQ(text_at(sandbox.get(path)["billing_cycle_anchor"]), c.start);
    }
}

TEST(Engine, LongAdvancesBillEveryMonthInOrder) {
    BillingSandbox sandbox;
    const std::string clock = sandbox.test_clock(at("2025-01-31T10:00:00Z"));
    const std::string customer = sandbox.customer("pm_card_visa", "&test_clock=" + clock);
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    sandbox.advance(clock, at("2025-03-28T12:00:00Z"));
    sandbox.advance(clock, at("2025-03-31T12:00:00Z"));
    const Json invoices = sandbox.get("/v1/invoices", "customer=" + customer)["data"];
    ASSERT_EQ(invoices.size(), 3);
    std::vector<std::string> created, paid;
    for (const Json& invoice : invoices) {
        EXPECT_EQ(invoice["status"], "paid");
        created.push_back(text_at(invoice["created"]));
        paid.push_back(text_at(invoice["status_transitions"]["paid_at"]));
    }
    EXPECT_THAT(created, ElementsAre("2025-03-31T10:00:00Z", "2025-02-28T10:00:00Z",
                                     "2025-01-31T10:00:00Z"));
    // Drafts wait an hour.
    EXPECT_THAT(
        paid, ElementsAre("2025-03-31T11:00:00Z", "2025-02-28T11:00:00Z", "2025-01-31T10:00:00Z"));
    // The month before, and the line of the month to come.
    EXPECT_EQ(text_at(invoices[1]["period_start"]), "2025-01-31T10:00:00Z");
    EXPECT_EQ(text_at(invoices[1]["period_end"]), "2025-02-28T10:00:00Z");
    const Json& line = invoices[1]["lines"]["data"][0];
    EXPECT_EQ(text_at(line["period"]["start"]), "2025-02-28T10:00:00Z");
    EXPECT_EQ(text_at(line["period"]["end"]), "2025-03-31T10:00:00Z");
    EXPECT_EQ(sandbox.get(path)["latest_invoice"], invoices[0]["id"]);
}

TEST(Engine, ADraftTakesAnOverageLineBeforeItCloses) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    const Instant end =
        from_unix_seconds(integer_of(sandbox.get(path)["items"]["data"][0], "current_period_end"));
    sandbox.run_until(end - seconds(1));
    sandbox.new_events();
    sandbox.run_until(end);
    EXPECT_THAT(sandbox.new_events(),
                ElementsAre("invoice.created", "customer.subscription.updated"));
    const Json draft = sandbox.get("/v1/invoices/" + text_of(sandbox.get(path), "latest_invoice"));
    EXPECT_EQ(draft["status"], "draft");
    EXPECT_EQ(draft["billing_reason"], "subscription_cycle");
    EXPECT_EQ(draft["automatically_finalizes_at"], unix_seconds(end) + 3600);
    EXPECT_EQ(draft["number"], nullptr);

    // 2,345 calls over the allowance at $0.02
    sandbox.post("/v1/invoiceitems", "customer=" + customer + "&invoice=" + text_of(draft, "id") +
                                         "&amount=4690&currency=usd&description=Overage"
                                         "&metadata[obligation]=o1");
    sandbox.run_until(end + hours(1) - seconds(1));
    sandbox.new_events();
    sandbox.run_until(end + hours(1));
    EXPECT_THAT(sandbox.new_events(),
                ElementsAre("invoice.finalized", "payment_intent.created", "charge.succeeded",
                            "payment_intent.succeeded", "invoice.updated", "invoice.paid",
                            "invoice.payment_succeeded", "invoice_payment.paid"));
    const Json paid = sandbox.get("/v1/invoices/" + text_of(draft, "id"));
    EXPECT_EQ(paid["status"], "paid");
    EXPECT_EQ(paid["amount_paid"], 14'590);  // $99.00 + $46.90 = $145.90
    EXPECT_THAT(amounts_of(paid["lines"]["data"]), ElementsAre(9900, 4690));
    EXPECT_EQ(paid["lines"]["data"][1]["metadata"]["obligation"], "o1");
    const StripeError late = sandbox.refused(
        "/v1/invoiceitems",
        "customer=" + customer + "&invoice=" + text_of(draft, "id") + "&amount=1&currency=usd");
    EXPECT_EQ(late.code, "invoice_not_editable");
}

TEST(Engine, ADeclinedRenewalIsPastDueAndRecovers) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    use_card(sandbox, customer, "pm_card_chargeCustomerFail");
    const Instant end =
        from_unix_seconds(integer_of(sandbox.get(path)["items"]["data"][0], "current_period_end"));
    sandbox.run_until(end);
    sandbox.new_events();
    sandbox.run_until(end + hours(1));
    EXPECT_THAT(
        sandbox.new_events(),
        ElementsAre("invoice.finalized", "payment_intent.created", "charge.failed",
                    "payment_intent.payment_failed", "invoice.updated", "invoice.payment_failed",
                    "customer.updated", "customer.subscription.updated"));
    Json subscription = sandbox.get(path, "expand[]=latest_invoice");
    EXPECT_EQ(subscription["status"], "past_due");
    EXPECT_EQ(subscription["latest_invoice"]["attempt_count"], 1);
    EXPECT_EQ(subscription["latest_invoice"]["next_payment_attempt"],
              unix_seconds(end + hours(1) + kRetryDelays[0]));

    use_card(sandbox, customer, "pm_card_visa");
    sandbox.run_until(end + hours(1) + kRetryDelays[0]);
    subscription = sandbox.get(path, "expand[]=latest_invoice");
    EXPECT_EQ(subscription["status"], "active");
    EXPECT_EQ(subscription["latest_invoice"]["status"], "paid");
    EXPECT_EQ(subscription["latest_invoice"]["attempt_count"], 2);
}

TEST(Engine, ARenewalThatIsNeverPaidEndsTheSubscription) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    use_card(sandbox, customer, "pm_card_chargeCustomerFail");
    const Instant due =
        from_unix_seconds(integer_of(sandbox.get(path)["items"]["data"][0], "current_period_end")) +
        hours(1);
    const Instant last = due + kRetryDelays[0] + kRetryDelays[1] + kRetryDelays[2];
    sandbox.run_until(last - seconds(1));
    EXPECT_EQ(sandbox.get(path)["status"], "past_due");
    sandbox.run_until(last);
    const Json ended = sandbox.get(path, "expand[]=latest_invoice");
    EXPECT_EQ(ended["status"], "canceled");
    EXPECT_EQ(ended["cancellation_details"]["reason"], "payment_failed");
    EXPECT_EQ(ended["latest_invoice"]["status"], "open");
    EXPECT_EQ(ended["latest_invoice"]["attempt_count"], 4);
    EXPECT_EQ(ended["latest_invoice"]["auto_advance"], false);
    sandbox.run_until(last + days(90));
    EXPECT_EQ(sandbox.get("/v1/invoices", "customer=" + customer)["data"].size(), 2);
}

TEST(Engine, ARenewalThatNeedsTheCardholderSaysSo) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    use_card(sandbox, customer, "pm_card_authenticationRequired");
    sandbox.run_until(sandbox.now() + days(31));
    sandbox.new_events();
    sandbox.run_until(sandbox.now() + hours(1));
    EXPECT_THAT(
        sandbox.new_events(),
        ElementsAre("invoice.finalized", "payment_intent.created", "payment_intent.requires_action",
                    "invoice.updated", "invoice.payment_action_required", "invoice.payment_failed",
                    "customer.updated", "customer.subscription.updated"));
    EXPECT_EQ(sandbox.get(path)["status"], "past_due");
}

TEST(Engine, ATrialWarnsThreeDaysBeforeAndThenBills) {
    BillingSandbox sandbox;
    const std::string path =
        subscribe(sandbox, sandbox.customer(), sandbox.price("Pro", 9900), "&trial_period_days=14");
    const Instant start = sandbox.now();
    sandbox.new_events();
    sandbox.run_until(start + days(11) - seconds(1));
    EXPECT_THAT(sandbox.new_events(), ElementsAre("invoice.upcoming"));
    sandbox.run_until(start + days(11));
    EXPECT_THAT(sandbox.new_events(), ElementsAre("customer.subscription.trial_will_end"));
    sandbox.run_until(start + days(14));
    EXPECT_THAT(sandbox.new_events(),
                ElementsAre("invoice.created", "customer.subscription.updated"));
    const Json active = sandbox.get(path);
    EXPECT_EQ(active["status"], "active");
    EXPECT_EQ(active["items"]["data"][0]["current_period_start"], unix_seconds(start + days(14)));
    sandbox.run_until(start + days(14) + hours(1));
    EXPECT_EQ(sandbox.get(path, "expand[]=latest_invoice")["latest_invoice"]["amount_paid"], 9900);
}

TEST(Engine, ATrialWithoutACardEndsAsItsSettingsSay) {
    struct Case {
        const char* behavior;
        const char* status;
    };
    const Case cases[] = {
        {"cancel", "canceled"}, {"pause", "paused"}, {"create_invoice", "active"}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.behavior);
        BillingSandbox sandbox;
        const std::string path =
            subscribe(sandbox, sandbox.customer(""), sandbox.price("Pro", 9900),
                      std::string("&trial_period_days=7&trial_settings[end_behavior]"
                                  "[missing_payment_method]=") +
                          c.behavior);
        sandbox.run_until(sandbox.now() + days(7));
        EXPECT_EQ(sandbox.get(path)["status"], c.status);
    }
}

TEST(Engine, CancelAtPeriodEndEndsThereWithoutAnInvoice) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string path = subscribe(sandbox, customer, sandbox.price("Pro", 9900));
    const std::int64_t asked = unix_seconds(sandbox.now());
    sandbox.post(path, "cancel_at_period_end=true");
    const std::int64_t end =
        integer_of(sandbox.get(path)["items"]["data"][0], "current_period_end");
    sandbox.new_events();
    sandbox.run_until(from_unix_seconds(end) + days(40));
    EXPECT_THAT(sandbox.new_events(), ElementsAre("customer.subscription.deleted"));
    const Json ended = sandbox.get(path);
    EXPECT_EQ(ended["status"], "canceled");
    EXPECT_EQ(ended["ended_at"], end);
    EXPECT_EQ(ended["canceled_at"], asked);
    EXPECT_EQ(sandbox.get("/v1/invoices", "customer=" + customer)["data"].size(), 1);
}

TEST(Engine, ATestClockMovesOnlyItsOwnCustomers) {
    BillingSandbox sandbox;
    const std::string price = sandbox.price("Pro", 9900);
    const std::string clock = sandbox.test_clock(sandbox.now());
    const std::string bound =
        subscribe(sandbox, sandbox.customer("pm_card_visa", "&test_clock=" + clock), price);
    const std::string free = subscribe(sandbox, sandbox.customer(), price);
    sandbox.advance(clock, sandbox.now() + days(31) + hours(2));
    EXPECT_EQ(sandbox.get(bound, "expand[]=latest_invoice")["latest_invoice"]["billing_reason"],
              "subscription_cycle");
    EXPECT_EQ(sandbox.get(free, "expand[]=latest_invoice")["latest_invoice"]["billing_reason"],
              "subscription_create");
    EXPECT_EQ(sandbox.get(bound)["test_clock"], clock);
}

TEST(Engine, AMonthOfManySubscriptionsIsBilledOnce) {
    BillingSandbox sandbox;
    const std::string price = sandbox.price("Pro", 9900);
    const std::string clock = sandbox.test_clock(sandbox.now());
    constexpr int kSubscriptions = 20;
    for (int i = 0; i < kSubscriptions; ++i)
        subscribe(sandbox, sandbox.customer("pm_card_visa", "&test_clock=" + clock), price);
    const auto before = sandbox.rows("events");
    sandbox.advance(clock, sandbox.now() + days(31) + hours(1));
    // One a week before, two for the draft, eight for its payment, two of the clock itself.
    EXPECT_EQ(sandbox.rows("events") - before, kSubscriptions * 11 + 2);
}

}  // namespace
}  // namespace turnpike::twin
