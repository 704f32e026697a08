#include <string>

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// Words, parameters and codes as recorded in Stripe's test mode: Kiln-AI/stripe_world, phase_12.md
/// and cassette 12, API version 2026-08-26.dahlia.
class SubscriptionRefusalTest : public ::testing::Test {
protected:
    struct Expected {
        const char* name;
        std::string path, form;
        std::string message, param;
        std::string code = "";
        int status = 400;
        const char* method = "POST";
    };

    void expect(const Expected& refused) {
        SCOPED_TRACE(refused.name);
        const auto answer = sandbox_.call(refused.method, refused.path, refused.form);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().message, refused.message);
        EXPECT_EQ(answer.error().param, refused.param);
        EXPECT_EQ(answer.error().code, refused.code);
        EXPECT_EQ(answer.error().http_status, refused.status);
    }
    std::string subscribe() {
        return "/v1/subscriptions/" + text_of(sandbox_.post(kAll, form_), "id");
    }

    const std::string kAll = "/v1/subscriptions", kItems = "/v1/subscription_items";
    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string price_ = sandbox_.price("Starter", 2900);
    std::string form_ = "customer=" + customer_ + "&items[0][price]=" + price_;
};

TEST_F(SubscriptionRefusalTest, OfNewOnes) {
    const std::string euros =
        text_of(sandbox_.post("/v1/prices",
                              "currency=eur&unit_amount=900&recurring[interval]=month"
                              "&product_data[name]=Euro"),
                "id");
    const std::string past = std::to_string(unix_seconds(sandbox_.now()) - 60);
    const std::string later = std::to_string(unix_seconds(sandbox_.now()) + 86'400);
    const std::string from_plan =
        "You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`.";
    const Expected cases[] = {
        {"pending", kAll, form_ + "&payment_behavior=pending_if_incomplete",
         "Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a "
         "subscription.",
         "payment_behavior"},
        {"a due date where it is charged", kAll, form_ + "&days_until_due=5",
         "You can only specify 'days_until_due' if invoice collection method is 'send_invoice'.",
         ""},
        {"none where it is sent", kAll, form_ + "&collection_method=send_invoice",
         "If invoice collection method is 'send_invoice', you must specify 'days_until_due'.", ""},
        {"a trial that is over", kAll, form_ + "&trial_end=" + past,
         "The parameter `trial_end` expects a unix timestamp representing a date and time in the "
         "future. You specified the value `" +
             past + "` which is in the past.",
         "trial_end"},
        {"two trials", kAll, form_ + "&trial_from_plan=true&trial_end=" + later, from_plan, ""},
        {"two trials by days", kAll, form_ + "&trial_from_plan=true&trial_period_days=5", from_plan,
         ""},
        {"two currencies", kAll, form_ + "&items[1][price]=" + euros,
         "This `price` has `currency=eur`, but other items use `currency=usd`. All items must have "
         "pricing in the same currency. When using multi-currency prices, you can specify "
         "`currency` at the top level, to be used by all items.",
         "items[1][price]"},
        {"one price twice", kAll, form_ + "&items[1][price]=" + price_,
         "Cannot create a Subscription with multiple Subscription Items with the same Price: " +
             price_,
         "plan"},
        {"nobody", kAll, "customer=cus_none&items[0][price]=" + price_,
         "No such customer: 'cus_none'", "customer", "resource_missing", 404},
    };
    for (const Expected& refused : cases) expect(refused);
}

TEST_F(SubscriptionRefusalTest, OfAPaymentThatNeedsTheCardholder) {
    const std::string customer = sandbox_.customer("pm_card_authenticationRequired");
    expect({"asks", kAll,
            "customer=" + customer + "&items[0][price]=" + price_ +
                "&payment_behavior=error_if_incomplete",
            "Payment for this subscription requires additional user action, but the requested "
            "payment behavior doesn't save the invoice or PaymentIntent. Retry the request with "
            "`payment_behavior=allow_incomplete` or `payment_behavior=default_incomplete`, then "
            "complete the PaymentIntent on the subscription's latest invoice. Additional "
            "information is available here: "
            "https://stripe.com/docs/billing/subscriptions/overview#requires-action",
            "", "subscription_payment_intent_requires_action", 402});
}

TEST_F(SubscriptionRefusalTest, OfChanges) {
    const std::string path = subscribe();
    const Json made = sandbox_.get(path);
    const std::string item = text_of(made["items"]["data"][0], "id");
    const std::string taken =
        "A new item with Price " + price_ +
        " can't be added to this Subscription because an existing Subscription Item " + item +
        " is already using that Price. If you want to update the existing item (e.g., to adjust "
        "the "
        "quantity), pass the existing Subscription Item's `id` in your update request: "
        "https://stripe.com/docs/api/subscriptions/update#update_subscription-items-id";
    const std::string no_item = "Invalid subscription_item id: si_none";
    const std::string past = std::to_string(unix_seconds(sandbox_.now()) - 60);
    const Expected cases[] = {
        {"the same price", path, "items[0][price]=" + price_, taken, "plan"},
        {"the same price in an item", kItems,
         "subscription=" + text_of(made, "id") + "&price=" + price_, taken, "plan"},
        {"a due date where it is charged", path, "days_until_due=5",
         "You can only specify 'days_until_due' if invoice collection method is 'send_invoice'.",
         ""},
        {"none where it is sent", path, "collection_method=send_invoice",
         "If invoice collection method is 'send_invoice', you must specify 'days_until_due'.", ""},
        {"a trial that is over", path, "trial_end=" + past,
         "The parameter `trial_end` expects a unix timestamp representing a date and time in the "
         "future. You specified the value `" +
             past + "` which is in the past.",
         "trial_end"},
        {"not paused", path + "/resume", "",
         "You can only resume a subscription if it is `paused`.", ""},
        {"no item", kItems + "/si_none", "", no_item, "", "", 404, "GET"},
        {"no item to change", kItems + "/si_none", "quantity=2", no_item, "", "", 404},
        {"no item to delete", kItems + "/si_none", "", no_item, "", "", 404, "DELETE"},
    };
    for (const Expected& refused : cases) expect(refused);
    sandbox_.remove(path);
    expect({"ended", path + "/resume", "", "No such subscription: '" + text_of(made, "id") + "'",
            "id", "resource_missing", 404});
}

}  // namespace
}  // namespace turnpike::twin
