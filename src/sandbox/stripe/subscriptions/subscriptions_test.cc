#include "sandbox/stripe/subscriptions/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

std::string subscribe_form(const std::string& customer, const std::string& price) {
    return "customer=" + customer + "&items[0][price]=" + price;
}
const Json& first_item(const Json& subscription) { return subscription["items"]["data"][0]; }

TEST(CreateSubscription, IsPaidInTheSameSecond) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string price = sandbox.price("Starter", 2900);
    sandbox.new_events();
    const Json subscription =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, price) +
                                              "&expand[]=latest_invoice.payments"
                                              "&expand[]=latest_invoice.confirmation_secret");
    EXPECT_EQ(subscription["status"], "active");
    const std::int64_t now = unix_seconds(sandbox.now());
    EXPECT_EQ(first_item(subscription)["current_period_start"], now);
    // 1 March 2026 12:00 + one month
    EXPECT_EQ(first_item(subscription)["current_period_end"], now + 31 * 86'400);

    const Json& invoice = subscription["latest_invoice"];
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["billing_reason"], "subscription_create");
    EXPECT_EQ(invoice["period_start"], now);
    EXPECT_EQ(invoice["period_end"], now);
    EXPECT_EQ(invoice["amount_paid"], 2900);
    EXPECT_EQ(invoice["attempt_count"], 1);
    EXPECT_EQ(invoice["auto_advance"], false);
    EXPECT_EQ(invoice["status_transitions"]["paid_at"], now);
    EXPECT_EQ(invoice["payments"]["data"][0]["status"], "paid");
    EXPECT_EQ(invoice["confirmation_secret"]["type"], "payment_intent");
    EXPECT_EQ(invoice["lines"]["data"][0]["description"], "1 × Starter (at $29.00 / month)");
    EXPECT_TRUE(text_of(invoice, "number").ends_with("-0001"));
    EXPECT_THAT(
        sandbox.new_events(),
        ElementsAre("customer.subscription.created", "invoice.created", "invoice.finalized",
                    "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
                    "invoice.updated", "customer.subscription.updated", "invoice.paid",
                    "invoice.payment_succeeded", "invoice_payment.paid"));
}

TEST(CreateSubscription, AnErrorIfIncompleteDeclineLeavesNothing) {
    BillingSandbox sandbox;
    const std::string price = sandbox.price("Starter", 2900);
    struct Case {
        const char* card;
        const char* code;
    };
    const Case cases[] = {
        {"pm_card_chargeCustomerFail", "card_declined"},
        {"pm_card_authenticationRequired", "subscription_payment_intent_requires_action"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.card);
        const std::string customer = sandbox.customer(c.card);
        const auto objects = sandbox.rows("objects");
        const auto events = sandbox.rows("events");
        const StripeError error =
            sandbox.refused("/v1/subscriptions", subscribe_form(customer, price) +
                                                     "&payment_behavior=error_if_incomplete");
        EXPECT_EQ(error.http_status, 402);
        EXPECT_EQ(error.type, "card_error");
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(sandbox.rows("objects"), objects);
        EXPECT_EQ(sandbox.rows("events"), events);
    }
}

TEST(CreateSubscription, AllowIncompleteKeepsTheDeclinedInvoiceOpen) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_chargeCustomerFail");
    const Json subscription =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2900)) +
                                              "&expand[]=latest_invoice.payments");
    EXPECT_EQ(subscription["status"], "incomplete");
    const Json& invoice = subscription["latest_invoice"];
    EXPECT_EQ(invoice["status"], "open");
    EXPECT_EQ(invoice["attempt_count"], 1);
    EXPECT_EQ(invoice["attempted"], true);
    EXPECT_EQ(invoice["next_payment_attempt"], nullptr);
    const Json intent =
        sandbox.get("/v1/payment_intents/" +
                    text_of(invoice["payments"]["data"][0]["payment"], "payment_intent"));
    EXPECT_EQ(intent["status"], "requires_payment_method");
    EXPECT_EQ(intent["last_payment_error"]["decline_code"], "generic_decline");

    // A good card pays it, and the subscription becomes active.
    const Json method =
        sandbox.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    const Json paid = sandbox.post("/v1/invoices/" + text_of(invoice, "id") + "/pay",
                                   "payment_method=" + text_of(method, "id"));
    EXPECT_EQ(paid["status"], "paid");
    EXPECT_EQ(sandbox.get("/v1/subscriptions/" + text_of(subscription, "id"))["status"], "active");
}

// Recorded at 2026-03-25.dahlia: test_stripe_fails_when_subscribing_with_SCA_card.
TEST(CreateSubscription, WaitsForTheCardholder) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_authenticationRequired");
    const Json subscription =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2500)) +
                                              "&expand[]=latest_invoice.payments");
    EXPECT_EQ(subscription["status"], "incomplete");
    const Json& invoice = subscription["latest_invoice"];
    EXPECT_EQ(invoice["status"], "open");
    EXPECT_EQ(invoice["attempt_count"], 0);
    EXPECT_EQ(invoice["attempted"], true);
    EXPECT_EQ(invoice["auto_advance"], true);
    EXPECT_EQ(invoice["amount_remaining"], 2500);
    const Json& payment = invoice["payments"]["data"][0];
    EXPECT_EQ(payment["status"], "open");
    EXPECT_EQ(payment["amount_paid"], nullptr);
    EXPECT_EQ(payment["amount_requested"], 2500);
    const Json intent =
        sandbox.get("/v1/payment_intents/" + text_of(payment["payment"], "payment_intent"));
    EXPECT_EQ(intent["status"], "requires_action");
    EXPECT_EQ(intent["description"], "Subscription creation");
    EXPECT_EQ(intent["setup_future_usage"], "off_session");
}

TEST(CreateSubscription, AnIncompleteOneExpiresAfter23Hours) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_chargeCustomerFail");
    const Json made =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2900)));
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const Instant start = sandbox.now();
    sandbox.run_until(start + std::chrono::hours(23) - std::chrono::seconds(1));
    EXPECT_EQ(sandbox.get(path)["status"], "incomplete");
    sandbox.run_until(start + std::chrono::hours(23));
    const Json expired = sandbox.get(path, "expand[]=latest_invoice");
    EXPECT_EQ(expired["status"], "incomplete_expired");
    EXPECT_EQ(expired["ended_at"], unix_seconds(start) + 23 * 3600);
    EXPECT_EQ(expired["latest_invoice"]["status"], "void");
}

// Recorded: test_cancel_now_when_on_trial.
TEST(CreateSubscription, ATrialBeginsWithAPaidInvoiceOfNothing) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");  // needs no card
    const Json subscription = sandbox.post(
        "/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 1000)) +
                                 "&trial_period_days=14&expand[]=latest_invoice.payments"
                                 "&expand[]=latest_invoice.confirmation_secret");
    const std::int64_t now = unix_seconds(sandbox.now());
    const std::int64_t end = now + 14 * 86'400;
    EXPECT_EQ(subscription["status"], "trialing");
    EXPECT_EQ(subscription["trial_start"], now);
    EXPECT_EQ(subscription["trial_end"], end);
    EXPECT_EQ(subscription["billing_cycle_anchor"], end);
    EXPECT_EQ(first_item(subscription)["current_period_start"], now);
    EXPECT_EQ(first_item(subscription)["current_period_end"], end);
    const Json& invoice = subscription["latest_invoice"];
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["total"], 0);
    EXPECT_EQ(invoice["attempted"], true);
    EXPECT_EQ(invoice["attempt_count"], 0);
    EXPECT_EQ(invoice["confirmation_secret"], nullptr);
    EXPECT_TRUE(invoice["payments"]["data"].empty());
    const Json& line = invoice["lines"]["data"][0];
    EXPECT_EQ(line["description"], "Free trial for 1 × Starter");
    EXPECT_EQ(line["pricing"]["unit_amount_decimal"], "0");
}

// Recorded: test_stripe_subscription_and_one_time_charge.
TEST(CreateSubscription, AddsSingleChargesBeforeTheItems) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const Json shirt = sandbox.post("/v1/products", "name=T-Shirt");
    const Json once = sandbox.post(
        "/v1/prices", "product=" + text_of(shirt, "id") + "&currency=usd&unit_amount=1500");
    const Json subscription = sandbox.post(
        "/v1/subscriptions", subscribe_form(customer, sandbox.price("Default", 1000)) +
                                 "&add_invoice_items[0][price]=" + text_of(once, "id") +
                                 "&expand[]=latest_invoice");
    const Json& lines = subscription["latest_invoice"]["lines"]["data"];
    EXPECT_THAT(amounts_of(lines), ElementsAre(1500, 1000));
    EXPECT_EQ(lines[0]["description"], "T-Shirt");
    EXPECT_EQ(lines[0]["parent"]["type"], "invoice_item_details");
    EXPECT_EQ(lines[0]["parent"]["invoice_item_details"]["subscription"], subscription["id"]);
    EXPECT_EQ(lines[0]["period"], lines[1]["period"]);
    EXPECT_EQ(subscription["latest_invoice"]["amount_paid"], 2500);
}

TEST(CreateSubscription, RefusesAsRecorded) {
    BillingSandbox sandbox;
    const std::string price = sandbox.price("Starter", 2900);
    const std::string customer = sandbox.customer();
    const StripeError bad_price =
        sandbox.refused("/v1/subscriptions", subscribe_form(customer, "invalid"));
    EXPECT_EQ(bad_price.http_status, 400);
    EXPECT_EQ(bad_price.code, "resource_missing");
    EXPECT_EQ(bad_price.message, "No such price: 'invalid'");
    EXPECT_EQ(bad_price.param, "items[0][price]");

    const StripeError no_card =
        sandbox.refused("/v1/subscriptions", subscribe_form(sandbox.customer(""), price));
    EXPECT_EQ(no_card.http_status, 400);
    EXPECT_EQ(no_card.code, "resource_missing");
    EXPECT_EQ(no_card.param, "");
    EXPECT_TRUE(no_card.message.starts_with(
        "This customer has no attached payment source or default payment method."));

    const StripeError unknown =
        sandbox.refused("/v1/subscriptions", subscribe_form(customer, price) + "&colour=red");
    EXPECT_EQ(unknown.code, "parameter_unknown");
    EXPECT_EQ(unknown.param, "colour");
    EXPECT_EQ(sandbox.refused("/v1/subscriptions", subscribe_form("cus_none", price)).message,
              "No such customer: 'cus_none'");
}

// SDK reference of Subscription.status; the message as public projects quote it.
TEST(UpdateSubscription, AnIncompleteOneTakesLittle) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_chargeCustomerFail");
    const Json made =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2900)));
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::string later = std::to_string(unix_seconds(sandbox.now()) + 864'000);
    const std::string refused[] = {
        "cancel_at_period_end=true",
        "cancel_at=" + later,
        "trial_end=" + later,
        "billing_cycle_anchor=now",
        "pause_collection[behavior]=void",
        "collection_method=send_invoice&days_until_due=3",
        "items[0][id]=" + text_of(first_item(made), "id") + "&items[0][quantity]=2"};
    for (const std::string& form : refused)
        EXPECT_EQ(sandbox.refused(path, form).message,
                  "You cannot update a subscription in `incomplete` status in a way that results "
                  "in a new invoice or invoice items. Only minor attributes, like `metadata` or "
                  "`default_payment_method`, can be updated on such subscriptions.")
            << form;
    const Json card =
        sandbox.post("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    const Json updated = sandbox.post(
        path, "metadata[a]=b&description=x&default_payment_method=" + text_of(card, "id"));
    EXPECT_EQ(updated["metadata"]["a"], "b");
    EXPECT_EQ(updated["default_payment_method"], card["id"]);
    EXPECT_EQ(updated["status"], "incomplete");

    sandbox.remove(path);
    EXPECT_EQ(sandbox.refused(path, "cancel_at_period_end=false").message,
              "A canceled subscription can only update its cancellation_details and metadata.");
    EXPECT_EQ(sandbox.post(path, "metadata[a]=c")["metadata"]["a"], "c");
}

// An invoice of it by hand, of nothing, is no payment of the first one.
TEST(UpdateSubscription, OnlyItsFirstInvoiceMakesAnIncompleteOneActive) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_chargeCustomerFail");
    const Json made =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2900)));
    const Json other = sandbox.post(
        "/v1/invoices", "customer=" + customer + "&subscription=" + text_of(made, "id"));
    EXPECT_EQ(sandbox.post("/v1/invoices/" + text_of(other, "id") + "/finalize")["status"], "paid");
    EXPECT_EQ(sandbox.get("/v1/subscriptions/" + text_of(made, "id"))["status"], "incomplete");
}

TEST(CreateSubscription, DefaultIncompleteChargesNothing) {
    BillingSandbox sandbox;
    const Json subscription = sandbox.post(
        "/v1/subscriptions", subscribe_form(sandbox.customer(""), sandbox.price("Starter", 2900)) +
                                 "&payment_behavior=default_incomplete&expand[]=latest_invoice");
    EXPECT_EQ(subscription["status"], "incomplete");
    EXPECT_EQ(subscription["latest_invoice"]["status"], "open");
    EXPECT_EQ(subscription["latest_invoice"]["attempted"], false);
    EXPECT_EQ(subscription["latest_invoice"]["auto_advance"], false);
}

TEST(ListSubscriptions, ByTheirPeriods) {
    BillingSandbox sandbox;
    sandbox.post("/v1/subscriptions",
                 subscribe_form(sandbox.customer(), sandbox.price("Starter", 2900)));
    const std::string start = std::to_string(unix_seconds(sandbox.now()));
    // 1 March to 1 April: 31 days.
    const std::string end = std::to_string(unix_seconds(sandbox.now()) + 31 * 86'400);
    const auto found = [&](const std::string& query) {
        return sandbox.get("/v1/subscriptions", query)["data"].size();
    };
    EXPECT_EQ(found("current_period_start=" + start + "&current_period_end=" + end), 1U);
    EXPECT_EQ(found("current_period_start[gt]=" + start), 0U);
    EXPECT_EQ(found("current_period_end[lte]=" + end), 1U);
    EXPECT_EQ(found("current_period_end[lt]=" + end), 0U);
}

// An event in pay-rails/pay#91 has incomplete_expired with canceled_at 71 seconds after creation
// and cancel_at null; dj-stripe#1168: manually deleted, the webhook is subscription.updated.
TEST(CancelSubscription, OneThatIsIncompleteExpires) {
    BillingSandbox sandbox;
    const Json made =
        sandbox.post("/v1/subscriptions",
                     subscribe_form(sandbox.customer("pm_card_authenticationRequired"),
                                    sandbox.price("Starter", 2900)) +
                         "&payment_behavior=default_incomplete&expand[]=latest_invoice.payments");
    const std::string subscription = "/v1/subscriptions/" + text_of(made, "id");
    const std::int64_t ends = unix_seconds(sandbox.now()) + 71;
    sandbox.set_now(sandbox.now() + std::chrono::seconds(71));
    sandbox.new_events();
    const Json ended = sandbox.remove(
        subscription, "invoice_now=true&prorate=true&cancellation_details[comment]=changed");
    EXPECT_EQ(ended["status"], "incomplete_expired");
    EXPECT_EQ(ended["canceled_at"], ends);
    EXPECT_EQ(ended["ended_at"], ends);
    EXPECT_EQ(ended["cancel_at"], nullptr);
    EXPECT_EQ(ended["cancellation_details"]["reason"], "cancellation_requested");
    EXPECT_EQ(ended["cancellation_details"]["comment"], "changed");
    EXPECT_EQ(ended["latest_invoice"], made["latest_invoice"]["id"]);
    EXPECT_THAT(sandbox.new_events(),
                ::testing::ElementsAre("customer.subscription.updated", "payment_intent.canceled",
                                       "invoice.voided"));
    EXPECT_EQ(sandbox.call("DELETE", subscription, "").error().http_status, 404);
    const Json& invoice = made["latest_invoice"];
    const std::string path = "/v1/invoices/" + text_of(invoice, "id");
    EXPECT_EQ(sandbox.get(path)["status"], "void");
    const std::string intent = text_of(invoice["payments"]["data"][0]["payment"], "payment_intent");
    EXPECT_EQ(sandbox.get("/v1/payment_intents/" + intent)["status"], "canceled");
}

TEST(CancelSubscription, OneThatIsIncompleteExpiresWithItsCustomer) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_chargeCustomerFail");
    const Json made =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Starter", 2900)));
    sandbox.new_events();
    sandbox.remove("/v1/customers/" + customer);
    EXPECT_EQ(sandbox.get("/v1/subscriptions/" + text_of(made, "id"))["status"],
              "incomplete_expired");
    EXPECT_THAT(sandbox.new_events(),
                ::testing::Not(::testing::Contains("customer.subscription.deleted")));
}

// Recorded: test_cancel_now_when_scheduled_for_cancellation, test_stripe_resume_on_grace_period.
TEST(CancelSubscription, KeepsTheTimeOfTheFirstRequest) {
    BillingSandbox sandbox;
    const Json made = sandbox.post(
        "/v1/subscriptions", subscribe_form(sandbox.customer(), sandbox.price("Default", 1000)));
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::int64_t start = unix_seconds(sandbox.now());

    sandbox.set_now(sandbox.now() + std::chrono::seconds(4));
    const Json scheduled = sandbox.post(path, "cancel_at_period_end=true");
    EXPECT_EQ(scheduled["status"], "active");
    EXPECT_EQ(scheduled["cancel_at_period_end"], true);
    EXPECT_EQ(scheduled["cancel_at"], first_item(made)["current_period_end"]);
    EXPECT_EQ(scheduled["canceled_at"], start + 4);
    EXPECT_EQ(scheduled["cancellation_details"]["reason"], "cancellation_requested");

    const Json kept = sandbox.post(path, "cancel_at_period_end=false");
    EXPECT_EQ(kept["cancel_at"], nullptr);
    EXPECT_EQ(kept["canceled_at"], nullptr);
    EXPECT_EQ(kept["cancellation_details"]["reason"], nullptr);

    sandbox.post(path, "cancel_at_period_end=true");
    sandbox.set_now(sandbox.now() + std::chrono::seconds(5));
    const Json gone = sandbox.remove(path);
    EXPECT_EQ(gone["status"], "canceled");
    EXPECT_EQ(gone["ended_at"], start + 9);
    EXPECT_EQ(gone["canceled_at"], start + 4);
    EXPECT_EQ(gone["cancel_at"], nullptr);
    EXPECT_EQ(gone["cancel_at_period_end"], false);
    EXPECT_EQ(sandbox.call("DELETE", path, "").error().http_status, 404);
}

// stripe_world (01_proration_half_cent, 2026-08-26.dahlia): what gives back is a draft of a cycle,
// which has the hour that such drafts have.
TEST(CancelSubscription, InvoiceNowAndProrateGiveTheRestBack) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const Json made =
        sandbox.post("/v1/subscriptions", subscribe_form(customer, sandbox.price("Pro", 9900)));
    // 1 March 12:00 + 15.5 days is half of the 31 days: 9900 / 2 = 4950.
    sandbox.set_now(sandbox.now() + std::chrono::hours(372));
    const Json gone =
        sandbox.remove("/v1/subscriptions/" + text_of(made, "id"), "invoice_now=true&prorate=true");
    EXPECT_EQ(gone["status"], "canceled");
    const Json invoice = sandbox.get("/v1/invoices/" + text_of(gone, "latest_invoice"));
    EXPECT_EQ(invoice["total"], -4950);
    EXPECT_EQ(invoice["amount_due"], 0);
    EXPECT_EQ(invoice["billing_reason"], "subscription_cycle");
    EXPECT_EQ(invoice["status"], "draft");
    EXPECT_EQ(invoice["number"], nullptr);
    EXPECT_EQ(invoice["auto_advance"], true);
    EXPECT_EQ(invoice["attempted"], false);
    EXPECT_EQ(invoice["ending_balance"], nullptr);
    EXPECT_EQ(invoice["automatically_finalizes_at"], unix_seconds(sandbox.now()) + 3600);
    EXPECT_EQ(sandbox.get("/v1/customers/" + customer)["balance"], 0);

    sandbox.run_until(sandbox.now() + std::chrono::hours(1));
    EXPECT_EQ(sandbox.get("/v1/invoices/" + text_of(invoice, "id"))["status"], "paid");
    EXPECT_EQ(sandbox.get("/v1/customers/" + customer)["balance"], -4950);
}

TEST(ListSubscriptions, LeavesOutCanceledOnesUnlessAsked) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer();
    const std::string price = sandbox.price("Pro", 9900);
    const Json first = sandbox.post("/v1/subscriptions", subscribe_form(customer, price));
    const Json second = sandbox.post("/v1/subscriptions", subscribe_form(customer, price));
    sandbox.remove("/v1/subscriptions/" + text_of(first, "id"));
    const auto ids = [&](const std::string& query) {
        return texts_of(sandbox.get("/v1/subscriptions", query)["data"], "id");
    };
    const std::string one = text_of(first, "id"), two = text_of(second, "id");
    EXPECT_THAT(ids(""), ElementsAre(two));
    EXPECT_THAT(ids("status=all"), ElementsAre(two, one));
    EXPECT_THAT(ids("status=ended"), ElementsAre(one));
    EXPECT_THAT(ids("status=canceled"), ElementsAre(one));
    EXPECT_THAT(ids("status=all&price=" + price), ElementsAre(two, one));
    EXPECT_THAT(ids("status=all&price=price_other"), ElementsAre());
}

// Recorded: test_stripe_can_pause_and_resume_a_subscription.
TEST(PauseCollection, ChangesNoStatusAndVoidsTheNextInvoice) {
    BillingSandbox sandbox;
    const Json made = sandbox.post(
        "/v1/subscriptions", subscribe_form(sandbox.customer(), sandbox.price("Default", 1000)));
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    sandbox.new_events();
    const Json paused = sandbox.post(path, "pause_collection[behavior]=void");
    EXPECT_EQ(paused["status"], "active");
    EXPECT_EQ(paused["pause_collection"]["behavior"], "void");
    EXPECT_EQ(paused["pause_collection"]["resumes_at"], nullptr);
    EXPECT_THAT(sandbox.new_events(), ElementsAre("customer.subscription.updated"));

    sandbox.run_until(sandbox.now() + std::chrono::days(32));
    const Json renewed = sandbox.get(path, "expand[]=latest_invoice");
    EXPECT_EQ(renewed["status"], "active");
    EXPECT_EQ(renewed["latest_invoice"]["status"], "void");
    EXPECT_EQ(sandbox.post(path, "pause_collection=")["pause_collection"], nullptr);
}

}  // namespace
}  // namespace turnpike::twin
