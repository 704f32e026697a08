#include "sandbox/stripe/cards/setup_intents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kIntents = "/v1/setup_intents";
const std::string kBack = "&return_url=https://shop.example";

class SetupIntentTest : public ::testing::Test {
protected:
    Json create(const std::string& form = "") { return sandbox_.post(kIntents, form); }
    Json confirmed(const std::string& card, const std::string& more = "") {
        const bool returns = more.contains("return_url");
        return create("confirm=true&payment_method=" + card + more + (returns ? "" : kBack));
    }
    static std::string path_of(const Json& intent) {
        return kIntents + "/" + text_of(intent, "id");
    }
    Json now(const Json& intent) { return sandbox_.get(path_of(intent)); }
    Json attempts(const Json& intent) {
        return sandbox_.get("/v1/setup_attempts", "setup_intent=" + text_of(intent, "id"))["data"];
    }
    std::string method(const std::string& card, const std::string& customer) {
        return text_of(
            sandbox_.post("/v1/payment_methods/" + card + "/attach", "customer=" + customer), "id");
    }
    /// The bank's page; `method` is GET or POST.
    PageAnswer page(const std::string& method, const Json& intent, const std::string& form = "") {
        return sandbox_.in_transaction([&](Context& ctx) {
            const Json tree = *decode_form(form);
            PageRequest request{.ctx = ctx,
                                .object = *ctx.find("setup_intent", text_of(intent, "id")),
                                .form = Params(tree),
                                .path = "/here"};
            for (const PageRoute& route : setup_page_feature().pages)
                if (route.method == method) return route.handler(request);
            return PageAnswer{.status = 404};
        });
    }

    BillingSandbox sandbox_;
};

// Recorded at 2025-10-29.clover: test_stripe_can_create_setup_intent (members; what differs is that
// no other payment methods exist here). customer_account is newer.
TEST_F(SetupIntentTest, LooksAsRecorded) {
    const std::string customer = sandbox_.customer("");
    sandbox_.new_events();
    const Json intent = create("customer=" + customer + "&usage=off_session");
    std::vector<std::string> members;
    for (const auto& [name, value] : intent.items()) members.push_back(name);
    EXPECT_THAT(members, ::testing::UnorderedElementsAre(
                             "id", "object", "application", "automatic_payment_methods",
                             "cancellation_reason", "client_secret", "created", "customer",
                             "customer_account", "description", "excluded_payment_method_types",
                             "flow_directions", "last_setup_error", "latest_attempt", "livemode",
                             "mandate", "metadata", "next_action", "on_behalf_of", "payment_method",
                             "payment_method_configuration_details", "payment_method_options",
                             "payment_method_types", "single_use_mandate", "status", "usage"));
    EXPECT_TRUE(text_of(intent, "id").starts_with("seti_1"));
    EXPECT_TRUE(text_of(intent, "client_secret").starts_with(text_of(intent, "id") + "_secret_"));
    EXPECT_EQ(to_text(intent["automatic_payment_methods"]),
              R"({"allow_redirects":"always","enabled":true})");
    EXPECT_EQ(intent["payment_method_options"]["card"]["request_three_d_secure"], "automatic");
    EXPECT_EQ(intent["customer"], customer);
    EXPECT_EQ(intent["status"], "requires_payment_method");
    EXPECT_EQ(intent["usage"], "off_session");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("setup_intent.created"));
}

TEST_F(SetupIntentTest, KeepsTheCardForTheCustomer) {
    const std::string customer = sandbox_.customer("");
    sandbox_.new_events();
    const Json intent =
        confirmed("pm_card_visa",
                  "&customer=" + customer + "&expand[]=payment_method&expand[]=latest_attempt");
    EXPECT_EQ(intent["status"], "succeeded");
    EXPECT_EQ(intent["payment_method"]["customer"], customer);
    EXPECT_EQ(intent["mandate"], nullptr);
    EXPECT_EQ(intent["next_action"], nullptr);
    const Json& attempt = intent["latest_attempt"];
    EXPECT_TRUE(text_of(attempt, "id").starts_with("setatt_1"));
    EXPECT_EQ(attempt["object"], "setup_attempt");
    EXPECT_EQ(attempt["status"], "succeeded");
    EXPECT_EQ(attempt["setup_intent"], intent["id"]);
    EXPECT_EQ(attempt["payment_method_details"]["card"]["last4"], "4242");
    EXPECT_EQ(attempt["payment_method_details"]["card"]["three_d_secure"], nullptr);
    EXPECT_THAT(
        sandbox_.new_events(),
        ElementsAre("setup_intent.created", "payment_method.attached", "setup_intent.succeeded"));
    // A method that is the customer's already stays it, without an event.
    const std::string own = text_of(intent["payment_method"], "id");
    EXPECT_EQ(confirmed(own, "&customer=" + customer)["status"], "succeeded");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("setup_intent.created", "setup_intent.succeeded"));
    EXPECT_EQ(sandbox_.rows("objects WHERE kind = 'charge'"), 0);
}

TEST_F(SetupIntentTest, WithoutACustomerTheMethodStaysFree) {
    const Json intent = confirmed("pm_card_visa", "&payment_method_types[]=card");
    EXPECT_EQ(intent["status"], "succeeded");
    EXPECT_EQ(intent["automatic_payment_methods"], nullptr);
    const std::string free = text_of(intent, "payment_method");
    EXPECT_EQ(sandbox_.get("/v1/payment_methods/" + free)["customer"], nullptr);
    const std::string customer = sandbox_.customer("");
    EXPECT_EQ(method(free, customer), free);
}

TEST_F(SetupIntentTest, FailsAsTheCardDeclines) {
    struct Case {
        const char* card;
        const char* code;
        const char* decline_code;
    };
    const Case cases[] = {
        {"pm_card_chargeDeclined", "card_declined", "generic_decline"},
        {"pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"},
        {"pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"},
        {"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"},
    };
    const std::string customer = sandbox_.customer("");
    for (const Case& c : cases) {
        SCOPED_TRACE(c.card);
        sandbox_.new_events();
        const StripeError error = sandbox_.refused(
            kIntents, std::string("confirm=true&return_url=https://shop.example&customer=") +
                          customer + "&payment_method=" + c.card);
        EXPECT_EQ(error.http_status, 402);
        EXPECT_EQ(error.type, "card_error");
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.decline_code, c.decline_code);
        EXPECT_EQ(error.param, error.code == "expired_card" ? "exp_month" : "");
        EXPECT_EQ(error.extra["payment_method"]["object"], "payment_method");
        EXPECT_THAT(to_text(error.extra), Not(HasSubstr("\"_")));

        const Json failed = now(error.extra["setup_intent"]);
        EXPECT_EQ(failed["status"], "requires_payment_method");
        EXPECT_EQ(failed["payment_method"], nullptr);
        const Json& last = failed["last_setup_error"];
        EXPECT_EQ(last["type"], "card_error");
        EXPECT_EQ(last["code"], c.code);
        EXPECT_EQ(text_of(last, "decline_code"), c.decline_code);
        EXPECT_EQ(last["message"], error.message);
        EXPECT_EQ(last["payment_method"], error.extra["payment_method"]);
        const Json tried = attempts(failed);
        ASSERT_EQ(tried.size(), 1);
        EXPECT_EQ(tried[0]["id"], failed["latest_attempt"]);
        EXPECT_EQ(tried[0]["status"], "failed");
        EXPECT_EQ(tried[0]["setup_error"], last);
        EXPECT_THAT(sandbox_.new_events(),
                    ElementsAre("setup_intent.created", "setup_intent.setup_failed"));
    }
    EXPECT_EQ(sandbox_.get("/v1/payment_methods", "customer=" + customer)["data"].size(), 0);
}

TEST_F(SetupIntentTest, ACardThatOnlyFailsChargesIsKept) {
    EXPECT_EQ(confirmed("pm_card_chargeCustomerFail")["status"], "succeeded");
}

TEST_F(SetupIntentTest, TheCardholderConfirmsOnTheBanksPage) {
    const std::string customer = sandbox_.customer("");
    sandbox_.new_events();
    const Json asks = confirmed("pm_card_authenticationRequired",
                                "&customer=" + customer + "&return_url=https://shop.example/done");
    EXPECT_EQ(asks["status"], "requires_action");
    EXPECT_EQ(asks["next_action"]["type"], "redirect_to_url");
    const Json& redirect = asks["next_action"]["redirect_to_url"];
    EXPECT_EQ(redirect["return_url"], "https://shop.example/done");
    EXPECT_THAT(text_of(redirect, "url"), ::testing::EndsWith("/p/setup/" + text_of(asks, "id")));
    EXPECT_EQ(attempts(asks)[0]["status"], "requires_action");
    EXPECT_THAT(page("GET", asks).html, HasSubstr("ending in <strong>3184</strong>"));

    EXPECT_EQ(page("POST", asks, "action=yes").location, "/here");
    const Json done = now(asks);
    EXPECT_EQ(done["status"], "succeeded");
    EXPECT_EQ(done["next_action"], nullptr);
    const Json attempt = attempts(asks)[0];
    EXPECT_EQ(attempt["status"], "succeeded");
    EXPECT_EQ(attempt["payment_method_details"]["card"]["three_d_secure"]["result"],
              "authenticated");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("setup_intent.created", "setup_intent.requires_action",
                            "payment_method.attached", "setup_intent.succeeded"));
    EXPECT_THAT(
        page("GET", asks).html,
        ::testing::AllOf(HasSubstr("has been saved"),
                         HasSubstr("https://shop.example/done?setup_intent=" + text_of(asks, "id") +
                                   "&amp;setup_intent_client_secret="),
                         HasSubstr("&amp;redirect_status=succeeded")));
    // The page answers once.
    page("POST", asks, "action=no");
    EXPECT_EQ(now(asks)["status"], "succeeded");
}

TEST_F(SetupIntentTest, TheCardholderRefusesOnTheBanksPage) {
    const Json asks =
        confirmed("pm_card_threeDSecure2Required", "&return_url=https://shop.example/?a=b");
    sandbox_.new_events();
    page("POST", asks, "action=no");
    const Json failed = now(asks);
    EXPECT_EQ(failed["status"], "requires_payment_method");
    EXPECT_EQ(failed["payment_method"], nullptr);
    EXPECT_EQ(failed["last_setup_error"]["code"], "setup_intent_authentication_failure");
    EXPECT_EQ(failed["last_setup_error"]["type"], "invalid_request_error");
    const Json attempt = attempts(asks)[0];
    EXPECT_EQ(attempt["status"], "failed");
    EXPECT_EQ(attempt["payment_method_details"]["card"]["three_d_secure"]["result"], "failed");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("setup_intent.setup_failed"));
    EXPECT_THAT(page("GET", asks).html, ::testing::AllOf(HasSubstr("your bank did not confirm it"),
                                                         HasSubstr("/?a=b&amp;setup_intent="),
                                                         HasSubstr("&amp;redirect_status=failed")));
    EXPECT_EQ(
        sandbox_.post(path_of(asks) + "/confirm", "payment_method=pm_card_visa" + kBack)["status"],
        "succeeded");
}

TEST_F(SetupIntentTest, ACardSetUpOnceIsChargedOffSession) {
    const std::string customer = sandbox_.customer("");
    const Json asks = confirmed("pm_card_authenticationRequiredOnSetup", "&customer=" + customer);
    page("POST", asks, "action=yes");
    const std::string pay =
        "amount=2900&currency=usd&confirm=true&off_session=true&customer=" + customer +
        "&payment_method=";
    EXPECT_EQ(
        sandbox_.post("/v1/payment_intents", pay + text_of(now(asks), "payment_method"))["status"],
        "succeeded");
    const std::string never = method("pm_card_authenticationRequiredOnSetup", customer);
    EXPECT_EQ(sandbox_.refused("/v1/payment_intents", pay + never).code, "authentication_required");
}

TEST_F(SetupIntentTest, AMethodThatWasDetachedMeanwhileIsNotKept) {
    const std::string customer = sandbox_.customer("");
    const std::string own = method("pm_card_authenticationRequired", customer);
    const Json asks = confirmed(own, "&customer=" + customer);
    sandbox_.post("/v1/payment_methods/" + own + "/detach");
    page("POST", asks, "action=yes");
    EXPECT_EQ(now(asks)["status"], "requires_payment_method");
    EXPECT_THAT(text_of(now(asks)["last_setup_error"], "message"),
                HasSubstr("may not be used again"));
}

TEST_F(SetupIntentTest, IsUpdatedThenConfirmed) {
    const std::string customer = sandbox_.customer("");
    const Json intent = create("metadata[a]=1&usage=on_session&description=first");
    EXPECT_EQ(intent["usage"], "on_session");
    sandbox_.new_events();
    const Json updated =
        sandbox_.post(path_of(intent), "metadata[b]=2&description=second&customer=" + customer +
                                           "&payment_method=pm_card_visa&payment_method_options"
                                           "[card][request_three_d_secure]=any");
    EXPECT_EQ(updated["status"], "requires_confirmation");
    EXPECT_EQ(updated["customer"], customer);
    EXPECT_EQ(updated["description"], "second");
    EXPECT_EQ(to_text(updated["metadata"]), R"({"a":"1","b":"2"})");
    EXPECT_EQ(updated["payment_method_options"]["card"]["request_three_d_secure"], "any");
    EXPECT_EQ(sandbox_.post(path_of(intent), "payment_method=")["status"],
              "requires_payment_method");
    sandbox_.post(path_of(intent), "payment_method=pm_card_mastercard");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre());  // no setup_intent.updated exists
    EXPECT_EQ(sandbox_.post(path_of(intent) + "/confirm", kBack.substr(1))["status"], "succeeded");
    EXPECT_EQ(attempts(intent)[0]["usage"], "on_session");
    // What has no say in the outcome can still be written.
    EXPECT_EQ(sandbox_.post(path_of(intent), "description=third")["description"], "third");
}

TEST_F(SetupIntentTest, ANewConfirmationGivesUpTheOneThatWaits) {
    const Json asks = confirmed("pm_card_authenticationRequired");
    EXPECT_EQ(
        sandbox_.post(path_of(asks) + "/confirm", "payment_method=pm_card_visa" + kBack)["status"],
        "succeeded");
    EXPECT_THAT(texts_of(attempts(asks), "status"), ElementsAre("succeeded", "abandoned"));
    EXPECT_EQ(page("POST", asks, "action=no").status, 303);
    EXPECT_EQ(now(asks)["status"], "succeeded");

    const Json other = confirmed("pm_card_authenticationRequired");
    const Json updated = sandbox_.post(path_of(other), "payment_method=pm_card_visa");
    EXPECT_EQ(updated["status"], "requires_confirmation");
    EXPECT_EQ(updated["next_action"], nullptr);
    EXPECT_EQ(attempts(other)[0]["status"], "abandoned");
}

TEST_F(SetupIntentTest, IsCanceledInAnyStateThatIsNotFinal) {
    for (const char* form : {"", "payment_method=pm_card_visa",
                             "confirm=true&return_url=https://"
                             "shop.example&payment_method=pm_card_authenticationRequired"}) {
        SCOPED_TRACE(form);
        const Json intent = create(form);
        sandbox_.new_events();
        const Json canceled =
            sandbox_.post(path_of(intent) + "/cancel", "cancellation_reason=duplicate");
        EXPECT_EQ(canceled["status"], "canceled");
        EXPECT_EQ(canceled["cancellation_reason"], "duplicate");
        EXPECT_EQ(canceled["payment_method"], intent["payment_method"]);
        EXPECT_EQ(canceled["next_action"], nullptr);
        EXPECT_THAT(sandbox_.new_events(), ElementsAre("setup_intent.canceled"));
    }
    EXPECT_EQ(sandbox_.post(path_of(create()) + "/cancel")["cancellation_reason"], nullptr);
    const StripeError error =
        sandbox_.refused(path_of(create()) + "/cancel", "cancellation_reason=fraudulent");
    EXPECT_EQ(error.param, "cancellation_reason");
    EXPECT_THAT(error.message, HasSubstr("abandoned, duplicate, or requested_by_customer"));
}

TEST_F(SetupIntentTest, RefusesWhatItsStateDoesNotAllow) {
    const Json done = confirmed("pm_card_visa");
    const Json canceled = create("payment_method=pm_card_visa");
    sandbox_.post(path_of(canceled) + "/cancel");
    struct Case {
        const Json& intent;
        const char* action;
        const char* form;
        const char* message;
    };
    const Json bare = create();
    const Case cases[] = {
        {bare, "/confirm", "return_url=https://shop.example",
         "You cannot confirm this SetupIntent because it's missing a payment method. You can "
         "either update the SetupIntent with a payment method and then confirm it again, or "
         "confirm it again directly with a payment method or ConfirmationToken."},
        {done, "/confirm", "",
         "You cannot confirm this SetupIntent because it has already succeeded."},
        {canceled, "/confirm", "",
         "You cannot confirm this SetupIntent because it has been canceled."},
        {done, "", "payment_method=pm_card_visa",
         "You cannot update this SetupIntent because it has already succeeded."},
        {canceled, "", "payment_method=pm_card_visa",
         "You cannot update this SetupIntent because it has been canceled."},
        {canceled, "", "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa",
         "You cannot update this SetupIntent because it has been canceled."},
        {done, "/cancel", "",
         "You cannot cancel this SetupIntent because it has a status of succeeded. Only a "
         "SetupIntent with one of the following statuses may be canceled: "
         "`requires_payment_method`, `requires_confirmation`, or `requires_action`."},
        {canceled, "/cancel", "",
         "You cannot cancel this SetupIntent because it is already canceled."},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.message);
        const Json before = now(c.intent);
        const StripeError error = sandbox_.refused(path_of(c.intent) + c.action, c.form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.type, "invalid_request_error");
        EXPECT_EQ(error.code, "setup_intent_unexpected_state");
        EXPECT_EQ(error.message, c.message);
        EXPECT_EQ(error.extra["setup_intent"]["id"], c.intent["id"]);
        EXPECT_EQ(now(c.intent), before);
    }
}

TEST_F(SetupIntentTest, RefusesAMethodOfAnotherCustomer) {
    const std::string owner = sandbox_.customer("");
    const std::string other = sandbox_.customer("");
    const std::string owned = method("pm_card_visa", owner);
    const std::string not_theirs =
        "The PaymentMethod " + owned + " does not belong to the Customer you supplied " + other +
        ". Please use this PaymentMethod with the Customer that it belongs to instead.";
    const std::string nobodys =
        "The payment method supplied (" + owned + ") belongs to the Customer " + owner +
        ". Please include the Customer in the `customer` parameter on the SetupIntent.";
    const auto expect_refused = [&](const std::string& path, const std::string& form,
                                    const std::string& message) {
        SCOPED_TRACE(path + " " + form);
        const StripeError error = sandbox_.refused(path, form + "payment_method=" + owned);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.code, "");
        EXPECT_EQ(error.param, "payment_method");
        EXPECT_EQ(error.message, message);
        EXPECT_EQ(error.extra.is_object() && error.extra.contains("setup_intent"),
                  path != kIntents);
    };
    expect_refused(kIntents, "customer=" + other + "&", not_theirs);
    expect_refused(kIntents, "", nobodys);
    const Json bare = create();
    expect_refused(path_of(bare), "", nobodys);
    expect_refused(path_of(bare) + "/confirm", kBack.substr(1) + "&", nobodys);
    const Json of_other = create("customer=" + other);
    expect_refused(path_of(of_other) + "/confirm", kBack.substr(1) + "&", not_theirs);
    EXPECT_EQ(now(of_other)["latest_attempt"], nullptr);
}

TEST_F(SetupIntentTest, RefusesWrongInput) {
    struct Case {
        const char* form;
        const char* code;
        const char* param;
        const char* message;
    };
    const Case cases[] = {
        {"usage=sometimes", "", "usage", "Invalid usage: must be one of off_session or on_session"},
        {"customer=cus_nope", "resource_missing", "customer", "No such customer: 'cus_nope'"},
        {"foo=1", "parameter_unknown", "foo", "Received unknown parameter: foo"},
        {"payment_method_types[]=klarna", "setup_intent_invalid_parameter", "payment_method_types",
         "This sandbox does not have the payment method type \"klarna\": it knows card and "
         "sepa_debit of SetupIntents."},
        {"automatic_payment_methods[enabled]=true&payment_method_types[]=card", "",
         "automatic_payment_methods",
         "You may only specify one of these parameters: automatic_payment_methods, "
         "payment_method_types."},
        {"single_use[amount]=100", "", "single_use",
         "This sandbox does not know single_use of SetupIntents."},
        {"payment_method_options[card][request_three_d_secure]=never", "",
         "payment_method_options[card][request_three_d_secure]",
         "Invalid payment_method_options[card][request_three_d_secure]: must be one of any, "
         "automatic, or challenge"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.form);
        const StripeError error = sandbox_.refused(kIntents, c.form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.param, c.param);
        EXPECT_EQ(error.message, c.message);
    }
    EXPECT_THAT(sandbox_.refused(kIntents, "payment_method=pm_nope").message,
                ::testing::StartsWith("No such PaymentMethod: 'pm_nope'"));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre());
}

TEST_F(SetupIntentTest, AnUnknownOneIsNotFound) {
    for (const auto& [method, action] :
         {std::pair{"GET", ""}, std::pair{"POST", ""}, std::pair{"POST", "/confirm"},
          std::pair{"POST", "/cancel"}}) {
        SCOPED_TRACE(action);
        const auto answer = sandbox_.call(method, kIntents + "/seti_nope" + action, "");
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().http_status, 404);
        EXPECT_EQ(answer.error().code, "resource_missing");
        EXPECT_EQ(answer.error().param, "intent");
        EXPECT_EQ(answer.error().message, "No such setupintent: 'seti_nope'");
    }
}

TEST_F(SetupIntentTest, IsListedByCustomerMethodAndTime) {
    const std::string customer = sandbox_.customer("");
    const Json first = confirmed("pm_card_visa", "&customer=" + customer);
    sandbox_.set_now(sandbox_.now() + std::chrono::hours(1));
    const Json second = create();
    const auto ids = [&](const std::string& query) {
        return texts_of(sandbox_.get(kIntents, query)["data"], "id");
    };
    const std::string a = text_of(first, "id");
    const std::string b = text_of(second, "id");
    EXPECT_THAT(ids(""), ElementsAre(b, a));
    EXPECT_THAT(ids("customer=" + customer), ElementsAre(a));
    EXPECT_THAT(ids("payment_method=" + text_of(first, "payment_method")), ElementsAre(a));
    EXPECT_THAT(ids("created[gt]=" + std::to_string(integer_of(first, "created"))), ElementsAre(b));
    EXPECT_THAT(ids("limit=1&starting_after=" + b), ElementsAre(a));
}

TEST_F(SetupIntentTest, AttemptsAreListedOfOneIntent) {
    const Json intent = create("payment_method_types[]=card");
    for (const char* card : {"pm_card_chargeDeclined", "pm_card_chargeDeclinedExpiredCard"})
        sandbox_.refused(path_of(intent) + "/confirm", std::string("payment_method=") + card);
    sandbox_.post(path_of(intent) + "/confirm", "payment_method=pm_card_visa");
    confirmed("pm_card_visa");
    EXPECT_THAT(texts_of(attempts(intent), "status"), ElementsAre("succeeded", "failed", "failed"));
    EXPECT_EQ(now(intent)["last_setup_error"], nullptr);

    const auto without = sandbox_.call("GET", "/v1/setup_attempts", "");
    ASSERT_FALSE(without);
    EXPECT_EQ(without.error().message, "Missing required param: setup_intent.");
    const auto unknown = sandbox_.call("GET", "/v1/setup_attempts", "setup_intent=seti_nope");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, "resource_missing");
    const Json listed = sandbox_.get("/v1/setup_attempts",
                                     "limit=1&expand[]=data.setup_intent&expand[]="
                                     "data.payment_method&setup_intent=" +
                                         text_of(intent, "id"));
    EXPECT_EQ(listed["has_more"], true);
    EXPECT_EQ(listed["data"][0]["setup_intent"]["status"], "succeeded");
    EXPECT_EQ(listed["data"][0]["payment_method"]["card"]["last4"], "4242");
}

TEST_F(SetupIntentTest, LivesAtTheTimeOfItsCustomersClock) {
    const Instant frozen = *parse_rfc3339("2030-01-01T00:00:00Z");
    const std::string customer =
        sandbox_.customer("", "&test_clock=" + sandbox_.test_clock(frozen));
    const Json intent = confirmed("pm_card_visa", "&customer=" + customer);
    EXPECT_EQ(intent["created"], unix_seconds(frozen));
    EXPECT_EQ(attempts(intent)[0]["created"], unix_seconds(frozen));
}

// The trigger fixture payment_method.updated.
TEST_F(SetupIntentTest, AMethodThatWasSetUpCanBeUpdated) {
    const std::string customer = sandbox_.customer("");
    const Json intent = confirmed("pm_card_visa", "&customer=" + customer);
    sandbox_.new_events();
    sandbox_.post("/v1/payment_methods/" + text_of(intent, "payment_method"), "metadata[foo]=bar");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("payment_method.updated"));
}

TEST_F(SetupIntentTest, MakesItsMethodOnTheWay) {
    const std::string data =
        "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa";
    const std::string customer = sandbox_.customer("");
    const Json at_once =
        sandbox_.post("/v1/setup_intents",
                      data + "&confirm=true&return_url=https://shop.example&customer=" + customer);
    EXPECT_EQ(at_once["status"], "succeeded");
    EXPECT_EQ(sandbox_.get("/v1/payment_methods/" + text_of(at_once, "payment_method"))["customer"],
              customer);
    const Json later = sandbox_.post("/v1/setup_intents");
    EXPECT_EQ(sandbox_.post("/v1/setup_intents/" + text_of(later, "id") + "/confirm",
                            data + kBack)["status"],
              "succeeded");
    const StripeError late = sandbox_.refused("/v1/setup_intents/" + text_of(at_once, "id"),
                                              "customer=" + sandbox_.customer(""));
    EXPECT_EQ(late.code, "setup_intent_unexpected_state");
    EXPECT_EQ(late.message, "You cannot update this SetupIntent because it has already succeeded.");
}

// Recorded at 2026-08-26.dahlia, with and without a customer: "unchecked" before, "pass" after,
// when the card was declined, too.
TEST_F(SetupIntentTest, HasTheCodeOfATokensCardChecked) {
    const auto made = [&](const std::string& token) {
        return text_of(sandbox_.post("/v1/payment_methods", "type=card&card[token]=" + token),
                       "id");
    };
    const auto check_of = [](const Json& method) {
        return method.at("card").at("checks").at("cvc_check");
    };
    const std::string card = made("tok_visa");
    EXPECT_EQ(check_of(sandbox_.get("/v1/payment_methods/" + card)), "unchecked");
    EXPECT_EQ(confirmed(card, "&customer=" + sandbox_.customer(""))["status"], "succeeded");
    EXPECT_EQ(check_of(sandbox_.get("/v1/payment_methods/" + card)), "pass");
    const StripeError refusal = sandbox_.refused(
        kIntents, "confirm=true&payment_method=" + made("tok_visa_chargeDeclined") + kBack);
    EXPECT_EQ(check_of(refusal.extra.at("payment_method")), "pass");
    EXPECT_EQ(
        check_of(refusal.extra.at("setup_intent").at("last_setup_error").at("payment_method")),
        "pass");
}

// SetupAttempt.PaymentMethodDetails.sepa_debit of stripe@20.4.1 has no members.
TEST_F(SetupIntentTest, KeepsABankAccount) {
    const Json account =
        sandbox_.post("/v1/payment_methods",
                      "type=sepa_debit&sepa_debit[iban]=AT611904300234573201"
                      "&billing_details[name]=Bob&billing_details[email]=bob@example.com");
    const std::string customer = sandbox_.customer("");
    const std::string form =
        "customer=" + customer +
        "&confirm=true&return_url=https://shop.example&payment_method=" + text_of(account, "id") +
        "&expand[]=latest_attempt";
    EXPECT_THAT(sandbox_.refused("/v1/setup_intents", form).message,
                ::testing::HasSubstr("(sepa_debit) is not allowed for this SetupIntent"));
    const Json kept =
        sandbox_.post("/v1/setup_intents", form + "&payment_method_types[]=sepa_debit");
    EXPECT_EQ(kept["status"], "succeeded");
    EXPECT_EQ(kept["payment_method_types"], Json::array({"sepa_debit"}));
    const Json details = kept["latest_attempt"]["payment_method_details"];
    EXPECT_EQ(details, Json({{"sepa_debit", Json::object()}, {"type", "sepa_debit"}}));
    EXPECT_EQ(sandbox_.get("/v1/payment_methods/" + text_of(account, "id"))["customer"], customer);
}

}  // namespace
}  // namespace turnpike::twin
