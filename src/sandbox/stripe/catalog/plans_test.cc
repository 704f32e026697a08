#include "sandbox/stripe/catalog/plans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

/// $20 a month, of a product of its own.
const std::string kMonthly = "currency=usd&interval=month&amount=2000&product[name]=myproduct";

TEST(Plans, AreRecurringPricesByAnotherName) {
    BillingSandbox sandbox;
    const Json plan = sandbox.post("/v1/plans", kMonthly + "&nickname=Gold&trial_period_days=7");
    EXPECT_EQ(plan["object"], "plan");
    EXPECT_EQ(plan["amount"], 2000);
    EXPECT_EQ(plan["amount_decimal"], "2000");
    EXPECT_EQ(plan["interval"], "month");
    EXPECT_EQ(plan["trial_period_days"], 7);
    EXPECT_EQ(sandbox.get("/v1/products/" + text_of(plan, "product"))["name"], "myproduct");
    const Json price = sandbox.get("/v1/prices/" + text_of(plan, "id"));
    EXPECT_EQ(price["unit_amount"], 2000);
    EXPECT_EQ(price["recurring"]["interval"], "month");
    EXPECT_EQ(price["nickname"], "Gold");
    EXPECT_EQ(sandbox.get("/v1/plans/" + text_of(plan, "id")), plan);
    EXPECT_THAT(sandbox.new_events(),
                ElementsAre("product.created", "plan.created", "price.created"));
    EXPECT_EQ(sandbox.last_event("plan.created")["object"], plan);
}

TEST(Plans, KeepTheIdThatTheyAreGiven) {
    BillingSandbox sandbox;
    EXPECT_EQ(sandbox.post("/v1/plans", kMonthly + "&id=gold&product[id]=shop")["product"], "shop");
    EXPECT_EQ(sandbox.refused("/v1/plans", kMonthly + "&id=gold").code, "resource_already_exists");
    EXPECT_EQ(sandbox.refused("/v1/plans", kMonthly + "&product[id]=shop").param, "product[id]");
    const std::string customer = sandbox.customer();
    const Json subscription =
        sandbox.post("/v1/subscriptions", "customer=" + customer + "&items[0][plan]=gold");
    EXPECT_EQ(subscription["plan"]["id"], "gold");
    EXPECT_EQ(subscription["status"], "active");
}

TEST(Plans, ComplainInTheirOwnWords) {
    struct Case {
        const char *form, *param;
    };
    const Case cases[] = {
        {"currency=usd&interval=month&product[name]=P", "amount"},
        {"currency=usd&interval=month&amount=-1&product[name]=P", "amount"},
        {"currency=usd&interval=month&amount_decimal=x&product[name]=P", "amount_decimal"},
        {"currency=usd&amount=1&product[name]=P", "interval"},
        {"interval=month&amount=1&product[name]=P", "currency"},
        {"currency=usd&interval=month&amount=1", "product"},
        {"currency=usd&interval=month&amount=1&product=prod_none", "product"},
        {"currency=usd&interval=month&amount=1&product[active]=true", "product[name]"},
        {"currency=usd&interval=month&amount=1&product[name]=P&tiers_mode=volume", "tiers_mode"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.form);
        BillingSandbox sandbox;
        EXPECT_EQ(sandbox.refused("/v1/plans", c.form).param, c.param);
    }
}

TEST(Plans, ChangeTheirPriceToo) {
    BillingSandbox sandbox;
    const std::string id = text_of(sandbox.post("/v1/plans", kMonthly), "id");
    sandbox.new_events();
    EXPECT_EQ(sandbox.post("/v1/plans/" + id, "metadata[foo]=bar&active=false")["active"], false);
    EXPECT_EQ(sandbox.get("/v1/prices/" + id)["metadata"]["foo"], "bar");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("plan.updated", "price.updated"));
    const Json change = sandbox.last_event("plan.updated");
    EXPECT_EQ(change["object"]["object"], "plan");
    EXPECT_EQ(change["previous_attributes"]["active"], true);
    sandbox.post("/v1/plans/" + id, "active=false");
    EXPECT_THAT(sandbox.new_events(), ElementsAre());
    EXPECT_EQ(sandbox.refused("/v1/plans/" + id, "amount=1").code, "parameter_unknown");
}

TEST(Plans, AreGoneWhenDeletedButForTheirSubscribers) {
    BillingSandbox sandbox;
    sandbox.post("/v1/plans", kMonthly + "&id=gold");
    const std::string path =
        "/v1/subscriptions/" +
        text_of(sandbox.post("/v1/subscriptions",
                             "customer=" + sandbox.customer() + "&items[0][plan]=gold"),
                "id");
    const std::string item = text_of(sandbox.get(path)["items"]["data"][0], "id");
    sandbox.new_events();
    EXPECT_EQ(sandbox.remove("/v1/plans/gold")["deleted"], true);
    EXPECT_THAT(sandbox.new_events(), ElementsAre("plan.deleted", "price.deleted"));
    EXPECT_EQ(sandbox.call("GET", "/v1/plans/gold", "").error().http_status, 404);
    EXPECT_EQ(sandbox.call("GET", "/v1/prices/gold", "").error().http_status, 404);
    // The whole month that was paid is credited when the item moves at once to another price.
    const std::string silver = sandbox.price("Silver", 500);
    sandbox.post(path, "items[0][id]=" + item + "&items[0][price]=" + silver);
    const Json pending = sandbox.get("/v1/invoiceitems")["data"];
    EXPECT_THAT(amounts_of(pending), ::testing::UnorderedElementsAre(-2000, 500));
}

TEST(Plans, AreListedWithoutSinglePrices) {
    BillingSandbox sandbox;
    const Json plan = sandbox.post("/v1/plans", kMonthly);
    const std::string product = text_of(plan, "product");
    sandbox.post("/v1/prices", "currency=usd&unit_amount=100&product=" + product);
    sandbox.price("Other", 700);
    const Json all = sandbox.get("/v1/plans");
    EXPECT_EQ(all["data"].size(), 2U);
    EXPECT_EQ(all["url"], "/v1/plans");
    const Json own = sandbox.get("/v1/plans", "product=" + product);
    EXPECT_EQ(own["data"], Json::array({plan}));
}

}  // namespace
}  // namespace turnpike::twin
