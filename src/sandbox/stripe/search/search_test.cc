#include "sandbox/stripe/search/search.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using testing::TwinUnderTest;

class Search : public ::testing::Test {
protected:
    testing::Reply search(const std::string& resource, const std::string& query,
                          const std::string& more = "") {
        return twin_.get("/v1/" + resource + "/search?query=" + percent_encode(query) + more);
    }
    /// Names of what was found, newest first.
    std::vector<std::string> names(const std::string& resource, const std::string& query) {
        std::vector<std::string> found;
        const auto reply = search(resource, query);
        EXPECT_EQ(reply.status, 200) << reply.text;
        for (const Json& object : reply.body.at("data"))
            found.push_back(object.at("name").get<std::string>());
        return found;
    }

    TwinUnderTest twin_;
};

TEST_F(Search, FindsCustomersNewestFirst) {
    twin_.post("/v1/customers", "name=Ann&email=ann%40b.co&metadata[tier]=gold");
    twin_.post("/v1/customers", "name=Bob&email=bob%40b.co&metadata[tier]=gold");
    twin_.post("/v1/customers", "name=Cid");
    EXPECT_THAT(names("customers", "email~\"@b.co\""), ElementsAre("Bob", "Ann"));
    EXPECT_THAT(names("customers", "metadata['tier']:'gold' -name:'bob'"), ElementsAre("Ann"));
    EXPECT_THAT(names("customers", "email:null"), ElementsAre("Cid"));
    EXPECT_THAT(names("customers", "name:\"cid\" OR name:\"ann\""), ElementsAre("Cid", "Ann"));
    EXPECT_THAT(names("customers", "created>1762799351"), ElementsAre());
    EXPECT_THAT(names("customers", "created>=1762799351"), ElementsAre("Cid", "Bob", "Ann"));
    twin_.use_key("sk_test_second");
    EXPECT_THAT(names("customers", "created>0"), ElementsAre());
}

TEST_F(Search, AnswersPageByPage) {
    for (const char* name : {"1", "2", "3", "4", "5"})
        twin_.post("/v1/products", "name=" + std::string(name) + "&active=true");
    const std::string query = "active:\"true\"";
    const auto first = search("products", query, "&limit=2").body;
    EXPECT_EQ(first.at("object"), "search_result");
    EXPECT_EQ(first.at("url"), "/v1/products/search");
    EXPECT_EQ(first.at("has_more"), true);
    EXPECT_EQ(first.at("data").at(1).at("name"), "4");
    const auto page = first.at("next_page").get<std::string>();
    const auto second = search("products", query, "&limit=2&page=" + page).body;
    EXPECT_EQ(second.at("data").at(0).at("name"), "3");
    const auto last =
        search("products", query, "&limit=2&page=" + second.at("next_page").get<std::string>())
            .body;
    EXPECT_EQ(last.at("data").size(), 1U);
    EXPECT_EQ(last.at("has_more"), false);
    EXPECT_EQ(last.at("next_page"), nullptr);
}

// "The total number of objects that match the query ... isn't included by default. To include it in
// the response, expand the total_count field." (Reference, search response format.)
TEST_F(Search, CountsAllThatFitsWhenAsked) {
    for (const char* name : {"1", "2", "3"})
        twin_.post("/v1/products", "name=" + std::string(name) + "&active=true");
    const std::string query = "active:\"true\"";
    EXPECT_FALSE(search("products", query).body.contains("total_count"));
    const auto page = search("products", query, "&limit=2&expand[]=total_count").body;
    EXPECT_EQ(page.at("total_count"), 3);
    EXPECT_EQ(page.at("data").size(), 2U);
    const auto next =
        search("products", query,
               "&limit=2&expand[]=total_count&page=" + page.at("next_page").get<std::string>());
    EXPECT_EQ(next.body.at("total_count"), 3) << next.text;
    EXPECT_EQ(twin_.get("/v1/products?expand[]=total_count").status, 400);
}

TEST_F(Search, CoversSevenResources) {
    const auto customer = twin_.post_id(
        "/v1/customers",
        "payment_method=pm_card_visa&invoice_settings[default_payment_method]=pm_card_visa");
    const auto price = twin_.post_id("/v1/prices",
                                     "currency=usd&unit_amount=2500&recurring[interval]=month&"
                                     "product_data[name]=P&lookup_key=basic");
    const auto subscription =
        twin_.post_id("/v1/subscriptions",
                      "customer=" + customer + "&items[0][price]=" + price + "&metadata[order]=7");
    twin_.post("/v1/prices", "currency=eur&unit_amount=1&product_data[name]=Q");
    struct Case {
        const char* resource;
        std::string query;
    };
    const Case cases[] = {
        {"charges", "payment_method_details.card.last4:4242 AND amount:2500"},
        {"charges", "customer:\"" + customer + "\" refunded:\"false\""},
        {"customers", "created>0"},
        {"invoices", "subscription:\"" + subscription + "\" total>2499"},
        {"payment_intents", "status:\"succeeded\" currency:\"USD\""},
        {"prices", "lookup_key~\"asi\" active:\"true\" type:\"recurring\""},
        {"products", "name:\"p\""},
        {"subscriptions", "metadata[\"order\"]:\"7\" status:\"active\" canceled_at:null"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.query);
        const auto reply = search(c.resource, c.query);
        ASSERT_EQ(reply.status, 200) << reply.text;
        EXPECT_EQ(reply.body.at("data").size(), 1U);
    }
    const auto expanded =
        search("invoices", "total>0", "&expand[]=data.customer").body.at("data").at(0);
    EXPECT_EQ(expanded.at("customer").at("id"), customer);
    twin_.del("/v1/customers/" + customer);
    EXPECT_THAT(search("customers", "created>0").body.at("data"), ::testing::IsEmpty());
}

TEST_F(Search, RefusesInStripesWords) {
    struct Case {
        const char *target, *message;
    };
    const Case cases[] = {
        {"/v1/products/search", "Missing required param: query."},
        {"/v1/products/search?query=asdf",
         "We were unable to parse your search query. Try using the format "
         "`metadata[\"key\"]:\"value\"` to query for metadata or key:\"value\" to query for other "
         "fields."},
        {"/v1/products/search?query=foo:%22bar%22",
         "Field `foo` is an unsupported search field for resource `products`. See "
         "http://stripe.com/docs/search#query-fields-for-products for a list of supported fields."},
        {"/v1/products/search?query=name:%22a%22&page=2", "2 is an invalid page."},
        {"/v1/products/search?query=name:%22a%22&limit=101",
         "This value must be less than or equal to 100 (it currently is '101')."},
        {"/v1/products/search?query=name:%22a%22&starting_after=prod_1",
         "Received unknown parameter: starting_after"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.target);
        const auto reply = twin_.get(c.target);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("message"), c.message);
    }
}

}  // namespace
}  // namespace turnpike::twin
