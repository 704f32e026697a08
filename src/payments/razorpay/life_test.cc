#include "payments/razorpay/provider.h"
#include "payments/razorpay/testing.h"

namespace turnpike::razorpay {
namespace {

class RazorpayLife : public ProviderTest {
protected:
    std::string dearer_price() { return price(90'000, "price_platinum"); }
    Result<ProviderSubscription> plan(const ProviderSubscription& subscription,
                                      const std::string& to, std::int64_t quantity,
                                      const std::string& obligation) {
        return run(provider->plan_change({.obligation = obligation,
                                          .subscription = subscription.id,
                                          .price = to,
                                          .quantity = quantity}));
    }
};

TEST_F(RazorpayLife, AChangeWaitsForTheCyclesEndAndCanBeTakenBack) {
    const auto running = active();
    const auto dearer = dearer_price();
    const auto planned = must(plan(running, dearer, 2, "plan:1"));
    ASSERT_TRUE(planned.planned);
    EXPECT_EQ(planned.price, running.price);
    EXPECT_EQ(planned.planned->price, dearer);
    EXPECT_EQ(planned.planned->quantity, 2);
    EXPECT_EQ(planned.planned->at, running.period.end);
    EXPECT_FALSE(planned.has_unread_plan);

    const auto listed = must(run(provider->list_subscriptions(std::nullopt, std::nullopt)));
    EXPECT_TRUE(listed.items.at(0).has_unread_plan) << "a list says only that there is one";

    const auto dropped = must(run(provider->drop_planned_change("drop:1", running.id)));
    EXPECT_FALSE(dropped.planned);
    EXPECT_FALSE(must(run(provider->drop_planned_change("drop:2", running.id))).planned);

    ASSERT_TRUE(plan(running, dearer, 3, "plan:2"));
    pass(29 * kDay);
    const auto after = must(run(provider->get_subscription(running.id)));
    EXPECT_EQ(after.price, dearer);
    EXPECT_EQ(after.quantity, 3);
    EXPECT_FALSE(after.planned);
}

TEST_F(RazorpayLife, AChangeAtOnceAndAPlannedEndTakeThePlannedChangesPlace) {
    const auto running = active();
    const auto dearer = dearer_price();
    ASSERT_TRUE(plan(running, dearer, 2, "plan:1"));
    const auto changed = must(run(provider->change_subscription({.obligation = "now:1",
                                                                 .subscription = running.id,
                                                                 .item = running.item,
                                                                 .price = running.price,
                                                                 .quantity = 4})));
    EXPECT_EQ(changed.quantity, 4);
    EXPECT_FALSE(must(run(provider->get_subscription(running.id))).planned);

    ASSERT_TRUE(plan(running, dearer, 2, "plan:2"));
    const auto ending = must(run(provider->cancel_subscription(
        {.obligation = "end:1", .subscription = running.id, .when = CancelWhen::AtPeriodEnd})));
    EXPECT_TRUE(ending.cancel_at_period_end);
    EXPECT_FALSE(must(run(provider->get_subscription(running.id))).planned);
    EXPECT_EQ(reason_of(plan(running, dearer, 2, "plan:3")), "razorpay.cancellation_is_final");
}

TEST_F(RazorpayLife, ATrialIsAStartThatLiesAhead) {
    const Instant end = clock.now() + std::chrono::days(14);
    auto request = wanted(customer(), price());
    request.trial_end = end;
    request.trial_end_behavior = "cancel";
    request.quantity = 3;
    const auto started = must(run(provider->start_subscription(request)));
    EXPECT_EQ(started.trial_end, end);
    EXPECT_EQ(started.quantity, 3);
    authorise(started.id);
    EXPECT_EQ(must(run(provider->get_subscription(started.id))).status, "trialing");

    const auto longer = must(run(provider->end_trial(
        {.obligation = "trial:1", .subscription = started.id, .at = end + std::chrono::days(5)})));
    EXPECT_EQ(longer.trial_end, end + std::chrono::days(5));
    EXPECT_EQ(reason_of(run(provider->end_trial(
                  {.obligation = "trial:2", .subscription = started.id, .at = std::nullopt}))),
              "razorpay.trial_cannot_end_now");
    pass(20 * kDay);
    const auto after = must(run(provider->get_subscription(started.id)));
    EXPECT_EQ(after.status, "active");
    EXPECT_EQ(after.trial_end, end + std::chrono::days(5));
}

// Razorpay writes a start into every subscription.
TEST_F(RazorpayLife, WhatStartedAtOnceHadNoTrial) {
    pass(kDay);
    EXPECT_FALSE(active().trial_end);
}

TEST_F(RazorpayLife, PausesAndResumesOnceHoweverOftenItIsAsked) {
    const auto running = active();
    const auto pause = [&](const char* obligation) {
        return run(provider->pause_subscription(
            {.obligation = obligation, .subscription = running.id, .pause = {.behavior = "void"}}));
    };
    EXPECT_EQ(must(pause("pause:1")).status, "paused");
    EXPECT_EQ(must(pause("pause:2")).status, "paused");
    EXPECT_EQ(must(run(provider->resume_subscription("resume:1", running.id))).status, "active");
    EXPECT_EQ(must(run(provider->resume_subscription("resume:2", running.id))).status, "active");
}

TEST_F(RazorpayLife, SaysByNameWhatItCannotDo) {
    const std::pair<Ability, const char*> cases[] = {
        {Ability::TrialEndBehaviors, "razorpay.trial_needs_authorization"},
        {Ability::EndTrialNow, "razorpay.trial_cannot_end_now"},
        {Ability::EndOnDate, "razorpay.no_dated_end"},
        {Ability::TakeBackEnd, "razorpay.cancellation_is_final"},
        {Ability::PauseWithInvoices, "razorpay.pause_makes_no_invoices"},
        {Ability::ResumeOnDate, "razorpay.no_dated_resumption"},
        {Ability::ListDisputes, "razorpay.no_dispute_list"},
    };
    for (const auto& [ability, reason] : cases) {
        const auto able = provider->check_ability(ability);
        ASSERT_FALSE(able);
        EXPECT_EQ(able.error().code, ErrorCode::Unprocessable);
        EXPECT_EQ(able.error().reason.text(), reason);
    }
}

}  // namespace
}  // namespace turnpike::razorpay
