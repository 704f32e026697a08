#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/schedules/schedule_testing.h"

namespace turnpike::twin {
namespace {

using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(ScheduleTest, StartsNowWithADraftThatAdvancesLikeARenewals) {
    const Json schedule = create("&start_date=now" + phase(0, one_, months(12)));
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.created", "invoice.created",
                            "subscription_schedule.created"));
    EXPECT_EQ(schedule["status"], "active");
    EXPECT_EQ(schedule["end_behavior"], "release");
    EXPECT_EQ(schedule["test_clock"], clock_);
    EXPECT_EQ(day_of(schedule["current_phase"]["start_date"]), "2026-03-01");
    EXPECT_EQ(day_of(schedule["phases"][0]["end_date"]), "2027-03-01");
    const Json subscription = subscription_of(schedule);
    EXPECT_EQ(subscription["schedule"], schedule["id"]);
    EXPECT_EQ(subscription["status"], "active");
    EXPECT_EQ(subscription["cancel_at"], nullptr);
    EXPECT_EQ(invoices().at(0)["status"], "draft");
    EXPECT_EQ(invoices().at(0)["billing_reason"], "subscription_create");
    sandbox_.advance(clock_, date("2026-03-01") + hours(1));
    EXPECT_EQ(invoices().at(0)["status"], "paid");
    EXPECT_EQ(invoices().at(0)["amount_paid"], 3100);
}

TEST_F(ScheduleTest, StartsInTheFuture) {
    const Json schedule =
        create("&start_date=" + seconds("2026-03-20") + phase(0, one_, months(1)));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("subscription_schedule.created"));
    EXPECT_EQ(schedule["status"], "not_started");
    EXPECT_EQ(schedule["subscription"], nullptr);
    EXPECT_EQ(schedule["current_phase"], nullptr);
    until("2026-03-20");
    const Json begun = get(schedule);
    EXPECT_EQ(begun["status"], "active");
    const Json subscription = subscription_of(begun);
    EXPECT_EQ(day_of(subscription["start_date"]), "2026-03-20");
    EXPECT_EQ(day_of(subscription["billing_cycle_anchor"]), "2026-03-20");
    EXPECT_EQ(sandbox_.last_event("subscription_schedule.updated")["previous_attributes"]["status"],
              "not_started");
}

// docs.stripe.com/billing/subscriptions/billing-mode: one line for each billing period since.
TEST_F(ScheduleTest, StartsInThePastAndBillsEveryCycleSince) {
    const Json schedule = create("&start_date=" + seconds("2026-01-15") + "&end_behavior=cancel" +
                                 phase(0, one_, months(6)));
    EXPECT_EQ(schedule["status"], "active");
    const Json subscription = subscription_of(schedule);
    EXPECT_EQ(day_of(subscription["start_date"]), "2026-01-15");
    EXPECT_EQ(day_of(subscription["billing_cycle_anchor"]), "2026-01-15");
    EXPECT_EQ(day_of(subscription["created"]), "2026-03-01");
    EXPECT_EQ(day_of(subscription["cancel_at"]), "2026-07-15");
    EXPECT_EQ(day_of(subscription["items"]["data"][0]["current_period_start"]), "2026-02-15");
    EXPECT_THAT(newest_lines(), ElementsAre(3100, 3100));
}

TEST_F(ScheduleTest, APhaseThatBeginsWithARenewalIsBilledByIt) {
    const Json schedule =
        create(phase(0, one_, months(1)) + phase(1, one_, months(1) + " [items][0][quantity]=2"));
    const Json before = subscription_of(schedule);
    until("2026-03-31");
    sandbox_.new_events();
    until("2026-04-01");
    EXPECT_THAT(sandbox_.new_events(),
                ::testing::IsSupersetOf({"subscription_schedule.updated",
                                         "customer.subscription.updated", "invoice.created"}));
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
    EXPECT_EQ(invoices().at(0)["billing_reason"], "subscription_cycle");
    EXPECT_THAT(pending(), IsEmpty());
    const Json after = subscription_of(schedule);
    EXPECT_EQ(after["items"]["data"][0]["id"], before["items"]["data"][0]["id"]);
    EXPECT_EQ(after["items"]["data"][0]["quantity"], 2);
    EXPECT_EQ(day_of(after["items"]["data"][0]["current_period_end"]), "2026-05-01");
    EXPECT_EQ(day_of(get(schedule)["current_phase"]["start_date"]), "2026-04-01");
}

TEST_F(ScheduleTest, AnotherPriceWithARenewalIsBilledOnce) {
    create(phase(0, one_, months(1)) + phase(1, two_, months(1)));
    until("2026-04-02");
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
    EXPECT_EQ(invoices().size(), 2);
    EXPECT_THAT(pending(), IsEmpty());
    until("2026-05-02");
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
    EXPECT_EQ(invoices().size(), 3);
}

// 10 of 31 days are used: 21 dollars of the first price are left, 42 of the second are due.
TEST_F(ScheduleTest, EachPhaseHasItsProration) {
    struct Case {
        const char* behavior;
        std::vector<std::int64_t> pending;
        std::vector<std::int64_t> invoiced;
        const char* reason;
    };
    const Case cases[] = {
        {"create_prorations", {4200, -2100}, {3100}, "subscription_create"},
        {"none", {}, {3100}, "subscription_create"},
        {"always_invoice", {}, {-2100, 4200}, "subscription_update"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.behavior);
        const std::string clock = sandbox_.test_clock(date("2026-03-01"));
        clock_ = clock;
        customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock);
        create(phase(0, one_, "[end_date]=" + seconds("2026-03-11")) +
               phase(1, two_, months(1) + " [proration_behavior]=" + c.behavior));
        until("2026-03-11");
        EXPECT_EQ(pending(), c.pending);
        EXPECT_EQ(newest_lines(), c.invoiced);
        EXPECT_EQ(invoices().at(0)["billing_reason"], c.reason);
    }
}

TEST_F(ScheduleTest, AnAnchorAtThePhasesStartBeginsANewCycle) {
    const Json schedule = create(phase(0, one_, "[end_date]=" + seconds("2026-03-11")) +
                                 phase(1, two_, months(2) + " [billing_cycle_anchor]=phase_start"));
    until("2026-03-11");
    const Json subscription = subscription_of(schedule);
    EXPECT_EQ(day_of(subscription["billing_cycle_anchor"]), "2026-03-11");
    EXPECT_THAT(newest_lines(), ElementsAre(-2100, 6200));
    until("2026-04-11");
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
}

TEST_F(ScheduleTest, ATrialPhaseIsFree) {
    const Json schedule =
        create(phase(0, one_, months(1) + " [trial]=true") + phase(1, two_, months(1)));
    EXPECT_EQ(schedule["phases"][0]["trial_end"], schedule["phases"][0]["end_date"]);
    EXPECT_EQ(subscription_of(schedule)["status"], "trialing");
    EXPECT_THAT(newest_lines(), ElementsAre(0));
    until("2026-04-01");
    EXPECT_EQ(subscription_of(schedule)["status"], "active");
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
    EXPECT_EQ(invoices().size(), 2);
}

TEST_F(ScheduleTest, ATrialMayEndWithinItsPhase) {
    const Json schedule =
        create(phase(0, one_, months(2) + " [trial_end]=" + seconds("2026-03-15")));
    EXPECT_EQ(day_of(subscription_of(schedule)["trial_end"]), "2026-03-15");
    until("2026-03-16");
    EXPECT_EQ(subscription_of(schedule)["status"], "active");
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    EXPECT_EQ(get(schedule)["phases"].size(), 1);
}

TEST_F(ScheduleTest, ALaterTrialPhaseStopsTheBilling) {
    const Json schedule =
        create(phase(0, one_, months(1)) + phase(1, one_, months(1) + " [trial]=true"));
    until("2026-04-01");
    EXPECT_EQ(subscription_of(schedule)["status"], "trialing");
    EXPECT_EQ(invoices().size(), 1);
    until("2026-05-01");
    EXPECT_EQ(subscription_of(schedule)["status"], "active");
    EXPECT_EQ(get(schedule)["status"], "completed");
}

TEST_F(ScheduleTest, EndsWithItsSubscription) {
    const Json schedule = create("&end_behavior=cancel" + phase(0, one_, months(1)) +
                                 phase(1, two_, "[end_date]=" + seconds("2026-04-21")));
    EXPECT_EQ(subscription_of(schedule)["cancel_at"], nullptr);
    until("2026-04-01");
    EXPECT_EQ(day_of(subscription_of(schedule)["cancel_at"]), "2026-04-21");
    until("2026-04-10");
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("subscription_schedule.expiring")));
    until("2026-04-11");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("test_helpers.test_clock.advancing", "subscription_schedule.expiring",
                            "test_helpers.test_clock.ready"));
    until("2026-04-21");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("test_helpers.test_clock.advancing", "customer.subscription.deleted",
                            "subscription_schedule.completed", "test_helpers.test_clock.ready"));
    const Json ended = get(schedule);
    EXPECT_EQ(ended["status"], "completed");
    EXPECT_EQ(day_of(ended["completed_at"]), "2026-04-21");
    EXPECT_EQ(subscription_of(ended)["status"], "canceled");
}

TEST_F(ScheduleTest, LetsItsSubscriptionGoAtTheEnd) {
    const Json schedule = create(phase(0, one_, months(1)));
    until("2026-03-31");
    sandbox_.new_events();
    until("2026-04-01");
    const Json ended = get(schedule);
    EXPECT_EQ(ended["status"], "completed");
    EXPECT_EQ(ended["subscription"], nullptr);
    EXPECT_EQ(ended["released_subscription"], schedule["subscription"]);
    EXPECT_EQ(ended["current_phase"], nullptr);
    const Json subscription = subscription_of(ended);
    EXPECT_EQ(subscription["status"], "active");
    EXPECT_EQ(subscription["schedule"], nullptr);
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    EXPECT_EQ(invoices().size(), 2);
    EXPECT_THAT(sandbox_.new_events(), Contains("subscription_schedule.completed"));
}

TEST_F(ScheduleTest, IsReleasedOnRequest) {
    const Json schedule = create("&end_behavior=cancel" + phase(0, one_, months(2)));
    EXPECT_EQ(day_of(subscription_of(schedule)["cancel_at"]), "2026-05-01");
    sandbox_.new_events();
    const Json released = sandbox_.post(path_of(schedule) + "/release");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("subscription_schedule.updated", "customer.subscription.updated",
                            "subscription_schedule.released"));
    EXPECT_EQ(released["status"], "released");
    EXPECT_EQ(day_of(released["released_at"]), "2026-03-01");
    EXPECT_EQ(released["subscription"], nullptr);
    EXPECT_EQ(subscription_of(released)["schedule"], nullptr);
    EXPECT_EQ(subscription_of(released)["cancel_at"], nullptr);
    EXPECT_EQ(refusal(path_of(schedule) + "/cancel", ""),
              ": You cannot cancel a subscription schedule that is currently in the `released` "
              "status. It must be in `not_started, active` status to be canceled.");
    until("2026-04-30");
    until("2026-05-02");
    EXPECT_EQ(subscription_of(released)["status"], "active");
}

TEST_F(ScheduleTest, AReleaseMayKeepTheEnd) {
    const Json schedule = create("&end_behavior=cancel" + phase(0, one_, months(2)));
    const Json released =
        sandbox_.post(path_of(schedule) + "/release", "preserve_cancel_date=true");
    EXPECT_EQ(day_of(subscription_of(released)["cancel_at"]), "2026-05-01");
}

TEST_F(ScheduleTest, IsCanceledWithItsSubscription) {
    const Json schedule = create(phase(0, one_, months(2)));
    until("2026-03-11");
    sandbox_.new_events();
    const Json canceled = sandbox_.post(path_of(schedule) + "/cancel");
    EXPECT_EQ(canceled["status"], "canceled");
    EXPECT_EQ(day_of(canceled["canceled_at"]), "2026-03-11");
    EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
    // invoice_now and prorate are true unless said otherwise: 21 unused days.
    EXPECT_THAT(newest_lines(), ElementsAre(-2100));
    const auto events = sandbox_.new_events();
    EXPECT_THAT(events, Contains("customer.subscription.deleted"));
    EXPECT_THAT(events, Contains("subscription_schedule.canceled"));
}

TEST_F(ScheduleTest, IsCanceledBeforeItStarts) {
    const Json schedule = create("&start_date=" + seconds("2026-03-20") + phase(0, one_, ""));
    EXPECT_EQ(day_of(schedule["phases"][0]["end_date"]), "2026-04-20");
    sandbox_.new_events();
    sandbox_.post(path_of(schedule) + "/cancel", "prorate=false&invoice_now=false");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("subscription_schedule.canceled"));
    until("2026-03-21");
    EXPECT_EQ(get(schedule)["subscription"], nullptr);
}

TEST_F(ScheduleTest, GoesWithItsCustomer) {
    const Json waiting = create("&start_date=" + seconds("2026-03-20") + phase(0, one_, ""));
    const Json running = create(phase(0, one_, months(2)));
    sandbox_.remove("/v1/customers/" + customer_);
    EXPECT_EQ(get(waiting)["status"], "canceled");
    EXPECT_EQ(get(running)["status"], "canceled");
}

// The first try fails on 1 April, an hour after the renewal; three more follow within 15 days.
TEST_F(ScheduleTest, IsAbortedWhenTheCustomerDoesNotPay) {
    const Json schedule = create(phase(0, one_, months(6)));
    until("2026-03-02");
    const Json bad = sandbox_.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                   "customer=" + customer_);
    sandbox_.post("/v1/customers/" + customer_,
                  "invoice_settings[default_payment_method]=" + text_of(bad, "id"));
    until("2026-04-01");
    until("2026-04-15");
    EXPECT_EQ(subscription_of(schedule)["status"], "past_due");
    sandbox_.new_events();
    until("2026-04-17");
    EXPECT_THAT(sandbox_.new_events(), Contains("subscription_schedule.aborted"));
    EXPECT_EQ(get(schedule)["status"], "canceled");
    EXPECT_EQ(subscription_of(schedule)["status"], "canceled");
}

TEST_F(ScheduleTest, APhaseBringsItsSettingsAndCharges) {
    const Json product = sandbox_.post("/v1/products", "name=Setup");
    const Json once = sandbox_.post(
        "/v1/prices", "product=" + text_of(product, "id") + "&currency=usd&unit_amount=500");
    const Json schedule =
        create("&default_settings[description]=Paper" +
               phase(0, one_, months(1) + " [metadata][channel]=web [metadata][region]=apac") +
               phase(1, one_,
                     months(1) + " [metadata][channel]=sales [metadata][region]= " +
                         "[collection_method]=send_invoice "
                         "[invoice_settings][days_until_due]=14 [description]=Screen "
                         "[add_invoice_items][0][price]=" +
                         text_of(once, "id")));
    Json subscription = subscription_of(schedule);
    EXPECT_EQ(subscription["description"], "Paper");
    EXPECT_EQ(subscription["metadata"], (Json{{"channel", "web"}, {"region", "apac"}}));
    until("2026-04-01");
    subscription = subscription_of(schedule);
    EXPECT_EQ(subscription["description"], "Screen");
    EXPECT_EQ(subscription["metadata"], (Json{{"channel", "sales"}}));
    EXPECT_EQ(subscription["collection_method"], "send_invoice");
    EXPECT_EQ(subscription["days_until_due"], 14);
    EXPECT_THAT(newest_lines(), ::testing::UnorderedElementsAre(500, 3100));
}

TEST_F(ScheduleTest, LetsGoWhenThereIsNothingToSubscribeTo) {
    const Json product = sandbox_.post("/v1/products", "name=Old");
    const Json plan = sandbox_.post("/v1/plans", "product=" + text_of(product, "id") +
                                                     "&currency=usd&amount=900&interval=month");
    const Json running = create(phase(0, one_, months(1)) + phase(1, text_of(plan, "id"), ""));
    const Json waiting =
        create("&start_date=" + seconds("2026-03-20") + phase(0, text_of(plan, "id"), ""));
    sandbox_.remove("/v1/plans/" + text_of(plan, "id"));
    until("2026-04-02");
    EXPECT_EQ(get(running)["status"], "released");
    EXPECT_EQ(subscription_of(get(running))["items"]["data"][0]["price"]["id"], one_);
    EXPECT_EQ(get(waiting)["status"], "canceled");
}

TEST_F(ScheduleTest, BillsInTheModeThatItNames) {
    const Json schedule =
        create("&billing_mode[type]=flexible&billing_mode[flexible][proration_discounts]=itemized" +
               phase(0, one_, months(1)));
    EXPECT_EQ(schedule["billing_mode"]["flexible"]["proration_discounts"], "itemized");
    EXPECT_EQ(schedule["billing_mode"]["updated_at"], schedule["created"]);
    EXPECT_EQ(subscription_of(schedule)["billing_mode"], schedule["billing_mode"]);
    const Json classic = create("&billing_mode[type]=classic" + phase(0, one_, months(1)));
    EXPECT_EQ(subscription_of(classic)["billing_mode"]["type"], "classic");
    const Json mirrored = sandbox_.post(
        "/v1/subscription_schedules",
        "from_subscription=" + text_of(subscribe(one_, "&billing_mode[type]=classic"), "id"));
    EXPECT_EQ(mirrored["billing_mode"]["type"], "classic");
    EXPECT_EQ(refusal("/v1/subscription_schedules",
                      "customer=" + customer_ + "&billing_mode[type]=metered" + phase(0, one_, "")),
              "billing_mode[type]: Invalid billing_mode[type]: must be one of flexible or classic");
}

// Retired in clover; a request that names no version may still use them.
TEST_F(ScheduleTest, IterationsCountThePricesInterval) {
    const std::string quarterly =
        sandbox_.price("Quarterly", 9300, "month&recurring[interval_count]=3");
    const Json schedule = create(phase(0, quarterly, "[iterations]=2"));
    EXPECT_EQ(day_of(schedule["phases"][0]["end_date"]), "2026-09-01");
    EXPECT_EQ(refusal("/v1/subscription_schedules",
                      "customer=" + customer_ + phase(0, one_, months(1) + " [iterations]=2")),
              "phases[0][duration]: You may only specify one of these parameters: duration, "
              "iterations.");
}

TEST_F(ScheduleTest, RefusesWhatStripeRefuses) {
    const std::string path = "/v1/subscription_schedules";
    const std::string who = "customer=" + customer_;
    const std::string march = "[start_date]=" + seconds("2026-03-01");
    struct Case {
        const char* name;
        std::string form;
        std::string refusal;
    };
    const Case cases[] = {
        {"no phases", who, "phases: Missing required param: phases."},
        {"no items", who + "&phases[0][end_date]=" + seconds("2026-04-01"),
         "phases[0][items]: Missing required param: phases[0][items]."},
        {"no price", who + "&phases[0][items][0][quantity]=1",
         "phases[0][items][0][price]: Missing required param: phases[0][items][0][price]."},
        {"an unknown price", who + phase(0, "price_x", ""),
         "phases[0][items][0][price]: No such price: 'price_x'"},
        {"nobody", "customer=cus_x" + phase(0, one_, ""), "customer: No such customer: 'cus_x'"},
        {"a start_date of a phase", who + phase(0, one_, march),
         "phases[0][start_date]: Received unknown parameter: phases[0][start_date]"},
        {"two lengths", who + phase(0, one_, months(1) + " [end_date]=" + seconds("2026-05-01")),
         "phases[0][end_date]: You may only specify one of these parameters: end_date, duration."},
        {"an end in the past",
         who + "&start_date=" + seconds("2026-01-01") +
             phase(0, one_, "[end_date]=" + seconds("2026-02-01")),
         "phases[0][end_date]: The first phase must end in the future."},
        {"two ends of a trial",
         who + phase(0, one_, "[trial]=true [trial_end]=" + seconds("2026-03-05")),
         "phases[0][trial]: You may only specify one of these parameters: trial, trial_end."},
        {"a trial beyond its phase",
         who + phase(0, one_, months(1) + " [trial_end]=" + seconds("2026-05-05")),
         "phases[0][trial_end]: The trial_end of a phase must lie between its start_date and its "
         "end_date."},
        {"one price twice", who + phase(0, one_, "[items][1][price]=" + one_),
         "phases[0][items]: Cannot add multiple subscription items with the same plan: " + one_},
        {"none", who + "&end_behavior=none" + phase(0, one_, ""),
         "end_behavior: Invalid end_behavior: must be one of cancel or release"},
        {"renew", who + "&end_behavior=renew" + phase(0, one_, ""),
         "end_behavior: Invalid end_behavior: must be one of cancel or release"},
        {"a billing mode of its own beside a subscription",
         "from_subscription=sub_x&billing_mode[type]=flexible",
         "billing_mode: You cannot set `billing_mode` if `from_subscription` is set."},
        {"bills without a due day", who + phase(0, one_, "[collection_method]=send_invoice"),
         "phases[0][invoice_settings][days_until_due]: Missing required param: "
         "phases[0][invoice_settings][days_until_due]."},
        {"more beside a subscription", "from_subscription=sub_x&end_behavior=cancel",
         "end_behavior: You cannot set `end_behavior` if `from_subscription` is set."},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refusal(path, c.form), c.refusal);
    }
    const StripeError card =
        sandbox_.refused(path, who + phase(0, one_, "[default_payment_method]=pm_x"));
    EXPECT_EQ(card.param, "phases[0][default_payment_method]");
    EXPECT_THAT(card.message, ::testing::StartsWith("No such PaymentMethod: 'pm_x'"));
    std::string eleven;
    for (int i = 0; i < 11; ++i) eleven += phase(i, one_, "");
    EXPECT_EQ(sandbox_.refused(path, who + eleven).param, "phases");
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
}

TEST_F(ScheduleTest, ListsByCustomerStateAndTime) {
    const Json running = create(phase(0, one_, months(2)));
    const Json waiting = create("&start_date=" + seconds("2026-03-20") + phase(0, one_, ""));
    const Json released = sandbox_.post(path_of(create(phase(0, one_, ""))) + "/release");
    const auto ids = [&](const std::string& query) {
        return texts_of(sandbox_.get("/v1/subscription_schedules", query)["data"], "id");
    };
    const std::string a = text_of(running, "id"), b = text_of(waiting, "id"),
                      c = text_of(released, "id");
    EXPECT_THAT(ids("customer=" + customer_), ElementsAre(c, b, a));
    EXPECT_THAT(ids("scheduled=true"), ElementsAre(b));
    EXPECT_THAT(ids("released_at[gte]=" + seconds("2026-03-01")), ElementsAre(c));
    EXPECT_THAT(ids("released_at[gt]=" + seconds("2026-03-01")), IsEmpty());
    EXPECT_THAT(ids("canceled_at[gte]=0"), IsEmpty());
    EXPECT_THAT(ids("customer=" + sandbox_.customer("")), IsEmpty());
}

TEST_F(ScheduleTest, KeepsItsPlaceAfterTheMonthEnd) {
    clock_ = sandbox_.test_clock(date("2026-01-31"));
    customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock_);
    const Json schedule =
        create(phase(0, one_, months(1)) + phase(1, two_, months(1)) + phase(2, one_, months(1)));
    until("2026-02-28");
    EXPECT_THAT(newest_lines(), ElementsAre(6200));
    until("2026-03-31");
    EXPECT_THAT(newest_lines(), ElementsAre(3100));
    until("2026-04-30");
    EXPECT_EQ(get(schedule)["status"], "completed");
    EXPECT_THAT(pending(), IsEmpty());
    EXPECT_EQ(invoices().size(), 4);
}

}  // namespace
}  // namespace turnpike::twin
