#include "customers/store.h"

#include <set>

#include <gtest/gtest.h>

#include "customers/provider_link.h"
#include "customers/test_clock.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kNow = from_unix_seconds(1'700'000'000);

class CustomerStore : public sql::DatabaseTest {
protected:
    Customer make(const std::string& external_id, Instant at = kNow) {
        return {.id = ids_.make<CustomerId>(at),
                .external_id = external_id,
                .email = std::nullopt,
                .name = std::nullopt,
                .metadata = {},
                .test_clock = std::nullopt,
                .created_at = at};
    }
    bool insert(const Customer& customer) {
        return db().write_blocking(
            [&](sql::Transaction& tx) { return insert_customer(tx, customer); });
    }
    TestClock make_clock(const std::string& provider_id) {
        return {ids_.make<TestClockId>(kNow), "a clock", "stripe", provider_id, kNow, kNow};
    }
    SeededIdSource ids_{7};
};
INSTANTIATE_TEST_SUITE_P(, CustomerStore, sql::both_engines(), sql::engine_name);

TEST_P(CustomerStore, ReadsBackWhatWasWritten) {
    auto customer = make("alice");
    customer.email = "alice@example.com";
    customer.name = "Ali\"ce \xc3\xa9";
    customer.metadata = {{"z", "1"}, {"a", ""}, {"quote", "\"\\"}};
    ASSERT_TRUE(insert(customer));
    db().read_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(*load_customer(tx, customer.id), customer);
        EXPECT_EQ(find_customer_by_external_id(tx, "alice"), customer);
        EXPECT_EQ(find_customer_by_external_id(tx, "Alice"), std::nullopt);
        EXPECT_EQ(load_customer(tx, ids_.make<CustomerId>(kNow)).error().reason.text(),
                  "customer.not_found");
        return true;
    });
}

TEST_P(CustomerStore, AnExternalIdIsTakenOnce) {
    const auto first = make("alice");
    EXPECT_TRUE(insert(first));
    EXPECT_FALSE(insert(make("alice")));
    db().read_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(find_customer_by_external_id(tx, "alice")->id, first.id);
        return true;
    });
}

TEST_P(CustomerStore, SavingAnOldVersionIsAConflict) {
    auto customer = make("alice");
    ASSERT_TRUE(insert(customer));
    customer.name = "Alice";
    const auto saved =
        db().write_blocking([&](sql::Transaction& tx) { return save_customer(tx, customer); });
    ASSERT_TRUE(saved);
    EXPECT_EQ(saved->version, 2);
    const auto again =
        db().write_blocking([&](sql::Transaction& tx) { return save_customer(tx, customer); });
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason.text(), "customer.changed");
    db().read_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(*load_customer(tx, customer.id), *saved);
        return true;
    });
}

TEST_P(CustomerStore, PagesGoOverEveryRowOnceAlsoWithinOneInstant) {
    std::set<std::string> inserted;
    for (int i = 0; i < 25; ++i) {
        const auto customer = make("c" + std::to_string(i), kNow + Duration(1s) * (i / 10));
        inserted.insert(customer.id.text());
        ASSERT_TRUE(insert(customer));
    }
    std::set<std::string> seen;
    PageQuery page;
    page.limit = 4;
    std::vector<Customer> rows;
    std::optional<PageMark> previous;
    do {
        rows = db().read_blocking([&](sql::Transaction& tx) { return list_customers(tx, page); });
        EXPECT_LE(rows.size(), 5U);
        const auto shown = std::min<std::size_t>(rows.size(), 4);
        for (std::size_t i = 0; i < shown; ++i) {
            const PageMark mark{rows[i].created_at, rows[i].id.text()};
            if (previous)
                EXPECT_TRUE(mark.at < previous->at ||
                            (mark.at == previous->at && mark.id < previous->id));
            previous = mark;
            EXPECT_TRUE(seen.insert(mark.id).second);
        }
        page.after = *previous;
    } while (rows.size() > 4);
    EXPECT_EQ(seen, inserted);
}

TEST_P(CustomerStore, CreatedAtFiltersAreHalfOpen) {
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(insert(make("c" + std::to_string(i), kNow + Duration(1s) * i)));
    PageQuery page;
    page.since = kNow + 1s;
    page.until = kNow + 3s;
    const auto rows =
        db().read_blocking([&](sql::Transaction& tx) { return list_customers(tx, page); });
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].external_id, "c2");
    EXPECT_EQ(rows[1].external_id, "c1");
}

TEST_P(CustomerStore, ProviderLinksAreForGood) {
    const auto alice = make("alice"), bob = make("bob");
    ASSERT_TRUE(insert(alice) && insert(bob));
    db().write_blocking([&](sql::Transaction& tx) {
        EXPECT_EQ(find_provider_customer(tx, alice.id, "stripe"), std::nullopt);
        EXPECT_TRUE(link_provider_customer(tx, alice.id, "stripe", "cus_A"));
        EXPECT_TRUE(link_provider_customer(tx, alice.id, "stripe", "cus_A"));
        EXPECT_FALSE(link_provider_customer(tx, alice.id, "stripe", "cus_B"));
        EXPECT_FALSE(link_provider_customer(tx, bob.id, "stripe", "cus_A"));
        EXPECT_TRUE(link_provider_customer(tx, bob.id, "razorpay", "cus_A"));
        EXPECT_EQ(find_provider_customer(tx, alice.id, "stripe"), "cus_A");
        EXPECT_EQ(find_provider_customer(tx, bob.id, "stripe"), std::nullopt);
        EXPECT_EQ(find_customer_of_provider(tx, "stripe", "cus_A"), alice.id);
        EXPECT_EQ(find_customer_of_provider(tx, "stripe", "cus_B"), std::nullopt);
        return true;
    });
}

TEST_P(CustomerStore, AProviderIsBehindUntilItIsToldTheNewest) {
    const auto alice = make("alice"), bob = make("bob");
    ASSERT_TRUE(insert(alice) && insert(bob));
    db().write_blocking([&](sql::Transaction& tx) {
        mark_provider_copies_behind(tx, alice.id, kNow);  // nobody knows her yet
        link_provider_customer(tx, alice.id, "stripe", "cus_A");
        link_provider_customer(tx, bob.id, "stripe", "cus_B");
        EXPECT_FALSE(find_untold_details(tx, alice.id, "stripe"));

        mark_provider_copies_behind(tx, alice.id, kNow + 1s);
        const auto first = find_untold_details(tx, alice.id, "stripe");
        EXPECT_EQ(first->provider_customer, "cus_A");
        EXPECT_FALSE(find_untold_details(tx, alice.id, "razorpay"));
        EXPECT_FALSE(find_untold_details(tx, bob.id, "stripe"));
        EXPECT_TRUE(customers_behind(tx, "stripe", kNow, 10).empty());
        EXPECT_EQ(customers_behind(tx, "stripe", kNow + 1s, 10), std::vector{alice.id});

        // A second change meanwhile: having been told the first is not enough.
        mark_provider_copies_behind(tx, alice.id, kNow + 2s);
        const auto second = find_untold_details(tx, alice.id, "stripe");
        EXPECT_GT(second->revision, first->revision);
        mark_details_told(tx, alice.id, "stripe", second->revision, kNow + 3s);
        EXPECT_FALSE(find_untold_details(tx, alice.id, "stripe"));
        mark_details_told(tx, alice.id, "stripe", first->revision, kNow + 4s);
        const auto again = find_untold_details(tx, alice.id, "stripe");
        EXPECT_GT(again->revision, second->revision);
        mark_details_told(tx, alice.id, "stripe", again->revision, kNow + 5s);
        EXPECT_TRUE(customers_behind(tx, "stripe", kNow + 9s, 10).empty());
        return true;
    });
}

TEST_P(CustomerStore, ATestClockOnlyMovesForward) {
    const auto clock = make_clock("clock_1");
    auto bound = make("alice");
    bound.test_clock = clock.id;
    db().write_blocking([&](sql::Transaction& tx) {
        insert_test_clock(tx, clock);
        EXPECT_TRUE(insert_customer(tx, bound));
        EXPECT_TRUE(insert_customer(tx, make("bob")));
        EXPECT_EQ(*load_test_clock(tx, clock.id), clock);
        EXPECT_EQ(load_customer(tx, bound.id)->test_clock, clock.id);
        EXPECT_TRUE(set_frozen_time(tx, clock.id, kNow + 24h));
        EXPECT_TRUE(set_frozen_time(tx, clock.id, kNow + 24h));
        EXPECT_FALSE(set_frozen_time(tx, clock.id, kNow + 23h));
        EXPECT_EQ(load_test_clock(tx, clock.id)->frozen_time, kNow + 24h);
        EXPECT_EQ(customers_on_clock(tx, clock.id), std::vector{bound.id});
        const auto stranger = ids_.make<TestClockId>(kNow);
        EXPECT_FALSE(set_frozen_time(tx, stranger, kNow));
        EXPECT_EQ(load_test_clock(tx, stranger).error().reason.text(), "test_clock.not_found");
        EXPECT_EQ(list_test_clocks(tx, {}).size(), 1U);
        return true;
    });
}

}  // namespace
}  // namespace turnpike
