#include "billing/provider/customer_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/provider/provider_objects.h"
#include "billing/testing/sandbox_trouble.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "customers/provider_link.h"
#include "customers/service.h"
#include "json/value.h"
#include "webhooks/log_testing.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CustomerDetailsTest : public BillingTest {
protected:
    CustomerDetailsTest() {
        EXPECT_TRUE(
            world.run(start_subscription(world.billing, world.start_request(customer, "starter"))));
    }
    void rename(const std::string& name) {
        CustomerPatch patch;
        patch.name = std::optional(name);
        ledger->write_blocking([&](sql::Transaction& tx) {
            return change_customer(tx, {customer.text(), patch, tester}, world.clock.now(),
                                   world.ids)
                .has_value();
        });
    }
    std::string id_there() {
        return *ledger->read_blocking([&](sql::Transaction& tx) {
            return find_provider_customer(tx, customer, world.provider->name());
        });
    }
    Json name_there() { return world.sandbox_get("/v1/customers/" + id_there()).at("name"); }
    bool is_behind() {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return find_untold_details(tx, customer, world.provider->name()).has_value();
        });
    }
    std::int64_t pass() {
        const Instant now = world.clock.now();
        return world.run(run_billing_pass(world.billing, now, now - std::chrono::hours(1)));
    }

    CustomerId customer = world.customer("ann");
};

TEST_F(CustomerDetailsTest, ANewNameIsToldOnce) {
    rename("Bob Ltd");
    EXPECT_TRUE(is_behind());
    ASSERT_TRUE(world.run(tell_customer_details(world.billing, customer)));
    EXPECT_EQ(name_there(), "Bob Ltd");
    EXPECT_FALSE(is_behind());
    EXPECT_EQ(pass(), 0);
    for (const char* name : {"Carl", "Bob Ltd"}) {  // and back
        rename(name);
        ASSERT_TRUE(world.run(tell_customer_details(world.billing, customer)));
        EXPECT_EQ(name_there(), name);
    }
}

TEST_F(CustomerDetailsTest, TheNextInvoiceCarriesIt) {
    rename("Bob Ltd");
    ASSERT_TRUE(world.run(ensure_provider_customer(world.billing, customer)));
    const auto draft =
        world.sandbox_post("/v1/invoices", "customer=" + id_there() + "&currency=usd");
    EXPECT_EQ(draft.at("customer_name"), "Bob Ltd");
}

TEST_F(CustomerDetailsTest, WhileTheProviderIsDownItStaysOwed) {
    rename("Bob Ltd");
    stripe::ClientConfig config;
    config.secret_key = world.key;
    config.base_url = "http://127.0.0.1:1";
    const auto down =
        *stripe::Provider::create(config, world.http, {*ledger, world.clock, world.ids}, {});
    BillingContext cut_off{*ledger, *world.usage,  world.clock,    world.ids,
                           *down,   world.catalog, world.standings};
    EXPECT_FALSE(world.run(tell_customer_details(cut_off, customer)));
    EXPECT_TRUE(is_behind());
    EXPECT_EQ(pass(), 1);
    EXPECT_EQ(name_there(), "Bob Ltd");
    EXPECT_FALSE(is_behind());
}

TEST_F(CustomerDetailsTest, WhileTheProviderIsDownTheLogHearsOfItOnce) {
    rename("Bob Ltd");
    trouble(world, R"({"call": "*", "do": "rate_limit", "next": 1000})");
    FailureLog failures;
    const auto look = [&] {
        const Instant now = world.clock.now();
        world.run(run_billing_pass(world.billing, now, now - std::chrono::hours(1), failures));
    };
    LogCapture log;
    for (int i = 0; i < 3; ++i) look();
    EXPECT_THAT(lines_of(log.take(), "billing.customer_details_failed"),
                ElementsAre(HasSubstr("object=" + customer.text())));
    all_is_well(world);
    look();
    EXPECT_THAT(lines_of(log.take(), "billing.customer_details_recovered"),
                ElementsAre(HasSubstr(" failures=3")));
}

TEST_F(CustomerDetailsTest, ARefusalIsNotRepeatedForEver) {
    world.sandbox_delete("/v1/customers/" + id_there());
    rename("Bob Ltd");
    EXPECT_TRUE(world.run(tell_customer_details(world.billing, customer)));
    EXPECT_FALSE(is_behind());
}

// The customer is made at the provider under the name of the first try.
TEST_F(CustomerDetailsTest, ACustomerWhoChangedBeforeTheFirstBillIsToldToo) {
    customer = world.customer("late");
    rename("Bob Ltd");
    ASSERT_TRUE(world.run(ensure_provider_customer(world.billing, customer)));
    EXPECT_EQ(name_there(), "Bob Ltd");
    EXPECT_TRUE(is_behind());
    EXPECT_EQ(pass(), 1);
    EXPECT_FALSE(is_behind());
}

}  // namespace
}  // namespace turnpike
