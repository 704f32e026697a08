#include "billing/default_card.h"

#include "billing/payment_methods.h"
#include "billing/sync.h"
#include "billing/testing.h"
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
            if (!row) return "unseen";
            return row->text(0).empty() ? "none" : row->text(1) + " " + row->text(2);
        });
    }
    std::int64_t refresh(Duration later = {}) {
        return world.run(refresh_default_cards(world.billing, world.clock.now() + later));
    }
    /// Changes the card at the provider, as its own pages or its networks do.
    void expire_card(const CustomerId& customer, const std::string& month, int year) {
        const auto methods = world.run(payment_methods_of(world.billing, customer));
        world.sandbox_post("/v1/payment_methods/" + methods->at(0).id,
                           "card[exp_month]=" + month + "&card[exp_year]=" + std::to_string(year));
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
    const auto provider_customer = ledger->read_blocking([&](sql::Transaction& tx) {
        return tx
            .one("SELECT provider_customer_id FROM provider_customers WHERE customer_id = $1",
                 {customer})
            ->text(0);
    });
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
