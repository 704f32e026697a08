#include "entitlements/gateway.h"

#include <gtest/gtest.h>

#include "entitlements/testing.h"
#include "http/target.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::add_subscription;
using testing::FragileDatabase;
using testing::FullUsage;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;

TEST(GatewayPath, IsWhatTheUpstreamSees) {
    struct Case {
        const char* target;
        const char* path;  // "" is refused
    };
    const Case cases[] = {
        {"/signals", "/signals"},
        {"/signals?x=/export/pdf", "/signals"},
        {"/signals#x", "/signals"},
        {"/signals/", "/signals"},
        {"//signals", "/signals"},
        {"/%73ignals", "/signals"},
        {"/x/../signals", "/signals"},
        {"/./signals/.", "/signals"},
        {"/signals%2Fhistory/AAPL", "/signals/history/AAPL"},
        {"/%2e%2e/signals", ""},
        {"/../signals", ""},
        {"http://host/signals?x", "/signals"},
        {"https://host", "/"},
        {"/", "/"},
        {"", ""},
        {"signals", ""},
        {"/signals%00", ""},
        {"/%zz", ""},
        {"/a%252e", "/a%2e"},
    };
    for (const Case& c : cases) EXPECT_EQ(gateway_path(c.target).value_or(""), c.path) << c.target;
}

http::Request asking(http::Headers headers,
                     std::vector<std::pair<std::string, std::string>> query = {}) {
    http::Request request;
    request.path = "/v1/gateway/authorize";
    request.headers = std::move(headers);
    request.query = std::move(query);
    return request;
}

TEST(GatewayRoute, ComesFromTheHeaderOfTheGateway) {
    struct Case {
        const char* name;
        http::Request request;
        std::string expected;
    };
    const Case cases[] = {
        {"nginx", asking({{"X-Original-URI", "/signals?x=1"}, {"X-Original-Method", "POST"}}),
         "POST /signals"},
        {"nginx without a method", asking({{"X-Original-URI", "/signals"}}), "GET /signals"},
        {"Traefik", asking({{"X-Forwarded-Uri", "/a"}, {"X-Forwarded-Method", "PUT"}}), "PUT /a"},
        {"a header that no gateway sets", asking({{"X-Envoy-Original-Path", "/b?c"}}),
         "gateway.no_route"},
        {"query", asking({{"X-Original-URI", "/free"}}, {{"path", "/c"}, {"method", "DELETE"}}),
         "DELETE /c"},
        {"two that agree", asking({{"X-Original-URI", "/a"}, {"X-Forwarded-Uri", "/a/"}}),
         "GET /a"},
        {"a client's lie", asking({{"X-Original-URI", "/free"}, {"X-Forwarded-Uri", "/signals"}}),
         "gateway.ambiguous_route"},
        {"nothing", asking({}), "gateway.no_route"},
        {"no path", asking({{"X-Original-URI", "%"}}), "gateway.bad_path"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto route = read_gateway_route(c.request);
        EXPECT_EQ(
            route ? route->method + " " + route->path : std::string(route.error().reason.text()),
            c.expected);
    }
}

/// What Envoy's HTTP ext_authz sends, by api/envoy/extensions/filters/http/ext_authz/v3: the
/// client's method, path_prefix and the client's path as it came, Host, Content-Length: 0 and
/// Authorization; "no client request headers (besides the ones allowed by default)".
http::Request envoy_asks(http::Method method, const std::string& target) {
    http::Request request;
    request.method = method;
    request.headers = {{"Host", "api.example.com"}, {"Content-Length", "0"}};
    EXPECT_FALSE(http::read_target(std::string(kEnvoyPrefix) + target, request));
    return request;
}

TEST(GatewayRoute, OfEnvoyIsTheTargetBelowThePrefix) {
    struct Case {
        http::Method method;
        const char* target;
        const char* expected;
    };
    const Case cases[] = {
        {http::Method::Get, "/signals?x=1", "GET /signals"},
        {http::Method::Delete, "/signals/history/AAPL", "DELETE /signals/history/AAPL"},
        {http::Method::Head, "/", "HEAD /"},
        {http::Method::Put, "//signals/./%61", "PUT /signals/a"},
        {http::Method::Get, "/free?path=/signals&method=POST", "GET /free"},
        {http::Method::Get, "/../authorize", "gateway.bad_path"},
    };
    for (const Case& c : cases) {
        const auto route = read_envoy_route(envoy_asks(c.method, c.target));
        EXPECT_EQ(
            route ? route->method + " " + route->path : std::string(route.error().reason.text()),
            c.expected);
    }
}

class Gateway : public ::testing::Test {
protected:
    http::Response ask(const std::string& customer, const std::string& path,
                       const std::string& mode = "consume") {
        const Principal caller = testing::user(customer);
        const auto request = asking({{"X-Original-URI", path}}, {{"mode", mode}});
        return answered(gateway_.authorize(caller, request));
    }
    http::Response answered(asio::awaitable<Result<http::Response>> question) {
        auto answer = run(std::move(question));
        EXPECT_TRUE(answer);
        return answer ? *answer : http::Response{};
    }
    http::Response envoy(const std::string& customer, const std::string& target) {
        const Principal caller = testing::user(customer);
        const auto request = envoy_asks(http::Method::Get, target);
        return answered(gateway_.authorize_envoy(caller, request));
    }
    /// As a gateway asks that hands whole answers on.
    http::Response ask_exactly(const std::string& customer, const std::string& path) {
        const Principal caller = testing::user(customer);
        const auto request = asking({{"X-Forwarded-Uri", path}, {"X-Forwarded-Method", "GET"}},
                                    {{"refusals", "exact"}});
        return answered(gateway_.authorize(caller, request));
    }
    /// FREE includes 100 calls, and this route costs 5 of them.
    void use_up_alices_plan() {
        for (int i = 0; i < 20; ++i) EXPECT_EQ(ask("alice", "/export/pdf").status, 200);
    }
    /// Replaces the catalog by the preset after `change`.
    void sell(const std::function<void(CatalogFile&)>& change) {
        auto file = *read_catalog_file(*preset_catalog("api-metering"));
        change(file);
        ledger_->write_blocking([&](sql::Transaction& tx) {
            return apply_catalog(tx, file, kStart, world_.ids()).value();
        });
        world_.catalog().reload(*ledger_);
    }
    static std::string header(const http::Response& response, const char* name) {
        const std::string* value = http::find_header(response.headers, name);
        return value == nullptr ? "" : *value;
    }
    Contract contract_of(const CustomerId& customer) const {
        return customer == paul_ ? Contract(pro_) : std::nullopt;
    }
    std::int64_t used(const CustomerId& customer) {
        return ledger_->read_blocking([&](sql::Transaction& tx) {
            const auto counters =
                world_.usage().counters(tx, customer, contract_of(customer), kStart, kStart);
            const auto calls = counters.find("api_calls");
            return calls == counters.end() ? std::int64_t{0}
                                           : calls->second.front().used.scaled() / Quantity::kOne;
        });
    }
    std::size_t replay() {
        return run(recovery_.replay({usage_, world_.catalog()}, clock_, standings_));
    }

    std::unique_ptr<sql::Database> ledger_ = sql::open_test_database();
    FragileDatabase db_{*ledger_};
    MeteredWorld world_{*ledger_};
    CustomerId alice_ = world_.add_customer("alice");
    CustomerId paul_ = world_.add_customer("paul");
    SubscriptionId pro_ = add_subscription(world_, paul_, {});
    ManualClock clock_{kStart + std::chrono::hours(1)};
    StandingCache standings_{{}};
    SqlUsage usage_{db_, world_.ids()};
    EntitlementsApi api_{db_,
                         usage_,
                         clock_,
                         world_.ids(),
                         world_.catalog(),
                         standings_,
                         "https://shop.example/plans"};
    std::vector<std::string> lost_;
    UsageRecovery recovery_{[this](const ConsumeRequest& use, UsageLoss why) {
                                lost_.push_back(std::string(to_text(why)) + " " + use.customer);
                            },
                            3};
    std::vector<std::string> passed_;
    GatewayApi gateway_{api_, recovery_, [this](const RouteCost& route, FailOpen reason) {
                            passed_.push_back(route.pattern + " " + std::string(to_text(reason)));
                        }};
};

TEST_F(Gateway, ChargesTheRoutesCost) {
    const auto answer = ask("paul", "/signals/history/AAPL?days=5");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Turnpike-Customer"), paul_.text());
    EXPECT_EQ(header(answer, "X-Turnpike-Plan"), "pro");
    EXPECT_EQ(header(answer, "X-Turnpike-Units"), "2");
    for (const char* name : {"RateLimit-Policy", "RateLimit"})
        EXPECT_EQ(header(answer, name), "") << "nothing stops who pays for more";
    EXPECT_EQ(used(paul_), 2);
}

TEST_F(Gateway, AnUnlistedRouteIsFree) {
    const auto answer = ask("alice", "/health");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Turnpike-Units"), "0");
    EXPECT_EQ(used(alice_), 0);
}

TEST_F(Gateway, ADenialIs403ThatSaysWhatItMeans) {
    use_up_alices_plan();
    const auto denied = ask("alice", "/signals");
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ(header(denied, "X-Turnpike-Status"), "402");
    EXPECT_EQ(header(denied, "X-Turnpike-Units"), "0");
    EXPECT_EQ(header(denied, "RateLimit"), "\"api_calls\";r=0;t=2588400");
    EXPECT_EQ(header(denied, "Retry-After"), "2588400");
    EXPECT_EQ(header(denied, "X-Turnpike-Problem"), denied.body);
    const Json body = *parse_json(denied.body);
    EXPECT_EQ(body["code"], "limit_exceeded");
    EXPECT_EQ(body["upgrade"]["plan"], "starter");
    EXPECT_EQ(body["upgrade_url"], "https://shop.example/plans");
    EXPECT_EQ(used(alice_), 100);
    EXPECT_EQ(ask("alice", "/health").status, 200);
}

TEST_F(Gateway, WithoutABetterPlanADenialMeansWait) {
    sell([](CatalogFile& file) { file.plans.erase(file.plans.begin() + 1, file.plans.end()); });
    use_up_alices_plan();
    EXPECT_EQ(header(ask("alice", "/signals"), "X-Turnpike-Status"), "429");
    const auto exact = ask_exactly("alice", "/signals");
    EXPECT_EQ(exact.status, 429);
    EXPECT_EQ((*parse_json(exact.body))["status"], 429);
    EXPECT_EQ((*parse_json(exact.body))["code"], "limit_exceeded");
    EXPECT_EQ(header(exact, "Retry-After"), "2588400");
}

TEST_F(Gateway, WhatNoPlanHasIsForbidden) {
    sell([](CatalogFile& file) {
        for (FilePlan& plan : file.plans) plan.allowances.clear();
    });
    const auto denied = ask_exactly("alice", "/signals");
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ((*parse_json(denied.body))["code"], "not_in_plan");
    EXPECT_EQ(header(denied, "X-Turnpike-Status"), "403");
}

TEST_F(Gateway, AGatewayThatHandsAnswersOnGetsTheStatusThatIsMeant) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask_exactly("alice", "/export/pdf").status, 200);
    const auto denied = ask_exactly("alice", "/signals");
    EXPECT_EQ(denied.status, 402);
    EXPECT_EQ(header(denied, "X-Turnpike-Status"), "402");
    EXPECT_EQ(header(denied, "X-Turnpike-Problem"), "");
    EXPECT_EQ((*parse_json(denied.body))["upgrade"]["plan"], "starter");
    EXPECT_EQ(ask_exactly("alice", "/../x").status, 400);
}

TEST_F(Gateway, EnvoyIsAnsweredForThePathBelowThePrefix) {
    EXPECT_EQ(header(envoy("paul", "/signals/history/AAPL?days=5"), "X-Turnpike-Units"), "2");
    // The query is the client's: it neither avoids the charge nor names another path.
    EXPECT_EQ(header(envoy("paul", "/signals?mode=check&path=/free"), "X-Turnpike-Units"), "1");
    EXPECT_EQ(used(paul_), 3);
    for (int i = 0; i < 20; ++i) envoy("alice", "/export/pdf");
    EXPECT_EQ(envoy("alice", "/signals?refusals=forbidden").status, 402);
    EXPECT_EQ(envoy("alice", "/health").status, 200);
}

TEST_F(Gateway, AUseThatDoesNotFitWholeIsDenied) {
    for (int i = 0; i < 49; ++i) ask("alice", "/signals/history/X");
    EXPECT_EQ(ask("alice", "/export/csv").status, 403);  // 98 + 3
    EXPECT_EQ(ask("alice", "/signals/history/X").status, 200);
    EXPECT_EQ(used(alice_), 100);
}

TEST_F(Gateway, ACheckConsumesNothing) {
    for (int i = 0; i < 3; ++i) {
        const auto answer = ask("alice", "/export/pdf", "check");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(header(answer, "X-Turnpike-Units"), "5");
        // September has 30 days of 86,400 s; one hour has passed.
        EXPECT_EQ(header(answer, "RateLimit-Policy"), "\"api_calls\";q=100;w=2592000");
        EXPECT_EQ(header(answer, "RateLimit"), "\"api_calls\";r=100;t=2588400");
    }
    EXPECT_EQ(used(alice_), 0);
}

TEST_F(Gateway, AMeterThatCountsUsesCountsOneInACheckAsInAUse) {
    sell([](CatalogFile& file) {
        Meter exports = file.meters.front();
        exports.key = "exports";
        exports.event_type = "export";
        exports.aggregation = Meter::Aggregation::Count;
        file.meters.push_back(exports);
        for (FilePlan& plan : file.plans)
            plan.allowances.push_back({.meter_key = "exports",
                                       .included = Quantity::whole(1),
                                       .overage_unit_price = std::nullopt});
        file.route_costs[3].meter_key = "exports";  // /export/pdf, 5 units
    });
    const auto fits = ask("alice", "/export/pdf", "check");
    EXPECT_EQ(fits.status, 200);
    EXPECT_EQ(header(fits, "X-Turnpike-Units"), "1");
    EXPECT_EQ(header(ask("alice", "/export/pdf"), "X-Turnpike-Units"), "1");
    EXPECT_EQ(ask("alice", "/export/pdf", "check").status, 403);
    EXPECT_EQ(ask("alice", "/export/pdf").status, 403);
}

TEST_F(Gateway, ACachedCheckNeedsNoLedger) {
    ask("alice", "/signals", "check");
    db_.set(FragileDatabase::State::Down);
    const auto answer = ask("alice", "/signals", "check");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Turnpike-Degraded"), "");
}

TEST_F(Gateway, BadQuestionsAreRefusedIn403) {
    EXPECT_EQ(header(ask("alice", "/../x"), "X-Turnpike-Status"), "400");
    EXPECT_EQ(header(ask("alice", "/signals", "spend"), "X-Turnpike-Status"), "400");
    const Principal nobody;
    const auto answer = run(gateway_.authorize(nobody, asking({{"X-Original-URI", "/signals"}})));
    EXPECT_EQ(answer.error().code, ErrorCode::Unauthenticated);
    const Principal seller = testing::seller();
    const auto unnamed = run(gateway_.authorize(seller, asking({{"X-Original-URI", "/signals"}})));
    EXPECT_EQ(header(*unnamed, "X-Turnpike-Status"), "400");
    const auto named = run(gateway_.authorize(
        seller, asking({{"X-Original-URI", "/signals"}}, {{"customer", "paul"}})));
    EXPECT_EQ(named->status, 200);
    EXPECT_EQ(used(paul_), 1);
}

TEST_F(Gateway, AStoreOfUsageThatTakesNothingIsALedgerThatIsDown) {
    FullUsage full(usage_);
    EntitlementsApi api{db_, full, clock_, world_.ids(), world_.catalog(), standings_, ""};
    GatewayApi gateway{api, recovery_, [](const RouteCost&, FailOpen) {}};
    const Principal paul = testing::user("paul"), alice = testing::user("alice");
    const auto request = asking({{"X-Original-URI", "/export/csv"}}, {{"mode", "consume"}});
    ask("paul", "/signals");
    ask("alice", "/signals");
    const auto served = answered(gateway.authorize(paul, request));
    EXPECT_EQ(served.status, 200);
    EXPECT_EQ(header(served, "X-Turnpike-Degraded"), "1");
    EXPECT_EQ(answered(gateway.authorize(alice, request)).status, 403);

    const ConsumeWorld world{full, world_.catalog()};
    EXPECT_EQ(run(recovery_.replay(world, clock_, standings_)), 0U);
    EXPECT_EQ(recovery_.numbers().waiting, 1U);
    full.appends_left = 1;
    EXPECT_EQ(run(recovery_.replay(world, clock_, standings_)), 1U);
    EXPECT_EQ(used(paul_), 4);
    EXPECT_EQ(recovery_.numbers().lost, 0U);
}

TEST_F(Gateway, APayingUserIsServedWithoutTheLedgerAndCountedLater) {
    ask("paul", "/signals");
    db_.set(FragileDatabase::State::Down);
    const auto answer = ask("paul", "/export/csv");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "X-Turnpike-Degraded"), "1");
    EXPECT_EQ(header(answer, "X-Turnpike-Units"), "3");
    EXPECT_EQ(recovery_.numbers().served, 1U);
    EXPECT_EQ(replay(), 0U);  // still down: it stays
    EXPECT_EQ(recovery_.numbers().waiting, 1U);

    db_.set(FragileDatabase::State::Up);
    EXPECT_EQ(replay(), 1U);
    EXPECT_EQ(replay(), 0U);
    EXPECT_EQ(used(paul_), 4);
    EXPECT_EQ(recovery_.numbers().recovered, 1U);
    http::Request check;
    check.headers = {{"Content-Type", "application/json"}};
    check.body = R"({"customer": "paul", "meter": "api_calls"})";
    const Principal seller = testing::seller();
    const auto checked = run(api_.post_check(seller, check));
    ASSERT_TRUE(checked);
    EXPECT_EQ((*parse_json(checked->body))["remaining"], "9996");
}

TEST_F(Gateway, ABlockedPlanStaysClosedWithoutTheLedger) {
    ask("alice", "/signals");
    ask("alice", "/signals", "check");  // known now
    db_.set(FragileDatabase::State::Down);
    const auto answer = ask("alice", "/signals");
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(header(answer, "X-Turnpike-Status"), "503");
    EXPECT_EQ(header(answer, "Retry-After"), "5");
    EXPECT_EQ(recovery_.numbers().served, 0U);
}

TEST_F(Gateway, ARouteMayStayOpenOrClosedForEveryPlan) {
    sell([](CatalogFile& file) {
        file.route_costs[0].on_failure = OnFailure::Open;    // /signals
        file.route_costs[2].on_failure = OnFailure::Closed;  // /export/csv
    });
    ask("alice", "/signals", "check");
    ask("paul", "/signals", "check");
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(ask("alice", "/signals").status, 200);
    EXPECT_EQ(ask("nobody", "/signals").status, 200);
    EXPECT_EQ(ask("paul", "/export/csv").status, 403);
    EXPECT_EQ(ask("nobody", "/export/csv").status, 403);
    EXPECT_EQ(ask("alice", "/export/pdf").status, 403);  // no rule: the plan blocks
    EXPECT_EQ(ask("paul", "/export/pdf").status, 200);   // no rule: the plan bills
    EXPECT_EQ(passed_, (std::vector<std::string>{"/signals route_open", "/signals route_open",
                                                 "/export/pdf plan_bills"}));
    EXPECT_EQ(recovery_.numbers().waiting, 3U);

    db_.set(FragileDatabase::State::Up);
    replay();
    EXPECT_EQ(used(alice_), 1);
    EXPECT_EQ(used(paul_), 5);  // what was refused is not charged
}

TEST_F(Gateway, AClosedRouteAnswers503AndToEnvoy403) {
    sell([](CatalogFile& file) { file.route_costs[0].on_failure = OnFailure::Closed; });
    db_.set(FragileDatabase::State::Down);
    const auto exact = ask_exactly("paul", "/signals");
    EXPECT_EQ(exact.status, 503);
    EXPECT_EQ(header(exact, "Retry-After"), "5");
    const auto envoys = envoy("paul", "/signals");
    EXPECT_EQ(envoys.status, 403);
    EXPECT_EQ(header(envoys, "X-Turnpike-Status"), "503");
    EXPECT_EQ((*parse_json(envoys.body))["code"], "gateway.ledger_down");
}

TEST_F(Gateway, ACheckThatPassesIsCountedAndNotRecorded) {
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(ask("nobody", "/signals", "check").status, 200);
    EXPECT_EQ(passed_, std::vector<std::string>{"/signals unknown_customer"});
    EXPECT_EQ(recovery_.numbers().waiting, 0U);
}

TEST_F(Gateway, APlanIsKnownFromUseAlone) {
    use_up_alices_plan();
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(ask("alice", "/signals").status, 403);
    EXPECT_EQ(recovery_.numbers().served, 0U);
}

TEST_F(Gateway, APlanIsKnownFromADenialAlone) {
    use_up_alices_plan();
    standings_.clear();
    EXPECT_EQ(ask("alice", "/signals").status, 403);
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(header(ask("alice", "/signals"), "X-Turnpike-Status"), "503");
}

TEST_F(Gateway, AnUpgradeIsKnownFromItsFirstUse) {
    EXPECT_EQ(ask("alice", "/signals").status, 200);
    add_subscription(world_, alice_, {});
    standings_.invalidate(alice_);
    EXPECT_EQ(ask("alice", "/signals").status, 200);
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(header(ask("alice", "/signals"), "X-Turnpike-Degraded"), "1");
}

TEST_F(Gateway, ALedgerThatHangsIsNotWaitedForAndWhatItSaysLateCountsOnce) {
    db_.set(FragileDatabase::State::Hanging);
    const Principal caller = testing::user("paul");
    const auto request = asking({{"X-Original-URI", "/export/csv"}});
    boost::asio::io_context io;
    auto answering =
        boost::asio::co_spawn(io, gateway_.authorize(caller, request), boost::asio::use_future);
    const auto began = std::chrono::steady_clock::now();
    const auto ready = [&] {
        return answering.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    };
    while (!ready()) io.run_one_for(std::chrono::seconds(5));
    // 150 ms are meant; the rest is for busy machines.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(3));
    const auto answer = answering.get();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(header(*answer, "X-Turnpike-Degraded"), "1");
    EXPECT_EQ(recovery_.numbers().waiting, 1U);
    EXPECT_EQ(used(paul_), 0);

    db_.set(FragileDatabase::State::Up);
    io.run();  // the late outcome
    EXPECT_EQ(used(paul_), 3);
    EXPECT_EQ(replay(), 1U);
    EXPECT_EQ(used(paul_), 3);
    EXPECT_EQ(recovery_.numbers().recovered, 1U);
}

TEST_F(Gateway, TheRecoveryQueueIsBoundedAndCountsItsLosses) {
    db_.set(FragileDatabase::State::Down);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("paul", "/signals").status, 200);
    EXPECT_EQ(recovery_.numbers().served, 5U);
    EXPECT_EQ(recovery_.numbers().waiting, 3U);
    EXPECT_EQ(recovery_.numbers().lost, 2U);
    EXPECT_EQ(lost_, std::vector<std::string>(2, "queue_full ext:paul"));
    db_.set(FragileDatabase::State::Up);
    EXPECT_EQ(replay(), 3U);
    EXPECT_EQ(used(paul_), 3);
    EXPECT_EQ(lost_.size(), 2U);
}

TEST_F(Gateway, WhatIsRefusedLaterIsLostAndTold) {
    db_.set(FragileDatabase::State::Down);
    EXPECT_EQ(ask("nobody", "/signals").status, 200);
    db_.set(FragileDatabase::State::Up);
    EXPECT_EQ(replay(), 1U);
    EXPECT_EQ(recovery_.numbers().lost, 1U);
    EXPECT_EQ(lost_, std::vector<std::string>{"refused ext:nobody"});
}

TEST_F(Gateway, WhatStillWaitsAtTheEndIsLostAndToldOneByOne) {
    db_.set(FragileDatabase::State::Down);
    ask("paul", "/signals");
    ask("nobody", "/export/csv");
    EXPECT_EQ(recovery_.give_up(), 2U);
    EXPECT_EQ(lost_, (std::vector<std::string>{"ended ext:paul", "ended ext:nobody"}));
    EXPECT_EQ(recovery_.numbers().waiting, 0U);
    EXPECT_EQ(recovery_.numbers().lost, 2U);
    EXPECT_EQ(recovery_.give_up(), 0U);
}

TEST(LostUse, IsAnEventThatCanBeSent) {
    ConsumeRequest use{.customer = "ext:ad\"a",
                       .meter_key = "api_calls",
                       .quantity = *Quantity::parse("2.5"),
                       .source = "turnpike.gateway * /signals",
                       .id = "01J8",
                       .latency_us = std::nullopt,
                       .time = kStart};
    EXPECT_EQ(event_text_of(use),
              R"({"id":"01J8","source":"recovered turnpike.gateway * /signals",)"
              R"("customer":"ext:ad\"a","meter":"api_calls","quantity":"2.5",)"
              R"("time":")" +
                  format_rfc3339(kStart) + R"("})");
    use.source = std::string("turnpike.gateway ") + std::string(238, 'x');  // 255 bytes
    EXPECT_EQ((*parse_json(event_text_of(use)))["source"], "recovered turnpike.gateway");
}

}  // namespace
}  // namespace turnpike
