#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Reply;
using testing::shape_of;
using testing::TwinUnderTest;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kSummaryUpdated = "entitlements.active_entitlement_summary.updated";

std::string feature(TwinUnderTest& twin, const std::string& key) {
    return twin.post_id("/v1/entitlements/features", "name=" + key + "&lookup_key=" + key);
}

std::string attach(TwinUnderTest& twin, const std::string& product, const std::string& feature) {
    return twin.post_id("/v1/products/" + product + "/features", "entitlement_feature=" + feature);
}

/// A product with a monthly price whose id is the product's with "_month" behind it.
void product(TwinUnderTest& twin, const std::string& id) {
    ASSERT_EQ(twin.post("/v1/products", "name=" + id + "&id=" + id).status, 200);
    ASSERT_EQ(twin.post("/v1/prices",
                        "currency=usd&unit_amount=1000&recurring[interval]=month&"
                        "lookup_key=" +
                            id + "&product=" + id)
                  .status,
              200);
}

std::string price_of(TwinUnderTest& twin, const std::string& product) {
    return twin.get("/v1/prices?product=" + product).body.at("data").at(0).at("id");
}

std::string customer(TwinUnderTest& twin, const std::string& more = "") {
    return twin.post_id("/v1/customers",
                        "payment_method=pm_card_visa&"
                        "invoice_settings[default_payment_method]=pm_card_visa" +
                            more);
}

Reply subscribe(TwinUnderTest& twin, const std::string& customer, const std::string& product) {
    return twin.post("/v1/subscriptions",
                     "customer=" + customer + "&items[0][price]=" + price_of(twin, product));
}

std::vector<std::string> lookup_keys(TwinUnderTest& twin, const std::string& customer) {
    std::vector<std::string> keys;
    const auto reply = twin.get("/v1/entitlements/active_entitlements?customer=" + customer);
    for (const auto& entitlement : reply.body.at("data"))
        keys.push_back(entitlement.at("lookup_key"));
    return keys;
}

/// data of the newest summary event: {object, previous_attributes}.
Json last_summary(TwinUnderTest& twin) {
    return twin.get("/v1/events?type=" + std::string(kSummaryUpdated))
        .body.at("data")
        .at(0)
        .at("data");
}

// Members of Stripe.Entitlements.Feature, ActiveEntitlement and ProductFeature in stripe@20.4.1.
TEST(Entitlements, HaveTheMembersOfTheOfficialTypes) {
    TwinUnderTest twin;
    product(twin, "pro");
    const auto created =
        twin.post("/v1/entitlements/features", "name=Reports&lookup_key=reports&metadata[a]=b");
    EXPECT_THAT(shape_of(created.body),
                UnorderedElementsAre("active", "id", "livemode", "lookup_key", "metadata", "name",
                                     "object"));
    const auto attached =
        twin.post("/v1/products/pro/features",
                  "entitlement_feature=" + created.body.at("id").get<std::string>());
    EXPECT_EQ(attached.body.at("object"), "product_feature");
    EXPECT_EQ(attached.body.at("entitlement_feature"), created.body);
    const auto someone = customer(twin);
    subscribe(twin, someone, "pro");
    const auto list = twin.get("/v1/entitlements/active_entitlements?customer=" + someone +
                               "&expand[]=data.feature");
    EXPECT_EQ(list.body.at("data").at(0).at("feature"), created.body);
    EXPECT_EQ(list.body.at("data").at(0).at("object"), "entitlements.active_entitlement");
    const auto id = list.body.at("data").at(0).at("id").get<std::string>();
    EXPECT_THAT(shape_of(twin.get("/v1/entitlements/active_entitlements/" + id).body),
                UnorderedElementsAre("feature", "id", "livemode", "lookup_key", "object"));
}

TEST(Entitlements, FollowTheSubscription) {
    TwinUnderTest twin;
    product(twin, "pro");
    attach(twin, "pro", feature(twin, "reports"));
    const auto someone = customer(twin);
    EXPECT_THAT(lookup_keys(twin, someone), IsEmpty());

    const auto subscription = subscribe(twin, someone, "pro").body.at("id").get<std::string>();
    EXPECT_THAT(lookup_keys(twin, someone), ElementsAre("reports"));
    EXPECT_EQ(last_summary(twin).at("object").at("customer"), someone);
    EXPECT_EQ(last_summary(twin).at("object").at("entitlements").at("data").size(), 1U);
    EXPECT_EQ(last_summary(twin).at("previous_attributes").at("entitlements").at("data").size(),
              0U);

    twin.del("/v1/subscriptions/" + subscription);
    EXPECT_THAT(lookup_keys(twin, someone), IsEmpty());
    EXPECT_EQ(last_summary(twin).at("object").at("entitlements").at("data").size(), 0U);
    EXPECT_EQ(last_summary(twin).at("previous_attributes").at("entitlements").at("data").size(),
              1U);
}

TEST(Entitlements, AreKeptWhileAnyOfTheSubscriptionsGrantsThem) {
    TwinUnderTest twin;
    const auto shared = feature(twin, "shared");
    for (const char* id : {"pro", "extra"}) {
        product(twin, id);
        attach(twin, id, shared);
    }
    attach(twin, "extra", feature(twin, "own"));
    const auto someone = customer(twin);
    const auto first = subscribe(twin, someone, "pro").body.at("id").get<std::string>();
    subscribe(twin, someone, "extra");
    EXPECT_THAT(lookup_keys(twin, someone), UnorderedElementsAre("shared", "own"));
    twin.del("/v1/subscriptions/" + first);
    EXPECT_THAT(lookup_keys(twin, someone), UnorderedElementsAre("shared", "own"));
}

TEST(Entitlements, ASubscriptionThatIsNotPaidYetGrantsNothing) {
    TwinUnderTest twin;
    product(twin, "pro");
    attach(twin, "pro", feature(twin, "reports"));
    const auto someone = twin.post_id("/v1/customers", "email=a%40b.co");
    const auto reply = twin.post(
        "/v1/subscriptions",
        "customer=" + someone +
            "&payment_behavior=default_incomplete&items[0][price]=" + price_of(twin, "pro"));
    EXPECT_EQ(reply.body.at("status"), "incomplete");
    EXPECT_THAT(lookup_keys(twin, someone), IsEmpty());
}

// "Existing subscriptions will create active entitlements for any product feature changes at the
// start of the next billing period."
TEST(Entitlements, OfWhatIsAttachedLaterBeginWithTheNextPeriod) {
    TwinUnderTest twin;
    product(twin, "pro");
    const auto clock = twin.post_id("/v1/test_helpers/test_clocks", "frozen_time=1762799351");
    const auto someone = customer(twin, "&test_clock=" + clock);
    subscribe(twin, someone, "pro");
    attach(twin, "pro", feature(twin, "reports"));
    EXPECT_THAT(lookup_keys(twin, someone), IsEmpty());

    // A day beyond the month that began on 2025-11-10.
    twin.post("/v1/test_helpers/test_clocks/" + clock + "/advance", "frozen_time=1765477751");
    twin.run_due_work();
    EXPECT_THAT(lookup_keys(twin, someone), ElementsAre("reports"));
}

TEST(Entitlements, ChangeWithTheItems) {
    TwinUnderTest twin;
    for (const char* id : {"basic", "pro"}) {
        product(twin, id);
        attach(twin, id, feature(twin, std::string("of_") + id));
    }
    const auto someone = customer(twin);
    const auto subscription = subscribe(twin, someone, "basic").body;
    const auto item = subscription.at("items").at("data").at(0).at("id").get<std::string>();
    twin.post("/v1/subscriptions/" + subscription.at("id").get<std::string>(),
              "items[0][id]=" + item + "&items[0][price]=" + price_of(twin, "pro"));
    EXPECT_THAT(lookup_keys(twin, someone), ElementsAre("of_pro"));
}

TEST(Features, ALookupKeyIsFreeAgainWhenItsFeatureIsArchived) {
    TwinUnderTest twin;
    const auto first = feature(twin, "reports");
    const std::string again = "name=Again&lookup_key=reports";
    EXPECT_EQ(twin.post("/v1/entitlements/features", again).error("code"),
              "resource_already_exists");
    twin.post("/v1/entitlements/features/" + first, "active=false");
    EXPECT_EQ(twin.post("/v1/entitlements/features", again).status, 200);
    EXPECT_EQ(twin.post("/v1/entitlements/features/" + first, "active=true").status, 400);
    EXPECT_EQ(twin.get("/v1/entitlements/features?archived=true").body.at("data").size(), 1U);
    EXPECT_EQ(twin.get("/v1/entitlements/features?lookup_key=reports").body.at("data").size(), 1U);
}

TEST(Features, WrongInputIsRefusedByName) {
    TwinUnderTest twin;
    product(twin, "pro");
    const auto known = feature(twin, "known");
    const auto archived = feature(twin, "archived");
    twin.post("/v1/entitlements/features/" + archived, "active=false");
    const auto attached = attach(twin, "pro", known);
    struct Case {
        std::string path, form;
        int status;
        std::string code, param;
    };
    const std::string features = "/v1/entitlements/features", of_pro = "/v1/products/pro/features";
    const Case cases[] = {
        {features, "name=A", 400, "parameter_missing", "lookup_key"},
        {features, "lookup_key=a", 400, "parameter_missing", "name"},
        {features, "name=A&lookup_key=a&foo=1", 400, "parameter_unknown", "foo"},
        {features, "name=A&lookup_key=" + std::string(81, 'a'), 400, "", "lookup_key"},
        {features + "/feat_no", "name=A", 404, "resource_missing", "id"},
        {of_pro, "", 400, "parameter_missing", "entitlement_feature"},
        {of_pro, "entitlement_feature=feat_no", 400, "resource_missing", "entitlement_feature"},
        {of_pro, "entitlement_feature=" + archived, 400, "", "entitlement_feature"},
        {of_pro, "entitlement_feature=" + known, 400, "resource_already_exists",
         "entitlement_feature"},
        {"/v1/products/no/features", "entitlement_feature=" + known, 404, "resource_missing", "id"},
    };
    for (const auto& c : cases) {
        const auto reply = twin.post(c.path, c.form);
        EXPECT_EQ(reply.status, c.status) << c.path << " " << c.form;
        if (!c.code.empty()) EXPECT_EQ(reply.error("code"), c.code) << c.form;
        EXPECT_EQ(reply.error("param"), c.param) << c.form;
    }
    EXPECT_EQ(twin.get("/v1/entitlements/active_entitlements").error("code"), "parameter_missing");
    EXPECT_EQ(twin.get("/v1/products/pro/features").body.at("data").size(), 1U);
    EXPECT_EQ(twin.del("/v1/products/pro/features/" + attached).body.at("deleted"), true);
    EXPECT_EQ(twin.get("/v1/products/pro/features").body.at("data").size(), 0U);
}

}  // namespace
}  // namespace turnpike::twin
