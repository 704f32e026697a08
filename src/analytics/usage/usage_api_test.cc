#include "analytics/usage/usage_api.h"

#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "analytics/usage/request_store.h"
#include "entitlements/testing.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::add_subscription;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;
using testing::user;

using Query = std::vector<std::pair<std::string, std::string>>;

http::Request get(Query query) {
    http::Request request;
    request.path = "/v1/usage/series";
    request.query = std::move(query);
    return request;
}

class UsageFiguresApi : public sql::DatabaseTest {
protected:
    using Handler = asio::awaitable<Result<http::Response>> (UsageApi::*)(const Principal&,
                                                                          const http::Request&);
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        alice_ = world_->add_customer("alice");
        add_subscription(*world_, *alice_, {});
        world_->add_customer("bob");
        rollup_.emplace(UsageRollup::World{db(), nullptr, clock_, world_->ids()});
        entitlements_.emplace(db(), world_->usage(), clock_, world_->ids(), world_->catalog(),
                              standings_, "");
        api_.emplace(db(), clock_, *entitlements_, *rollup_, cursors_);
    }
    /// The body, or the reason of the error.
    Json ask(Handler handler, Query query, const Principal& caller = testing::seller()) {
        const http::Request request = get(std::move(query));
        const auto answer = run(((*api_).*handler)(caller, request));
        if (!answer) return Json(std::string(answer.error().reason.text()));
        return *parse_json(answer->body);
    }
    void consume(const char* customer, const char* quantity) {
        http::Request request = get({});
        request.headers = {{"Content-Type", "application/json"}};
        request.body = to_text(Json{{"customer", customer},
                                    {"meter", "api_calls"},
                                    {"quantity", quantity},
                                    {"latency_ms", 10}});
        const auto answer = run(entitlements_->post_consume(testing::seller(), request));
        ASSERT_TRUE(answer && answer->status == 200);
    }

    // Fifteen of thirty days into September.
    ManualClock clock_{kStart + std::chrono::days(15)};
    StandingCache standings_{StandingCache::Config::for_engine("sqlite")};
    std::optional<MeteredWorld> world_;
    std::optional<CustomerId> alice_;
    std::optional<UsageRollup> rollup_;
    std::optional<EntitlementsApi> entitlements_;
    CursorCodec cursors_{std::string(32, 's')};
    std::optional<UsageApi> api_;
};
INSTANTIATE_TEST_SUITE_P(, UsageFiguresApi, sql::both_engines(), sql::engine_name);

TEST_P(UsageFiguresApi, ASeriesFillsEmptyBuckets) {
    consume("alice", "2.5");
    ASSERT_TRUE(rollup_->catch_up());
    clock_.advance(std::chrono::hours(1));
    const Json series = ask(&UsageApi::get_series, {{"meter", "api_calls"},
                                                    {"customer", "alice"},
                                                    {"from", "2024-09-15T00:00:00Z"},
                                                    {"to", "2024-09-17T00:00:00Z"}});
    EXPECT_EQ(series["object"], "usage_series") << series;
    EXPECT_EQ(series["as_of"], "2024-09-16T00:00:00Z");
    EXPECT_EQ(series["complete"], false);
    EXPECT_EQ(series["customer"], alice_->text());
    ASSERT_EQ(series["data"].size(), 2U);
    EXPECT_EQ(series["data"][0], (Json{{"start", "2024-09-15T00:00:00Z"},
                                       {"end", "2024-09-16T00:00:00Z"},
                                       {"events", 0},
                                       {"quantity", "0"},
                                       {"latency", nullptr}}));
    EXPECT_EQ(series["data"][1]["quantity"], "2.5");
    // 10 ms: 2^13 + 3 * 512 = 9728, and the bucket is 512 wide.
    EXPECT_EQ(
        series["data"][1]["latency"],
        (Json{{"count", 1}, {"p50_ms", "10.239"}, {"p90_ms", "10.239"}, {"p99_ms", "10.239"}}));
    EXPECT_EQ(series["total"]["quantity"], "2.5");
    EXPECT_EQ(series["peak"]["hour"],
              (Json{{"start", "2024-09-16T00:00:00Z"}, {"quantity", "2.5"}}));
    EXPECT_EQ(series["trend"],
              (Json{{"previous_period",
                     {{"start", "2024-09-13T00:00:00Z"}, {"end", "2024-09-15T00:00:00Z"}}},
                    {"previous_quantity", "0"},
                    {"change", "2.5"},
                    {"change_percentage", nullptr}}));
}

TEST_P(UsageFiguresApi, GroupsAreThoseOfTheMeter) {
    const Query asked{{"meter", "api_calls"}, {"customer", "alice"}, {"by", "region"}};
    EXPECT_EQ(ask(&UsageApi::get_groups, asked), "usage_figures.not_grouped");
    db().write_blocking([](sql::Transaction& tx) {
        return tx.run(R"(UPDATE meters SET group_by = '["region"]' WHERE key = 'api_calls')", {});
    });
    world_->catalog().reload(db());
    http::Request use = get({});
    use.headers = {{"Content-Type", "application/json"}};
    use.body = to_text(Json{{"customer", "alice"},
                            {"meter", "api_calls"},
                            {"quantity", "3"},
                            {"properties", {{"region", "eu"}, {"other", "x"}}}});
    ASSERT_EQ(run(entitlements_->post_consume(testing::seller(), use))->status, 200);
    consume("alice", "1");
    ASSERT_TRUE(rollup_->catch_up());
    const Json groups = ask(&UsageApi::get_groups, asked);
    EXPECT_EQ(groups["object"], "usage_groups") << groups;
    EXPECT_EQ(groups["by"], Json::array({"region"}));
    EXPECT_EQ(groups["data"], Json::array({{{"properties", {{"region", "eu"}}},
                                            {"events", 1},
                                            {"quantity", "3"},
                                            {"percentage", "75"}}}));
    EXPECT_EQ(groups["rest"], (Json{{"events", 1}, {"quantity", "1"}, {"percentage", "25"}}));
    EXPECT_EQ(groups["total"], "4");
    EXPECT_EQ(ask(&UsageApi::get_groups, {{"meter", "api_calls"}, {"by", "region,,x"}}),
              "usage_figures.bad_query");
    EXPECT_EQ(ask(&UsageApi::get_groups, {{"meter", "api_calls"}, {"by", "model"}}),
              "usage_figures.not_grouped");
    EXPECT_EQ(ask(&UsageApi::get_groups, asked, user("bob")), "entitlement.other_customer");
}

TEST_P(UsageFiguresApi, ACustomerSeesHimselfOnly) {
    consume("alice", "2");
    consume("bob", "5");
    ASSERT_TRUE(rollup_->catch_up());
    const auto total = [&](Query query, const Principal& caller) {
        query.emplace_back("meter", "api_calls");
        const Json series = ask(&UsageApi::get_series, query, caller);
        return series.is_object() ? series["total"]["quantity"] : series;
    };
    EXPECT_EQ(total({}, user("alice")), "2");
    EXPECT_EQ(total({{"customer", "alice"}}, user("alice")), "2");
    EXPECT_EQ(total({{"customer", "bob"}}, user("alice")), "entitlement.other_customer");
    EXPECT_EQ(total({{"customer", "nobody"}}, user("alice")), "entitlement.other_customer");
    EXPECT_EQ(total({{"customer", "bob"}}, testing::seller()), "5");
    EXPECT_EQ(total({}, testing::seller()), "7");
    EXPECT_EQ(total({{"customer", "nobody"}}, testing::seller()), "customer.not_found");
}

TEST_P(UsageFiguresApi, BadQuestionsAreNamed) {
    db().write_blocking([](sql::Transaction& tx) {
        return tx.run(R"sql(
            INSERT INTO meters (key, catalog, name, unit, event_type, aggregation, property, filter,
                                group_by, archived_at, created_at)
            VALUES ('seats', 'api-metering', 'Seats', 'seat', 'seat.taken', 'max', 'seats', '{}',
                    '[]', NULL, $1)
        )sql",
                      {kStart});
    });
    struct Case {
        const char* name;
        Query query;
        const char* reason;
    };
    const Case cases[] = {
        {"no meter", {}, "usage_figures.bad_query"},
        {"another meter", {{"meter", "x"}}, "usage_figures.no_such_meter"},
        {"a meter that keeps the largest", {{"meter", "seats"}}, "usage_figures.not_summed"},
        {"a granularity",
         {{"meter", "api_calls"}, {"granularity", "year"}},
         "usage_figures.bad_query"},
        {"a time", {{"meter", "api_calls"}, {"from", "yesterday"}}, "usage_figures.bad_query"},
        {"the end first",
         {{"meter", "api_calls"}, {"from", "2024-09-02T00:00:00Z"}, {"to", "2024-09-01T00:00:00Z"}},
         "usage_figures.bad_query"},
        {"too much",
         {{"meter", "api_calls"}, {"granularity", "hour"}, {"from", "2024-01-01T00:00:00Z"}},
         "usage_figures.too_many_buckets"},
        {"a typing error", {{"meter", "api_calls"}, {"form", "x"}}, "request.invalid_query"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(ask(&UsageApi::get_series, c.query), c.reason);
    }
    EXPECT_EQ(ask(&UsageApi::get_top, {{"meter", "api_calls"}, {"limit", "101"}}),
              "usage_figures.bad_query");
}

TEST_P(UsageFiguresApi, RankingsSayTheShare) {
    consume("alice", "6");
    consume("bob", "2");
    ASSERT_TRUE(rollup_->catch_up());
    const Json top = ask(&UsageApi::get_top, {{"meter", "api_calls"}, {"limit", "1"}});
    EXPECT_EQ(top["total"], "8") << top;
    ASSERT_EQ(top["data"].size(), 1U);
    EXPECT_EQ(top["data"][0]["external_id"], "alice");
    EXPECT_EQ(top["data"][0]["percentage"], "75");
}

TEST_P(UsageFiguresApi, AForecastGoesOnInAStraightLine) {
    // PRO has 10,000. In half of the period 6,000 were used: 12,000 at its end.
    consume("alice", "6000");
    const Json forecast =
        ask(&UsageApi::get_forecast, {{"meter", "api_calls"}, {"customer", "alice"}});
    EXPECT_EQ(forecast["method"], "linear") << forecast;
    EXPECT_EQ(forecast["used"], "6000");
    EXPECT_EQ(forecast["projected"], "12000");
    EXPECT_EQ(forecast["projected_overage"], "2000");
    EXPECT_EQ(forecast["as_of"], "2024-09-16T00:00:00Z");
    const Json free = ask(&UsageApi::get_forecast, {{"meter", "api_calls"}}, user("bob"));
    EXPECT_EQ(free["projected"], "0");
    EXPECT_EQ(ask(&UsageApi::get_forecast, {{"meter", "x"}, {"customer", "alice"}}),
              "usage_figures.not_in_plan");
    EXPECT_EQ(ask(&UsageApi::get_forecast, {{"meter", "api_calls"}}),
              "entitlement.customer_required");
}

TEST_P(UsageFiguresApi, AlertsAreListedNewestFirst) {
    // Without a subscription: FREE has 100.
    consume("bob", "50");
    consume("alice", "8000");
    ASSERT_TRUE(rollup_->catch_up());
    clock_.advance(std::chrono::minutes(1));
    consume("bob", "50");
    ASSERT_TRUE(rollup_->catch_up());

    const Json newest = ask(&UsageApi::get_alerts, {{"limit", "1"}});
    EXPECT_EQ(newest["has_more"], true) << newest;
    const Json rest = ask(&UsageApi::get_alerts,
                          {{"cursor", newest["next_cursor"].get<std::string>()}, {"limit", "100"}});
    EXPECT_EQ(newest["data"].size() + rest["data"].size(), 5U);
    const auto percents = [&](Query query, const Principal& caller = testing::seller()) {
        const Json list = ask(&UsageApi::get_alerts, std::move(query), caller);
        if (!list.is_object()) return list;
        std::multiset<int> percents;
        for (const Json& alert : list["data"]) percents.insert(alert["percent"].get<int>());
        return Json(percents);
    };
    EXPECT_EQ(percents({{"customer", "bob"}}), Json({50, 80, 100}));
    EXPECT_EQ(percents({{"customer", "alice"}, {"meter", "api_calls"}}), Json({50, 80}));
    EXPECT_EQ(percents({{"meter", "other"}}), Json::array());
    EXPECT_EQ(percents({{"created_at[gte]", "2024-09-16T00:01:00Z"}}), Json({80, 100}));
    EXPECT_EQ(percents({}, user("alice")), Json({50, 80}));
    EXPECT_EQ(percents({{"customer", "bob"}}, user("alice")), "entitlement.other_customer");
    EXPECT_EQ(percents({{"percent", "50"}}), "request.invalid_query");
}

TEST_P(UsageFiguresApi, AnAlertSaysWhatWasReached) {
    consume("bob", "50");
    ASSERT_TRUE(rollup_->catch_up());
    Json alert = ask(&UsageApi::get_alerts, {})["data"].at(0);
    EXPECT_TRUE(alert["id"].get<std::string>().starts_with("ual_"));
    alert.erase("id");
    alert.erase("customer");
    EXPECT_EQ(
        alert,
        (Json{{"object", "usage_alert"},
              {"type", "usage.threshold_reached"},
              {"subscription", nullptr},
              {"meter", "api_calls"},
              {"meter_name", "API calls"},
              {"reset", "billing_period"},
              {"window", {{"start", "2024-09-01T00:00:00Z"}, {"end", "2024-10-01T00:00:00Z"}}},
              {"kind", "usage"},
              {"percent", 50},
              {"limit", "100"},
              {"used", "50"},
              {"crossed_at", "2024-09-16T00:00:00Z"}}));
}

TEST_P(UsageFiguresApi, TimeGoesOnForStandingsInMemory) {
    consume("alice", "6000");
    const Query query{{"meter", "api_calls"}, {"customer", "alice"}};
    EXPECT_EQ(ask(&UsageApi::get_forecast, query)["as_of"], "2024-09-16T00:00:00Z");
    clock_.advance(std::chrono::days(5));
    const Json forecast = ask(&UsageApi::get_forecast, query);
    EXPECT_EQ(forecast["as_of"], "2024-09-21T00:00:00Z") << forecast;
    // Twenty of thirty days.
    EXPECT_EQ(forecast["projected"], "9000");
    const Json series = ask(&UsageApi::get_series, query);
    EXPECT_EQ(series["period"]["end"], "2024-09-22T00:00:00Z") << series;
}

TEST_P(UsageFiguresApi, RequestsAreShownByRoute) {
    LatencyHistogram latency;
    latency.add(std::chrono::milliseconds(20));
    const RequestFigures one{
        .requests = 1, .client_errors = 1, .server_errors = 0, .latency = latency};
    const Instant hour = kStart + std::chrono::days(14);
    const std::string nobody = "cus_nobody";
    for (int twice = 0; twice < 2; ++twice) {
        const auto unknown = db().write_blocking([&](sql::Transaction& tx) {
            return add_requests(tx, {{{"", "* /signals", hour}, one},
                                     {{alice_->text(), "* /signals", hour}, one},
                                     {{nobody, "* /signals", hour}, one}});
        });
        EXPECT_EQ(unknown, 1);
    }
    // 20 ms: 2^14 + 3 * 1024 = 19456, and the bucket is 1024 wide.
    const Json row{
        {"count", 2},
        {"client_errors", 2},
        {"server_errors", 0},
        {"latency",
         {{"count", 2}, {"p50_ms", "20.479"}, {"p90_ms", "20.479"}, {"p99_ms", "20.479"}}},
        {"route", "* /signals"}};
    EXPECT_EQ(ask(&UsageApi::get_routes, {})["data"], Json::array({row}));
    EXPECT_EQ(
        ask(&UsageApi::get_routes, {{"granularity", "hour"}, {"from", "2024-09-15T00:00:00Z"}},
            user("alice"))["data"],
        Json::array({row}));
    EXPECT_EQ(ask(&UsageApi::get_routes, {}, user("bob"))["data"], Json::array());
    const Json series = ask(&UsageApi::get_series, {{"meter", "api_calls"},
                                                    {"route", "* /signals"},
                                                    {"from", "2024-09-14T00:00:00Z"},
                                                    {"to", "2024-09-16T00:00:00Z"}});
    EXPECT_EQ(series["data"][0]["requests"]["count"], 0) << series;
    EXPECT_EQ(series["data"][1]["requests"]["count"], 2);
}

}  // namespace
}  // namespace turnpike
