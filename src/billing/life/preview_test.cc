#include "billing/life/preview.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/audit.h"
#include "billing/life/stored_preview.h"
#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "json/value.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::sys_days;
using ::testing::UnorderedElementsAre;
namespace chrono = std::chrono;

Instant day(int month, int day_of_month) {
    return sys_days(chrono::year(2027) / month / day_of_month);
}

/// STARTER costs 29.00, PRO 99.00, ENTERPRISE 499.00 a month. The month is that from 15 September,
/// which has 30 days, so that its half is exact.
class Previews : public BillingTest {
protected:
    Subscription half_used(const std::string& name, const std::string& plan) {
        const auto customer = on_clock(name, day(9, 15));
        const auto subscription = started(customer, plan);
        advance(day(9, 30));
        return load(subscription.id);
    }
    ShownPreview shown(const Subscription& subscription, const std::string& plan) {
        auto preview =
            world.run(preview_change(world.billing, {subscription.id, world.price_of(plan)}));
        EXPECT_TRUE(preview) << preview.error().message;
        return *preview;
    }
    Result<Subscription> change(const Subscription& subscription, const std::string& plan,
                                const PreviewId& preview) {
        ChangeRequest request{.subscription = subscription.id,
                              .price = world.price_of(plan),
                              .authority = tester,
                              .preview = preview};
        return world.run(change_subscription(world.billing, std::move(request)));
    }
    PreviewState state_of(const PreviewId& id) {
        return ledger->read_blocking([&](sql::Transaction& tx) { return load_preview(tx, id); })
            ->state;
    }
    void expect_outdated(const Subscription& subscription, const std::string& plan,
                         const PreviewId& preview) {
        const auto before = load(subscription.id);
        const auto invoices = world.invoices(subscription.customer).size();
        const auto refused = change(subscription, plan, preview);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason.text(), "subscription.preview_outdated");
        EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
        const auto synced = world.run(
            sync_subscription(world.billing, *subscription.provider_subscription_id, tester));
        ASSERT_TRUE(synced);
        EXPECT_EQ(load(subscription.id).price, before.price);
        EXPECT_EQ(world.invoices(subscription.customer).size(), invoices);
    }
    static std::vector<std::int64_t> line_amounts(const ProviderInvoice& invoice) {
        std::vector<std::int64_t> found;
        for (const auto& line : invoice.lines) found.push_back(line.amount.minor());
        return found;
    }
};

TEST_F(Previews, AnUpgradeIsBilledAsItWasShown) {
    const auto subscription = half_used("up", "starter");
    const auto preview = shown(subscription, "pro");
    // Half of 29.00 back, half of 99.00 due.
    EXPECT_THAT(line_amounts(preview.invoice), UnorderedElementsAre(-1'450, 4'950));
    EXPECT_EQ(preview.invoice.total.minor(), 3'500);
    EXPECT_TRUE(preview.preview.invoices_now);
    EXPECT_EQ(preview.preview.proration_date, day(9, 30));
    EXPECT_EQ(load(subscription.id).price, world.price_of("starter")) << "only shown";

    // Two days later the preview's date still counts.
    advance(day(10, 2));
    const auto changed = change(subscription, "pro", preview.preview.id);
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(changed->price, world.price_of("pro"));
    const auto invoice = world.invoices(subscription.customer).front();
    EXPECT_EQ(invoice.status, InvoiceStatus::Paid);
    EXPECT_EQ(invoice.total.minor(), 3'500);
    EXPECT_THAT(amounts(invoice, LineKind::Proration), UnorderedElementsAre(-1'450, 4'950));
    EXPECT_EQ(state_of(preview.preview.id), PreviewState::Kept);

    expect_outdated(changed.value(), "starter", preview.preview.id);
}

TEST_F(Previews, ADowngradeIsBilledAsItWasShown) {
    const auto subscription = half_used("down", "pro");
    const auto preview = shown(subscription, "starter");
    // Half of 99.00 back, half of 29.00 due, and the next month.
    EXPECT_FALSE(preview.preview.invoices_now);
    EXPECT_THAT(line_amounts(preview.invoice), UnorderedElementsAre(-4'950, 1'450, 2'900));
    EXPECT_EQ(preview.invoice.total.minor(), -600);
    const auto changed = change(subscription, "starter", preview.preview.id);
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ(world.invoices(subscription.customer).size(), 1U);
    EXPECT_EQ(state_of(preview.preview.id), PreviewState::Kept);
    advance(day(10, 15) + hours(2));
    const auto renewal = world.invoices(subscription.customer).front();
    EXPECT_EQ(renewal.total.minor(), -600);
}

TEST_F(Previews, WhatIsBilledOtherwiseNowChangesNothing) {
    const auto subscription = half_used("moved", "starter");
    const auto preview = shown(subscription, "enterprise");
    const auto between = change(subscription, "pro", shown(subscription, "pro").preview.id);
    ASSERT_TRUE(between) << between.error().message;
    expect_outdated(*between, "enterprise", preview.preview.id);
}

TEST_F(Previews, ALineThatCameBetweenOutdatesIt) {
    const auto subscription = half_used("line", "starter");
    const auto preview = shown(subscription, "pro");
    const Json theirs =
        world.sandbox_get("/v1/subscriptions/" + *subscription.provider_subscription_id);
    world.sandbox_post(
        "/v1/invoiceitems",
        "currency=usd&amount=700&customer=" + theirs.at("customer").get<std::string>() +
            "&subscription=" + theirs.at("id").get<std::string>());
    expect_outdated(subscription, "pro", preview.preview.id);
    EXPECT_EQ(state_of(preview.preview.id), PreviewState::Open);
}

TEST_F(Previews, APeriodThatIsOverOutdatesIt) {
    const auto subscription = half_used("renewed", "starter");
    const auto preview = shown(subscription, "pro");
    advance(day(10, 15) + hours(2));
    expect_outdated(load(subscription.id), "pro", preview.preview.id);
}

TEST_F(Previews, IsOfOneChangeOfOneSubscription) {
    const auto subscription = half_used("mine", "starter");
    const auto other = started(world.customer("theirs"), "starter");
    const auto preview = shown(subscription, "pro").preview.id;
    expect_outdated(other, "pro", preview);
    expect_outdated(subscription, "enterprise", preview);
    expect_outdated(subscription, "pro", world.ids.make<PreviewId>(world.clock.now()));
}

TEST_F(Previews, Expires) {
    const auto subscription = half_used("late", "starter");
    const auto preview = shown(subscription, "pro").preview;
    ledger->write_blocking([&](sql::Transaction& tx) {
        EXPECT_FALSE(mark_preview_used(tx, preview.id, world.ids.make<CommandId>(world.clock.now()),
                                       preview.expires_at));
        return true;
    });
}

TEST_F(Previews, OfANewSubscriptionIsItsFirstInvoice) {
    const auto customer = world.customer("new");
    const auto pro =
        world.run(preview_subscription(world.billing, {customer, world.price_of("pro"), 3, 0}));
    ASSERT_TRUE(pro) << pro.error().message;
    EXPECT_THAT(line_amounts(*pro), UnorderedElementsAre(29'700));
    const auto trial =
        world.run(preview_subscription(world.billing, {customer, world.price_of("pro"), 1, 14}));
    ASSERT_TRUE(trial) << trial.error().message;
    EXPECT_EQ(trial->total.minor(), 0);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions").at("data").size(), 0U);
}

// A preview shows what would be billed; what would be refused is refused here already.
TEST_F(Previews, OfAChangeThatWouldBeRefusedIsRefusedAlike) {
    const auto subscription = half_used("paused", "starter");
    ASSERT_TRUE(world.run(pause_subscription(world.billing, {subscription.id, Pause{}, tester})));
    const auto refused =
        world.run(preview_change(world.billing, {subscription.id, world.price_of("pro")}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "subscription.paused");
}

TEST_F(Previews, OfWhatHasEndedIsRefused) {
    const auto subscription = half_used("ended", "starter");
    ASSERT_TRUE(
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
    const auto refused =
        world.run(preview_change(world.billing, {subscription.id, world.price_of("pro")}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason.text(), "subscription.ended");
}

}  // namespace
}  // namespace turnpike
