#include "subscriptions/discounts.h"

#include <algorithm>

#include "analytics/figures.h"
#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/telling/shown_subscription.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "json/value.h"
#include "subscriptions/history.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

const Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01

/// Real coupons at the real twin, read by the real adapter. PRO is $99.00 a month.
class MirroredDiscounts : public BillingTest {
protected:
    void sync(const Subscription& subscription) {
        ASSERT_TRUE(world.run(
            sync_subscription(world.billing, *subscription.provider_subscription_id, tester)));
    }
    std::string path_of(const Subscription& subscription) {
        return "/v1/subscriptions/" + *subscription.provider_subscription_id;
    }
    void coupon(const std::string& form) { world.sandbox_post("/v1/coupons", form); }
    /// The subscription gets this coupon, and no other.
    void give(const Subscription& subscription, const std::string& name) {
        world.sandbox_post(path_of(subscription), "discounts[0][coupon]=" + name);
        sync(subscription);
    }
    /// This quantity from the end of the period on.
    void plan(const Subscription& subscription, std::int64_t quantity) {
        const auto planned = world.run(change_subscription(
            world.billing,
            {subscription.id, subscription.price, tester, quantity, ChangeWhen::AtPeriodEnd}));
        ASSERT_TRUE(planned) << planned.error().message;
        ASSERT_TRUE(planned->pending_change);
    }
    /// The same, by hand in Stripe's dashboard, in the schedule that there is.
    void plan_at_provider(const Subscription& subscription, std::int64_t quantity) {
        const Json object = world.sandbox_get(path_of(subscription));
        const Json item = object.at("items").at("data").at(0);
        const std::string price = item.at("price").at("id");
        const auto phase = [&](const std::string& name, std::int64_t seats) {
            return "&" + name + "[items][0][price]=" + price + "&" + name +
                   "[items][0][quantity]=" + std::to_string(seats);
        };
        world.sandbox_post("/v1/subscription_schedules/" + object.at("schedule").get<std::string>(),
                           "proration_behavior=none&phases[0][start_date]=" +
                               std::to_string(item.at("current_period_start").get<std::int64_t>()) +
                               "&phases[0][end_date]=" +
                               std::to_string(item.at("current_period_end").get<std::int64_t>()) +
                               phase("phases[0]", 1) + phase("phases[1]", quantity));
        sync(subscription);
        ASSERT_EQ(load(subscription.id).pending_change->quantity, quantity);
    }
    /// How often a change was planned.
    std::int64_t plans_of(const Subscription& subscription) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return tx
                .one(
                    "SELECT COUNT(*) FROM subscription_commands"
                    " WHERE subscription_id = $1 AND kind = 'change_at_period_end'"
                    " AND state = 'done'",
                    {subscription.id})
                ->integer(0);
        });
    }
    /// Of who began in January; once.
    std::int64_t bill_of_february(const Subscription& subscription) {
        advance(january + days(31) + hours(2));
        return world.invoices(subscription.customer).at(0).total.minor();
    }
    std::vector<Discount> discounts(const Subscription& subscription) {
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return load_discounts(tx, subscription.id); });
    }
    RecurringRevenue revenue() {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return revenue_in(load_revenue(tx, {"", world.clock.now()}), Currency::Usd);
        });
    }
    std::int64_t mrr() { return revenue().mrr.rounded(); }
    /// Kinds of its events, the newest first.
    std::vector<std::string> history(const Subscription& subscription) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            std::vector<std::string> kinds;
            for (const auto& event : list_events(tx, subscription.id, PageQuery{}))
                kinds.emplace_back(to_text(event.kind));
            return kinds;
        });
    }
    Json shown(const Subscription& subscription) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            auto row = *load_subscription(tx, subscription.id);
            return write_subscription(*show_subscription(tx, std::move(row), world.clock.now()));
        });
    }
};

// 25 % of $99.00 for two months: 9,900 x 0.75 = 7,425 cents, from January until the first of March.
TEST_F(MirroredDiscounts, ARepeatingCouponLessensTheMrrUntilItsEnd) {
    const auto subscription = started(on_clock("quarter", january), "pro");
    EXPECT_EQ(mrr(), 9'900);
    coupon("id=QUARTER&percent_off=25&duration=repeating&duration_in_months=2");
    give(subscription, "QUARTER");
    EXPECT_EQ(mrr(), 7'425);
    EXPECT_EQ(history(subscription).front(), "discounted");
    const auto events = history(subscription).size();
    sync(subscription);
    EXPECT_EQ(history(subscription).size(), events) << "nothing new";

    const Json one = shown(subscription).at("discounts").at(0);
    EXPECT_EQ(one.at("coupon"), "QUARTER");
    EXPECT_EQ(one.at("duration"), "repeating");
    EXPECT_EQ(one.at("percent_off"), "25");
    EXPECT_EQ(one.at("amount_off"), nullptr);
    EXPECT_EQ(one.at("start"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(one.at("end"), "2026-03-01T00:00:00Z");
    EXPECT_EQ(one.at("active"), true);

    advance(january + days(45));
    EXPECT_EQ(mrr(), 7'425);
    advance(january + days(59) + hours(2));  // the first of March
    EXPECT_EQ(mrr(), 9'900);
    EXPECT_TRUE(discounts(subscription).empty());
    EXPECT_EQ(std::ranges::count(history(subscription), "discounted"), 1)
        << "its end came with the renewal";
}

TEST_F(MirroredDiscounts, ACouponOfOneBillDoesNotLessenTheMrr) {
    const auto subscription = started(world.customer("once"), "pro");
    coupon("id=ONCE&amount_off=9000&currency=usd&duration=once");
    give(subscription, "ONCE");
    ASSERT_EQ(discounts(subscription).size(), 1U);
    EXPECT_EQ(discounts(subscription)[0].amount, Money(9'000, Currency::Usd));
    EXPECT_EQ(mrr(), 9'900);
}

TEST_F(MirroredDiscounts, WhoseCouponTakesAllPaysNothing) {
    const auto subscription = started(world.customer("free"), "pro");
    started(world.customer("payer"), "pro");
    coupon("id=ALL&percent_off=100&duration=forever");
    give(subscription, "ALL");
    EXPECT_EQ(mrr(), 9'900);
    EXPECT_EQ(revenue().paying_customers, 1);
    EXPECT_EQ(revenue().arpc(), Fraction(9'900, 1));
}

// The customer's coupon counts as long as the subscription has none of its own.
TEST_F(MirroredDiscounts, ACustomersCouponIsReadOfItsEvent) {
    const auto subscription = started(world.customer("tenner"), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    coupon("id=TWENTY&amount_off=2000&currency=usd&duration=forever");
    const auto customer =
        world.sandbox_get(path_of(subscription)).at("customer").get<std::string>();
    world.sandbox_post("/v1/customers/" + customer, "coupon=TEN");
    const auto events = world.sandbox_get("/v1/events?type=customer.discount.created");
    ASSERT_TRUE(world.run(apply_event(
        world.billing, {"customer.discount.created", to_text(events.at("data").at(0))}, tester)));
    EXPECT_EQ(mrr(), 8'910);  // 9,900 - 10 %

    give(subscription, "TWENTY");
    EXPECT_EQ(mrr(), 7'900);  // 9,900 - 2,000
    world.sandbox_delete(path_of(subscription) + "/discount");
    sync(subscription);
    EXPECT_EQ(mrr(), 8'910);
    world.sandbox_post("/v1/customers/" + customer, "coupon=");
    sync(subscription);
    EXPECT_EQ(mrr(), 9'900);
}

// Each off what the one before has left: 9,900 - 10 % = 8,910, less 910 = 8,000.
TEST_F(MirroredDiscounts, SeveralComeOffInTheirOrder) {
    const auto subscription = started(world.customer("both"), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    coupon("id=LESS&amount_off=910&currency=usd&duration=forever");
    world.sandbox_post(path_of(subscription), "discounts[0][coupon]=TEN&discounts[1][coupon]=LESS");
    sync(subscription);
    EXPECT_EQ(mrr(), 8'000);
}

TEST_F(MirroredDiscounts, TheTermsOutliveTheirCoupon) {
    const auto subscription = started(world.customer("late"), "pro");
    coupon("id=GONE&percent_off=10&duration=forever");
    give(subscription, "GONE");
    const auto before = discounts(subscription);
    world.sandbox_delete("/v1/coupons/GONE");
    sync(subscription);
    EXPECT_EQ(discounts(subscription), before);
    EXPECT_EQ(mrr(), 8'910);
}

// The schedule remembers the discounts of the moment in which it was made.
TEST_F(MirroredDiscounts, OneThatComesAfterAChangeWasPlannedOutlivesIt) {
    const auto subscription = started(on_clock("planned", january), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    plan(subscription, 2);
    give(subscription, "TEN");
    EXPECT_TRUE(load(subscription.id).pending_change);
    const auto events = history(subscription).size();
    sync(subscription);
    EXPECT_EQ(plans_of(subscription), 2) << "once more, and no more";
    EXPECT_EQ(history(subscription).size(), events);

    EXPECT_EQ(bill_of_february(subscription), 17'820);  // 2 x 9,900 less 10 %
    EXPECT_EQ(load(subscription.id).quantity, 2);
    EXPECT_EQ(discounts(subscription).size(), 1U);
}

TEST_F(MirroredDiscounts, OneThatIsTakenAfterAChangeWasPlannedDoesNotComeBack) {
    const auto subscription = started(on_clock("taken", january), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    give(subscription, "TEN");
    plan(subscription, 2);
    EXPECT_EQ(plans_of(subscription), 1);
    world.sandbox_delete(path_of(subscription) + "/discount");
    sync(subscription);
    EXPECT_EQ(plans_of(subscription), 2);
    EXPECT_EQ(bill_of_february(subscription), 19'800);
}

// Stripe is away just then: the command stands, and the worker finishes it.
TEST_F(MirroredDiscounts, APlanWithoutTheNewOneIsMendedByTheWorker) {
    const auto subscription = started(on_clock("away", january), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    plan(subscription, 2);
    trouble(world, R"({"call": "POST /v1/subscription_schedules/*", "do": "timeout",)"
                   R"( "next": 1000, "wait_ms": 10})");
    give(subscription, "TEN");
    all_is_well(world);
    world.run(run_billing_pass(world.billing, world.clock.now() + hours(1), january));
    EXPECT_EQ(plans_of(subscription), 2);
    EXPECT_EQ(bill_of_february(subscription), 17'820);
}

// 9,900 less 10 % for the one seat, then twice that.
TEST_F(MirroredDiscounts, AnItemsStandsOnWhatIsPlanned) {
    coupon("id=TEN&percent_off=10&duration=forever");
    for (const bool is_first : {true, false}) {
        const auto subscription = started(on_clock(is_first ? "before" : "after", january), "pro");
        const auto give_item = [&] {
            world.sandbox_post("/v1/subscription_items/" + *load(subscription.id).provider_item_id,
                               "discounts[0][coupon]=TEN&proration_behavior=none");
            sync(subscription);
        };
        if (is_first) give_item();
        plan(subscription, 2);
        if (!is_first) give_item();
        EXPECT_EQ(discounts(subscription).size(), 1U);
        EXPECT_EQ(bill_of_february(subscription), 17'820);
    }
}

// What somebody made at Stripe himself, he may have made without the discount on purpose.
TEST_F(MirroredDiscounts, APlanOfSomebodyElseStaysAsItIs) {
    const auto subscription = started(on_clock("theirs", january), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    plan(subscription, 2);
    plan_at_provider(subscription, 3);
    give(subscription, "TEN");
    EXPECT_EQ(plans_of(subscription), 1);
    EXPECT_EQ(bill_of_february(subscription), 29'700);
}

TEST_F(MirroredDiscounts, AnItemsIsShownAsUnreadAndTakesNothingOff) {
    const auto subscription = started(world.customer("item"), "pro");
    coupon("id=TEN&percent_off=10&duration=forever");
    world.sandbox_post("/v1/subscription_items/" + *load(subscription.id).provider_item_id,
                       "discounts[0][coupon]=TEN&proration_behavior=none");
    sync(subscription);
    ASSERT_EQ(discounts(subscription).size(), 1U);
    EXPECT_EQ(discounts(subscription)[0].duration, DiscountDuration::Unread);
    EXPECT_EQ(mrr(), 9'900);
}

}  // namespace
}  // namespace turnpike
