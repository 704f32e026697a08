#include "billing/records/stored_checkout.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "catalog/preset.h"
#include "catalog/service.h"
#include "customers/service.h"
#include "sql/testing.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::hours;
const Instant kNow = from_unix_seconds(1'700'000'000);

class StoredCheckout : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        const auto file = read_catalog_file(*preset_catalog("api-metering"));
        ASSERT_TRUE(file);
        db().write_blocking(
            [&](sql::Transaction& tx) { return apply_catalog(tx, *file, kNow, ids_).value(); });
        const auto catalog =
            db().read_blocking([](sql::Transaction& tx) { return load_catalog(tx); });
        plan_.emplace(*catalog.plan("pro"));
    }
    CustomerId customer(const std::string& name) {
        CustomerDraft draft;
        draft.external_id = name;
        return db()
            .write_blocking([&](sql::Transaction& tx) {
                return create_customer(tx, draft, {"test", ""}, kNow, ids_);
            })
            ->id;
    }
    CheckoutSession make(const CustomerId& customer) {
        return {.id = ids_.make<CheckoutId>(kNow),
                .customer = customer,
                .subscription = ids_.make<SubscriptionId>(kNow),
                .plan_version = plan_->id,
                .price = plan_->prices.front().id,
                .success_url = "https://shop.example/a",
                .cancel_url = "https://shop.example/b",
                .provider = "stripe",
                .expires_at = kNow + hours(24),
                .created_at = kNow};
    }
    Subscription make_subscription(const CustomerId& customer) {
        return {.id = ids_.make<SubscriptionId>(kNow),
                .customer = customer,
                .plan_version = plan_->id,
                .price = plan_->prices.front().id,
                .provider = "stripe",
                .period = {kNow, kNow},
                .created_at = kNow,
                .version = 1};
    }
    bool insert(const CheckoutSession& session) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return insert_checkout(tx, session); });
    }
    std::size_t to_close(Instant now) {
        return db()
            .read_blocking(
                [&](sql::Transaction& tx) { return checkouts_to_close(tx, "stripe", now, 10); })
            .size();
    }

    SeededIdSource ids_{11};
    std::optional<PlanVersion> plan_;
};
INSTANTIATE_TEST_SUITE_P(, StoredCheckout, sql::both_engines(), sql::engine_name);

TEST_P(StoredCheckout, OneMayBePaidAtATime) {
    const auto who = customer("ada");
    const auto first = make(who);
    ASSERT_TRUE(insert(first));
    EXPECT_FALSE(insert(make(who)));
    db().write_blocking([&](sql::Transaction& tx) {
        const ProviderCheckout page{.id = "cs_1",
                                    .url = "https://pay.example/1",
                                    .customer = "cus_1",
                                    .subscription = std::nullopt,
                                    .invoice = std::nullopt,
                                    .expires_at = kNow + hours(1)};
        EXPECT_TRUE(mark_checkout_open(tx, first.id, page, kNow));
        EXPECT_FALSE(mark_checkout_open(tx, first.id, page, kNow));
        const auto open = find_checkout_of_provider(tx, "stripe", "cs_1");
        EXPECT_TRUE(open && open->status == CheckoutStatus::Open);
        EXPECT_EQ(open->url, page.url);
        EXPECT_EQ(open->expires_at, kNow + hours(1));
        EXPECT_FALSE(find_checkout_of_provider(tx, "razorpay", "cs_1"));
        return true;
    });
    EXPECT_FALSE(insert(make(who)));
    db().write_blocking([&](sql::Transaction& tx) {
        EXPECT_TRUE(end_checkout(tx, first.id, CheckoutStatus::Expired, kNow));
        EXPECT_FALSE(end_checkout(tx, first.id, CheckoutStatus::Complete, kNow)) << "it is final";
        EXPECT_FALSE(load_checkout(tx, first.id)->url);
        return true;
    });
    EXPECT_TRUE(insert(make(who)));
}

TEST_P(StoredCheckout, IsClosedInTimeOrWhenTheCustomerHasSubscribed) {
    const auto who = customer("ada");
    ASSERT_TRUE(insert(make(who)));
    EXPECT_EQ(to_close(kNow + hours(23)), 0U);
    EXPECT_EQ(to_close(kNow + hours(25)), 1U);
    db().write_blocking(
        [&](sql::Transaction& tx) { return insert_subscription(tx, make_subscription(who)); });
    EXPECT_EQ(to_close(kNow), 1U);
}

// Without the lock both would see that nothing is there, and both would write.
TEST_P(StoredCheckout, AStartAndACheckoutExcludeEachOther) {
    for (int round = 0; round < 20; ++round) {
        const auto who = customer("race-" + std::to_string(round));
        const auto page = make(who);
        const auto subscription = make_subscription(who);
        std::atomic<int> began = 0;
        std::jthread starts([&] {
            began += db().write_blocking([&](sql::Transaction& tx) {
                lock_purchases(tx, who);
                return !find_payable_checkout(tx, who) && insert_subscription(tx, subscription);
            });
        });
        std::jthread opens([&] {
            began += db().write_blocking([&](sql::Transaction& tx) {
                lock_purchases(tx, who);
                return !find_live_subscription(tx, who) && insert_checkout(tx, page);
            });
        });
        starts.join();
        opens.join();
        EXPECT_EQ(began, 1) << "round " << round;
    }
}

}  // namespace
}  // namespace turnpike
