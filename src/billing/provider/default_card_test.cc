#include "billing/provider/default_card.h"

#include "billing/life/sync.h"
#include "billing/provider/payment_methods.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/testing/told_provider.h"
#include "customers/provider_link.h"
#include "json/value.h"
#include "monitoring/watch_list.h"

namespace turnpike {
namespace {

using std::chrono::days;

class DefaultCardTest : public BillingTest {
protected:
    /// "visa 4242", or "none" where the provider shows none; "unseen" before it was asked.
    std::string mirrored(const CustomerId& customer) {
        return ledger->read_blocking([&](sql::Transaction& tx) -> std::string {
            const auto row = tx.one(
                "SELECT provider_method_id, brand, last4 FROM default_cards WHERE customer_id = $1",
                {customer});
            if (!row || !row->maybe_text(0)) return "unseen";
            return row->text(0).empty() ? "none" : row->text(1) + " " + row->text(2);
        });
    }
    std::int64_t refresh(Duration later = {}) {
        return world.run(refresh_default_cards(world.billing, world.clock.now() + later));
    }
    /// The same of a provider that holds what the test says.
    std::int64_t refresh_told(const ProviderObjects& objects, Duration later = {}) {
        ToldProvider provider;
        provider.holds(objects);
        BillingContext billing{*ledger,  *world.usage,  world.clock,    world.ids,
                               provider, world.catalog, world.standings};
        return world.run(refresh_default_cards(billing, world.clock.now() + later));
    }
    std::string at_provider(const CustomerId& customer) {
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return *find_provider_customer(tx, customer, "stripe"); });
    }
    /// Changes the card at the provider, as its own pages or its networks do.
    void expire_card(const CustomerId& customer, const std::string& month, int year) {
        const auto methods = world.run(payment_methods_of(world.billing, customer));
        world.sandbox_post("/v1/payment_methods/" + methods->at(0).id,
                           "card[exp_month]=" + month + "&card[exp_year]=" + std::to_string(year));
    }
    std::vector<CustomerId> order_of_charges() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            std::vector<CustomerId> customers;
            for (const auto& row :
                 tx.all("SELECT customer_id FROM subscriptions ORDER BY period_end, id"))
                customers.push_back(row.id<CustomerId>(0));
            return customers;
        });
    }
    std::vector<ExpiringCard> expiring() {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return list_expiring_cards(tx, {.now = world.clock.now()}, days(35));
        });
    }
};

TEST(CardGoodUntil, TheEndOfItsMonth) {
    EXPECT_EQ(card_good_until(2, 2028), parse_rfc3339("2028-03-01T00:00:00Z"));
    EXPECT_EQ(card_good_until(12, 2026), parse_rfc3339("2027-01-01T00:00:00Z"));
    EXPECT_EQ(card_good_until(0, 0), std::nullopt);
    EXPECT_EQ(card_good_until(13, 2027), std::nullopt);
}

TEST_F(DefaultCardTest, IsFetchedOnceAWeekAndWhenItChanges) {
    const auto customer = world.customer("ada");
    started(customer, "pro");
    EXPECT_EQ(mirrored(customer), "unseen");
    EXPECT_EQ(refresh(), 1);
    EXPECT_EQ(mirrored(customer), "visa 4242");
    EXPECT_EQ(refresh(), 0);
    EXPECT_EQ(refresh(days(7) + std::chrono::minutes(1)), 1);

    const auto attached =
        world.run(attach_method(world.billing, {customer, tester}, "pm_card_mastercard"));
    ASSERT_TRUE(attached) << attached.error().message;
    ASSERT_TRUE(world.run(choose_method(world.billing, {customer, tester}, attached->id)));
    EXPECT_EQ(mirrored(customer), "unseen");
    EXPECT_EQ(refresh(), 1);
    EXPECT_EQ(mirrored(customer), "mastercard 4444");
}

TEST_F(DefaultCardTest, AnEventOnlySaysThatItIsToBeFetched) {
    const auto customer = world.customer("bob");
    started(customer, "pro");
    refresh();
    const auto provider_customer = at_provider(customer);
    // What it says of the card is not believed.
    const Json event{{"data",
                      {{"object",
                        {{"id", "pm_1"},
                         {"customer", provider_customer},
                         {"card", {{"brand", "amex"}, {"last4", "0005"}}}}}}}};
    ASSERT_TRUE(world.run(apply_event(
        world.billing, {"payment_method.automatically_updated", to_text(event)}, tester)));
    EXPECT_EQ(mirrored(customer), "unseen");
    refresh();
    EXPECT_EQ(mirrored(customer), "visa 4242");
    const Json updated{{"data", {{"object", {{"id", provider_customer}}}}}};
    ASSERT_TRUE(
        world.run(apply_event(world.billing, {"customer.updated", to_text(updated)}, tester)));
    EXPECT_EQ(mirrored(customer), "unseen");
}

// As the twin tells it; the card is nobody's by then.
TEST_F(DefaultCardTest, OneThatIsTakenOffThereIsForgotten) {
    const auto customer = world.customer("dave");
    started(customer, "pro");
    refresh();
    const auto methods = world.run(payment_methods_of(world.billing, customer));
    world.sandbox_post("/v1/payment_methods/" + methods->at(0).id + "/detach", "");
    const std::string type = "payment_method.detached";
    const Json events = world.sandbox_get("/v1/events?type=" + type).at("data");
    ASSERT_EQ(events.size(), 1U);
    ASSERT_TRUE(events.at(0).at("data").at("object").at("customer").is_null());
    ASSERT_TRUE(world.run(apply_event(world.billing, {type, to_text(events.at(0))}, tester)));
    EXPECT_EQ(mirrored(customer), "unseen");
    EXPECT_EQ(refresh(), 1);
    EXPECT_EQ(mirrored(customer), "none");
}

// The provider was asked before the card was changed, and its answer comes after that.
TEST_F(DefaultCardTest, WhatWasAskedBeforeAChangeIsNotBelieved) {
    const auto customer = world.customer("erin");
    started(customer, "pro");
    auto change_meanwhile = [&](sql::Transaction& tx) {
        forget_default_card(tx, customer, "stripe", world.clock.now() + std::chrono::minutes(1));
        return true;
    };
    ledger->write_blocking(change_meanwhile);
    EXPECT_EQ(refresh(), 1) << "asked";
    EXPECT_EQ(mirrored(customer), "unseen");
}

// What the provider says of Frank's cards cannot be read, and never will be.
TEST_F(DefaultCardTest, OneThatCannotBeReadHoldsUpNobody) {
    const auto frank = world.customer("frank");
    started(frank, "pro");
    const auto grace = world.customer("grace");
    started(grace, "pro");
    ASSERT_EQ(order_of_charges(), (std::vector<CustomerId>{frank, grace}));
    ProviderObjects objects;
    objects.payment_methods[at_provider(grace)] = {
        {.id = "pm_1", .brand = "visa", .last4 = "4242", .exp_month = 1, .exp_year = 2040}};
    EXPECT_EQ(refresh_told(objects), 2);
    EXPECT_EQ(mirrored(frank), "unseen");
    EXPECT_EQ(mirrored(grace), "visa 4242");
    EXPECT_EQ(refresh_told(objects), 0) << "not before a week is over";
    EXPECT_EQ(refresh_told({}, days(8)), 2);
    EXPECT_EQ(mirrored(grace), "visa 4242") << "what was known stays";
}

TEST_F(DefaultCardTest, AProviderThatIsDownIsAskedAgainLater) {
    const auto customer = world.customer("heidi");
    started(customer, "pro");
    trouble(world, R"({"call": "GET /v1/payment_methods", "do": "error", "next": 100})");
    EXPECT_EQ(refresh(), 0);
    all_is_well(world);
    EXPECT_EQ(refresh(), 1);
    EXPECT_EQ(mirrored(customer), "visa 4242");
}

TEST_F(DefaultCardTest, OneThatEndsBeforeTheChargeIsListed) {
    const auto customer = world.customer("carol");
    const auto subscription = started(customer, "pro");
    refresh();
    EXPECT_TRUE(expiring().empty());
    // Charged in a month: this month's card is not good any more then.
    const std::chrono::year_month_day today(std::chrono::floor<days>(world.clock.now()));
    expire_card(customer, std::to_string(static_cast<unsigned>(today.month())),
                static_cast<int>(today.year()));
    refresh(days(8));
    const auto cards = expiring();
    ASSERT_EQ(cards.size(), 1);
    EXPECT_EQ(cards[0].subscription.id, subscription.id);
    EXPECT_EQ(cards[0].last4, "4242");
    EXPECT_EQ(cards[0].charged_at, subscription.period.end);
    EXPECT_LE(cards[0].good_until, subscription.period.end);
}

}  // namespace
}  // namespace turnpike
