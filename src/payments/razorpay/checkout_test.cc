#include <gtest/gtest.h>

#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

class RazorpayCheckout : public ProviderTest {
protected:
    NewCheckout page() {
        return {.checkout = CheckoutId::trusted("chk_01OURS"),
                .obligation = "checkout:1:open",
                .subscription = SubscriptionId::trusted("sub_01OURS"),
                .customer = customer(),
                .price = price(),
                .success_url = "https://shop.example/a",
                .cancel_url = "https://shop.example/b"};
    }
};

TEST_F(RazorpayCheckout, IsThePageOfANewSubscription) {
    const auto opened = must(run(provider->open_checkout(page())));
    EXPECT_EQ(opened.state, CheckoutState::Open);
    EXPECT_EQ(opened.url, twin->url() + "/p/subscription/" + opened.id);
    EXPECT_FALSE(opened.subscription);
    EXPECT_EQ(must(run(provider->open_checkout(page()))).id, opened.id);

    authorise(opened.id);
    const auto paid = must(run(provider->get_checkout(opened.id)));
    EXPECT_EQ(paid.state, CheckoutState::Complete);
    EXPECT_EQ(paid.subscription, opened.id);
    EXPECT_EQ(paid.customer, opened.customer);
    const auto bill = get("/v1/invoices?subscription_id=" + opened.id).at("items").at(0);
    EXPECT_EQ(paid.invoice, bill.at("id").get<std::string>());
    EXPECT_EQ(count("subscriptions"), 1U);

    // What was paid is not canceled by closing the page.
    const auto closed = must(run(provider->expire_checkout(opened.id)));
    EXPECT_EQ(closed.state, CheckoutState::Complete);
    EXPECT_EQ(closed.invoice, paid.invoice);
    EXPECT_EQ(get("/v1/subscriptions/" + opened.id).at("status"), "active");
}

TEST_F(RazorpayCheckout, AClosedPageCannotBePaid) {
    const auto opened = must(run(provider->open_checkout(page())));
    for (int twice = 0; twice < 2; ++twice)
        EXPECT_EQ(must(run(provider->expire_checkout(opened.id))).state, CheckoutState::Expired);
    EXPECT_EQ(must(run(provider->get_checkout(opened.id))).state, CheckoutState::Expired);
    EXPECT_EQ(get("/v1/subscriptions/" + opened.id).at("status"), "cancelled");
}

TEST_F(RazorpayCheckout, SaysWhatItCannotDo) {
    auto many = page();
    many.quantity = 2;
    EXPECT_EQ(reason_of(run(provider->open_checkout(many))), "razorpay.checkout_is_plain");
    auto trial = page();
    trial.trial_days = 14;
    EXPECT_EQ(reason_of(run(provider->open_checkout(trial))), "razorpay.checkout_is_plain");
    EXPECT_EQ(reason_of(run(provider->preview_change({}))), "razorpay.no_previews");
    EXPECT_EQ(reason_of(run(provider->preview_next_invoice("sub_1"))), "razorpay.no_previews");
    EXPECT_EQ(reason_of(run(provider->preview_start({}))), "razorpay.no_previews");
    EXPECT_EQ(count("subscriptions"), 0U);
}

}  // namespace
}  // namespace turnpike::razorpay
