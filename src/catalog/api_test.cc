#include "catalog/api.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "catalog/preset.h"
#include "catalog/service.h"
#include "catalog/wire.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using Handler = asio::awaitable<Result<http::Response>> (CatalogApi::*)(const Principal&,
                                                                        const http::Request&);

class CatalogApiTest : public ::testing::Test {
protected:
    void SetUp() override {
        const auto file = read_catalog_file(*preset_catalog("api-metering"));
        db_->write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, *file, from_unix_seconds(0), ids_).value();
        });
        cache_.reload(*db_);
    }
    Result<http::Response> call(Handler handler, const http::Request& request) {
        const Principal nobody;
        asio::io_context io;
        auto answer = asio::co_spawn(io, (api_.*handler)(nobody, request), asio::use_future);
        io.run();
        return answer.get();
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    SeededIdSource ids_{1};
    CatalogCache cache_;
    CatalogApi api_{cache_};
};

TEST_F(CatalogApiTest, PricingIsThePublishedTable) {
    const Json body = write_pricing(*cache_.get(), "api-metering");
    EXPECT_EQ(body["currency"], "usd");
    const Json expected = Json::parse(R"([
        {"tier":"free","name":"FREE","price":"0.00","price_amount":0,"currency":"usd",
         "interval":"month","api_calls_included":100,"overage":null,"overage_policy":"block"},
        {"tier":"starter","name":"STARTER","price":"29.00","price_amount":2900,"currency":"usd",
         "interval":"month","api_calls_included":1000,"overage":"0.03","overage_policy":"bill"},
        {"tier":"pro","name":"PRO","price":"99.00","price_amount":9900,"currency":"usd",
         "interval":"month","api_calls_included":10000,"overage":"0.02","overage_policy":"bill"},
        {"tier":"enterprise","name":"ENTERPRISE","price":"499.00","price_amount":49900,
         "currency":"usd","interval":"month","api_calls_included":100000,"overage":"0.01",
         "overage_policy":"bill"}])");
    EXPECT_EQ(body["tiers"], expected);
    EXPECT_EQ(body["unit_costs"].size(), 4U);
}

TEST_F(CatalogApiTest, APlanIsFoundByKeyAndId) {
    http::Request request;
    request.path_values = {{"plan", "pro"}};
    const auto by_key = call(&CatalogApi::get_plan, request);
    ASSERT_TRUE(by_key);
    const Json plan = *parse_json(by_key->body);
    EXPECT_EQ(plan["prices"][0]["amount"], 9900);
    EXPECT_EQ(plan["allowances"][0]["included"], "10000");
    EXPECT_EQ(plan["allowances"][0]["overage_unit_price"], "0.02");

    request.path_values = {{"plan", plan["id"].get<std::string>()}};
    EXPECT_EQ(call(&CatalogApi::get_plan, request)->body, by_key->body);
    request.path_values = {{"plan", "gold"}};
    EXPECT_EQ(call(&CatalogApi::get_plan, request).error().reason.text(), "catalog.no_such_plan");
}

TEST_F(CatalogApiTest, PlansAreListedByRank) {
    const Json body = *parse_json(call(&CatalogApi::get_plans, {})->body);
    std::vector<std::string> keys;
    for (const auto& plan : body["data"]) keys.push_back(plan["key"]);
    EXPECT_EQ(keys, (std::vector<std::string>{"free", "starter", "pro", "enterprise"}));
}

}  // namespace
}  // namespace turnpike
