#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Reply;
using testing::TwinUnderTest;

std::vector<std::string> names_of(const Reply& reply) {
    std::vector<std::string> names;
    for (const auto& object : reply.body.at("data"))
        names.push_back(object.at("name").get<std::string>());
    return names;
}

/// Five customers named 1 to 5; ids by name.
class Lists : public ::testing::Test {
protected:
    void SetUp() override {
        for (int i = 1; i <= 5; ++i) {
            ids.push_back(twin.post_id("/v1/customers", "name=" + std::to_string(i)));
            twin.clock().advance(std::chrono::seconds(10));
        }
    }
    const std::string& id(std::size_t name) { return ids[name - 1]; }

    TwinUnderTest twin;
    std::vector<std::string> ids;
};

TEST_F(Lists, AreNewestFirstAndSayWhetherThereIsMore) {
    const auto page = twin.get("/v1/customers?limit=2");
    EXPECT_EQ(page.body.at("object"), "list");
    EXPECT_EQ(page.body.at("url"), "/v1/customers");
    EXPECT_EQ(page.body.at("has_more"), true);
    EXPECT_FALSE(page.body.contains("total_count"));
    EXPECT_THAT(names_of(page), ElementsAre("5", "4"));
    const auto all = twin.get("/v1/customers");
    EXPECT_THAT(names_of(all), ElementsAre("5", "4", "3", "2", "1"));
    EXPECT_EQ(all.body.at("has_more"), false);
    EXPECT_EQ(twin.get("/v1/customers?limit=5").body.at("has_more"), false);
}

TEST_F(Lists, PageForwardsAndBackwardsExclusively) {
    EXPECT_THAT(names_of(twin.get("/v1/customers?limit=2&starting_after=" + id(4))),
                ElementsAre("3", "2"));
    EXPECT_THAT(names_of(twin.get("/v1/customers?starting_after=" + id(2))), ElementsAre("1"));
    EXPECT_TRUE(names_of(twin.get("/v1/customers?starting_after=" + id(1))).empty());
    // The page just newer than 1, still newest first.
    const auto back = twin.get("/v1/customers?limit=2&ending_before=" + id(1));
    EXPECT_THAT(names_of(back), ElementsAre("3", "2"));
    EXPECT_EQ(back.body.at("has_more"), true);
    EXPECT_TRUE(names_of(twin.get("/v1/customers?ending_before=" + id(5))).empty());
}

TEST_F(Lists, StayStableWhenSomethingNewArrives) {
    twin.post("/v1/customers", "name=6");
    EXPECT_THAT(names_of(twin.get("/v1/customers?limit=2&starting_after=" + id(4))),
                ElementsAre("3", "2"));
}

TEST_F(Lists, FilterByCreation) {
    // Created at 1762799351 and then every ten seconds.
    EXPECT_THAT(names_of(twin.get("/v1/customers?created=1762799371")), ElementsAre("3"));
    EXPECT_THAT(names_of(twin.get("/v1/customers?created[gt]=1762799371")), ElementsAre("5", "4"));
    EXPECT_THAT(names_of(twin.get("/v1/customers?created[gte]=1762799371&created[lt]=1762799391")),
                ElementsAre("4", "3"));
    EXPECT_THAT(names_of(twin.get("/v1/customers?created[lte]=1762799361")), ElementsAre("2", "1"));
}

TEST_F(Lists, RefuseBadPaging) {
    struct Case {
        std::string query, param, message;
    };
    const Case cases[] = {
        {"limit=ten", "limit", "Invalid integer: ten"},
        {"starting_after=cus_no", "starting_after", "No such customer: 'cus_no'"},
        {"ending_before=cus_no", "ending_before", "No such customer: 'cus_no'"},
        {"starting_after=a&ending_before=b", "starting_after", "No such customer: 'a'"},
        {"starting_after=" + id(1) + "&ending_before=b", "ending_before", "No such customer: 'b'"},
        {"starting_after=" + id(1) + "&ending_before=" + id(3), "",
         "Received both starting_after and ending_before parameters. Please pass in only one."},
        {"page=2", "page", "Received unknown parameter: page"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.query);
        const auto reply = twin.get("/v1/customers?" + std::string(c.query));
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
        EXPECT_FALSE(c.param.empty() && reply.body.at("error").contains("code"));
    }
}

// As recorded in August 2026: a limit that is out of bounds is brought back, without a word.
TEST_F(Lists, BringALimitBackIntoItsBounds) {
    for (const std::string_view path :
         {"/v1/customers", "/v1/events", "/v1/test_helpers/test_clocks"})
        EXPECT_EQ(twin.get(std::string(path) + "?limit=101").status, 200) << path;
    for (const std::string_view limit : {"0", "-1"}) {
        const auto page = twin.get("/v1/customers?limit=" + std::string(limit));
        EXPECT_EQ(page.status, 200);
        EXPECT_THAT(names_of(page), ElementsAre("5"));
        EXPECT_EQ(page.body.at("has_more"), true);
    }
    for (int i = 6; i <= 101; ++i) twin.post("/v1/customers", "name=" + std::to_string(i));
    for (const std::string_view limit : {"101", "200"}) {
        const auto page = twin.get("/v1/customers?limit=" + std::string(limit));
        EXPECT_EQ(page.status, 200);
        EXPECT_EQ(page.body.at("data").size(), 100U);
        EXPECT_EQ(page.body.at("has_more"), true);
    }
}

TEST(Expansion, ReplacesIdsAlongPaths) {
    TwinUnderTest twin;
    const auto product = twin.post_id("/v1/products", "name=P");
    const auto price = twin.post_id("/v1/prices", "currency=usd&unit_amount=1&product=" + product);
    twin.post("/v1/products/" + product, "default_price=" + price);

    const auto one = twin.get("/v1/prices/" + price + "?expand[]=product.default_price");
    EXPECT_EQ(one.body.at("product").at("name"), "P");
    EXPECT_EQ(one.body.at("product").at("default_price").at("id"), price);
    EXPECT_EQ(one.body.at("product").at("default_price").at("product"), product);
    const auto list = twin.get("/v1/prices?expand[0]=data.product");
    EXPECT_EQ(list.body.at("data").at(0).at("product").at("id"), product);
    EXPECT_EQ(twin.get("/v1/prices/" + price).body.at("product"), product);
}

TEST(Expansion, LeavesNullAndTakesHashesOnTheWay) {
    TwinUnderTest twin;
    const auto customer = twin.post("/v1/customers",
                                    "expand[]=invoice_settings.default_payment_method&"
                                    "expand[]=sources.data&expand[]=subscriptions");
    ASSERT_EQ(customer.status, 200);
    EXPECT_TRUE(customer.body.at("invoice_settings").at("default_payment_method").is_null());
    EXPECT_EQ(customer.body.at("subscriptions").at("object"), "list");
}

TEST(Expansion, RefusesUnknownAndDeepPathsWithoutATrace) {
    TwinUnderTest twin;
    for (const char* path : {"name", "foo", "metadata", "invoice_settings", "data.name"}) {
        SCOPED_TRACE(path);
        const auto reply = twin.post("/v1/customers", "name=x&expand[]=" + std::string(path));
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("message"),
                  "This property cannot be expanded (" + std::string(path) + ").");
    }
    const auto deep = twin.post("/v1/customers", "expand[]=a.b.c.d.e");
    EXPECT_THAT(deep.error("message"), HasSubstr("more than 4 levels"));
    EXPECT_EQ(twin.post("/v1/customers", "expand=name").status, 400);
    EXPECT_TRUE(twin.get("/v1/customers").body.at("data").empty());
}

}  // namespace
}  // namespace turnpike::twin
