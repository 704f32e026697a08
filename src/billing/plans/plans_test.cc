#include "billing/plans/plans.h"

#include <gtest/gtest.h>

#include "billing/life/commands.h"
#include "billing/life/offer.h"
#include "billing/testing/testing.h"
#include "catalog/plan_wire.h"
#include "catalog/service.h"
#include "entitlements/standing.h"
#include "json/value.h"

namespace turnpike {
namespace {

class SoldPlans : public BillingTest {
protected:
    Result<PlanVersion> sell(const char* body) {
        auto wanted = read_new_plan(*parse_json(body)).value();
        return world.run(sell_plan(world.billing, std::move(wanted), tester));
    }
    Result<PlanVersion> change(const std::string& ref, const char* body) {
        PlanChange change{ref, read_plan_patch(*parse_json(body)).value(), tester};
        return world.run(sell_changed_plan(world.billing, std::move(change)));
    }
    std::optional<std::string> provider_price(const PriceId& price) {
        return ledger->read_blocking(
            [&](sql::Transaction& tx) { return find_provider_price(tx, price, "stripe"); });
    }
    std::shared_ptr<const PlanVersion> plan_of(const CustomerId& customer) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            return load_standing(tx, world.catalog, customer.text(), world.clock.now())
                .value()
                .plan;
        });
    }
};

constexpr const char* kTeam = R"({"key":"team","name":"Team","prices":[
    {"currency":"usd","interval":"month","amount":4900},
    {"currency":"usd","interval":"year","amount":49000}],
    "allowances":[{"meter":"api_calls","included":"5000"}]})";

TEST_F(SoldPlans, AreMadeAtTheProviderAndBought) {
    const auto team = sell(kTeam);
    ASSERT_TRUE(team);
    ASSERT_EQ(team->prices.size(), 2U);
    for (const Price& price : team->prices) {
        const auto there = provider_price(price.id);
        ASSERT_TRUE(there);
        const Json shown = world.sandbox_get("/v1/prices/" + *there);
        EXPECT_EQ(shown["unit_amount"], price.amount.minor());
        EXPECT_EQ(shown["recurring"]["interval"], to_text(price.recurrence.interval));
    }
    const CustomerId alice = world.customer("alice");
    const Subscription subscription = started(alice, "team");
    EXPECT_EQ(subscription.plan_version, team->id);
    EXPECT_EQ(plan_of(alice)->allowances_of("api_calls").front().included, Quantity::whole(5'000));
}

TEST_F(SoldPlans, ARequestThatDiedIsGoneOnWithUnderItsKey) {
    ledger->write_blocking([](sql::Transaction& tx) {
        return tx.run(R"sql(
            INSERT INTO idempotency_keys (id, scope, fingerprint, state, runner, leased_until,
                   created_at)
            VALUES ('idm_1', 's', 'f', 'running', 'r', 0, 0))sql");
    });
    const Authority keyed{"admin:root", "req_1", "idm_1"};
    const auto once = [&] {
        return world.run(
            sell_plan(world.billing, read_new_plan(*parse_json(kTeam)).value(), keyed));
    };
    const auto first = once();
    ASSERT_TRUE(first);
    const auto again = once();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->plan, first->plan);
    EXPECT_EQ(sell(kTeam).error().reason, Reason("catalog.plan_key_taken")) << "another request";
}

TEST_F(SoldPlans, AChangeLeavesSubscribersAlone) {
    const auto team = sell(kTeam);
    const CustomerId alice = world.customer("alice");
    const Subscription before = started(alice, "team");
    const auto dearer = change("team", R"({"prices":[{"currency":"usd","amount":5900}],
        "allowances":[{"meter":"api_calls","included":"6000"}]})");
    ASSERT_TRUE(dearer);
    EXPECT_EQ(dearer->number, 2);
    EXPECT_EQ(load(before.id).plan_version, team->id);
    EXPECT_EQ(plan_of(alice)->number, 1);
    const CustomerId bob = world.customer("bob");
    EXPECT_EQ(started(bob, "team").plan_version, dearer->id);

    const auto archived = world.run(stop_selling_plan(world.billing, "team", tester));
    ASSERT_TRUE(archived);
    EXPECT_EQ(plan_of(alice)->key, "team") << "who has it keeps it";
    const Offer offer{"team", Currency::Usd, {}};
    const auto refused = find_offer(*world.catalog.get(), "api-metering", offer);
    EXPECT_EQ(refused.error().reason, Reason("billing.plan_not_sold"));
    EXPECT_TRUE(refused.error().message.contains("no longer sold")) << refused.error().message;
}

TEST_F(SoldPlans, ACustomPriceIsNotBought) {
    ASSERT_TRUE(sell(R"({"key":"custom","name":"Custom","custom_price":true})"));
    const auto catalog = world.catalog.get();
    const auto refusal = [&](const char* home, const Offer& offer) {
        const auto sold = find_offer(*catalog, home, offer);
        return sold ? "sold" : std::string(sold.error().reason.text());
    };
    EXPECT_EQ(refusal("api-metering", {"custom", Currency::Usd, {}}), "billing.talk_to_sales");
    EXPECT_EQ(refusal("api-metering", {"pro", Currency::Usd, {}}), "sold");
    EXPECT_EQ(refusal("api-metering", {"pro", Currency::Inr, {}}), "billing.plan_not_sold");
    EXPECT_EQ(refusal("api-metering", {"free", Currency::Usd, {}}), "billing.plan_not_sold");
    EXPECT_EQ(refusal("saas-orgs", {"pro", Currency::Usd, {}}), "billing.unknown_plan")
        << "another catalog's customers do not buy here";
}

}  // namespace
}  // namespace turnpike
