#include "sandbox/chaos/chaos.h"

#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/status.h"
#include "json/value.h"
#include "sandbox/chaos/plan.h"
#include "sandbox/chaos/store.h"
#include "sandbox/chaos/testing.h"

namespace turnpike::twin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre, ::testing::IsEmpty;

class ChaosOfCalls : public ::testing::Test {
protected:
    http::Response send(http::Method method, const std::string& path,
                        const std::string& body = "") {
        http::Request request;
        request.method = method;
        request.path = request.target = path;
        request.body = body;
        request.headers = {{"Content-Type", "application/json"}, {"Host", "127.0.0.1:12111"}};
        return send(request);
    }
    http::Response send(http::Request& request) {
        asio::io_context io;
        http::Response response;
        const auto keep = [&]() -> asio::awaitable<void> {
            response = co_await chaos_->handle(request);
        };
        asio::co_spawn(io, keep(), [](const std::exception_ptr& error) {
            if (error) std::rethrow_exception(error);
        });
        io.run();
        return response;
    }
    http::Response post(const std::string& path) { return send(http::Method::Post, path); }
    Json control(http::Method method, const std::string& body = "", int status = 200) {
        const auto response = send(method, "/_sandbox/chaos", body);
        EXPECT_EQ(response.status, status) << response.body;
        return *parse_json(response.body);
    }
    void restart() { chaos_ = std::make_unique<Chaos>(twin_, wait()); }
    /// Nobody really waits.
    Chaos::Wait wait() {
        return [this](milliseconds time) -> asio::awaitable<void> {
            waited_.push_back(time.count());
            co_return;
        };
    }

    testing::CountingTwin twin_;
    std::vector<std::int64_t> waited_;
    std::unique_ptr<Chaos> chaos_ = std::make_unique<Chaos>(twin_, wait());
};

TEST_F(ChaosOfCalls, WithoutAPlanNothingGoesWrong) {
    EXPECT_EQ(post("/v1/customers").body, "/v1/customers 1");
    EXPECT_EQ(chaos_->plan(), nullptr);
    const auto overview = control(http::Method::Get);
    EXPECT_TRUE(overview.at("rules").empty());
    EXPECT_TRUE(overview.at("happened").empty());
}

TEST_F(ChaosOfCalls, EachMisfortuneOnce) {
    struct Case {
        const char* name;
        int status;
        const char* body;
        int handled;
        std::vector<int> kept;
        std::vector<std::int64_t> waited;
    };
    const std::vector<Case> cases{
        {"delay", 200, "/v1/refunds 1", 1, {}, {70}},
        {"rate_limit", 429, "excuse", 0, {}, {}},
        {"error", 500, "excuse", 0, {}, {}},
        {"error_after_commit", 500, "excuse", 1, {500}, {}},
        {"timeout", http::kNoAnswer, "", 0, {}, {70}},
        {"timeout_after_commit", http::kNoAnswer, "", 1, {}, {70}},
        {"truncate", 200, "/v1/re", 1, {}, {}},  // 13 bytes
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        twin_.handled = 0;
        twin_.kept.clear();
        waited_.clear();
        const std::string wait = c.waited.empty() ? "" : R"(, "wait_ms": 70)";
        control(http::Method::Put, R"({"rules": [{"call": "POST /v1/refunds", "do": ")" +
                                       std::string(c.name) + '"' + wait + "}]}");
        const auto answer = post("/v1/refunds");
        EXPECT_EQ(answer.status, c.status);
        EXPECT_EQ(answer.body, c.body);
        EXPECT_EQ(twin_.handled, c.handled);
        EXPECT_EQ(twin_.kept, c.kept);
        EXPECT_EQ(waited_, c.waited);
        EXPECT_EQ(post("/v1/refunds").status, 200) << "the next one is spared";
    }
}

TEST_F(ChaosOfCalls, StrikesOnlyCalls) {
    control(http::Method::Put, R"({"rules": [{"call": "*", "do": "error", "next": 1000}]})");
    EXPECT_EQ(post("/v1/customers").status, 500);
    EXPECT_EQ(post("/v2/core/events").status, 500);
    for (const char* const path : {"/", "/healthz", "/p/session/cs_1", "/_sandbox/clock", "/vx"})
        EXPECT_EQ(post(path).status, 200) << path;
}

TEST_F(ChaosOfCalls, GoesOnAfterARestart) {
    control(http::Method::Put, R"({"rules": [{"call": "*", "do": "error", "next": 3}]})");
    EXPECT_EQ(post("/v1/customers").status, 500);
    restart();
    EXPECT_EQ(post("/v1/customers").status, 500);
    restart();
    EXPECT_EQ(post("/v1/customers").status, 500);
    EXPECT_EQ(post("/v1/customers").status, 200);
    const auto overview = control(http::Method::Get);
    EXPECT_EQ(overview.at("rules").at(0).at("strikes"), 3);
    EXPECT_EQ(overview.at("happened").size(), 3U);
    EXPECT_EQ(overview.at("happened").at(0).at("about"), "POST /v1/customers");
    EXPECT_EQ(overview.at("happened").at(0).at("do"), "error");
}

// Another one has changed the plan, and this one has not heard of it yet.
TEST_F(ChaosOfCalls, ThePlanThatIsStoredDecides) {
    control(http::Method::Put, R"({"rules": [{"call": "*", "do": "error", "next": 2}]})");
    const std::vector<ChaosRule> limits{
        {.about = "POST /v1/a", .misfortune = Misfortune::RateLimit}};
    Chaos(twin_).set_at_start({.rules = limits});
    EXPECT_EQ(post("/v1/b").status, 200);
    EXPECT_EQ(post("/v1/a").status, 429);
    EXPECT_EQ(control(http::Method::Get).at("rules").at(0).at("strikes"), 1);
}

TEST_F(ChaosOfCalls, TakesOneRuleMoreAndForgetsAll) {
    control(http::Method::Post, R"({"call": "POST /v1/refunds", "do": "error", "next": 2})");
    EXPECT_EQ(post("/v1/refunds").status, 500);
    control(http::Method::Post, R"({"call": "POST /v1/refunds", "do": "rate_limit"})");
    EXPECT_EQ(post("/v1/refunds").status, 500) << "the first rule has one strike left";
    EXPECT_EQ(post("/v1/refunds").status, 429);
    EXPECT_EQ(post("/v1/refunds").status, 200);
    control(http::Method::Put, R"({"rules": [{"call": "*", "do": "error"}]})");
    const auto cleared = control(http::Method::Delete);
    EXPECT_TRUE(cleared.at("rules").empty());
    EXPECT_EQ(post("/v1/refunds").status, 200);
    EXPECT_EQ(chaos_->plan(), nullptr);
}

TEST_F(ChaosOfCalls, RefusesWhatIsNoPlan) {
    control(http::Method::Put, "{", 400);
    control(http::Method::Put, R"({"rules": [{"call": "*", "do": "explode"}]})", 400);
    control(http::Method::Post, R"({"do": "drop"})", 400);
    EXPECT_EQ(send(http::Method::Patch, "/_sandbox/chaos").status, 405);
    http::Request form;
    form.method = http::Method::Put;
    form.path = "/_sandbox/chaos";
    form.body = "{}";
    form.headers = {{"Content-Type", "text/plain"}, {"Host", "127.0.0.1:12111"}};
    EXPECT_EQ(send(form).status, 415) << "what a page of another site may send";
    form.headers = {{"Content-Type", "application/json"}, {"Host", "attacker.example.com"}};
    EXPECT_EQ(send(form).status, 403);
}

// The command line's plan: the same one goes on after a restart, another one begins anew.
TEST_F(ChaosOfCalls, APlanOfTheStartGoesOnWhenItIsTheSame) {
    const ChaosPlan plan{.rules = {{.about = "*", .misfortune = Misfortune::Error, .next = 2}}};
    chaos_->set_at_start(plan);
    EXPECT_EQ(post("/v1/refunds").status, 500);
    restart();
    chaos_->set_at_start(plan);
    EXPECT_EQ(post("/v1/refunds").status, 500);
    EXPECT_EQ(post("/v1/refunds").status, 200);
    ChaosPlan other = plan;
    other.seed = 2;
    chaos_->set_at_start(other);
    EXPECT_EQ(post("/v1/refunds").status, 500);
}

// Another version of the program may have left it. The directory must stay usable.
TEST_F(ChaosOfCalls, AStoredPlanThatCannotBeReadIsNone) {
    for (const char* const text :
         {R"({"seed": 18446744073709551615, "rules": []})", R"({"rules": [{"do": "x"}]})", "{"}) {
        twin_.database().write_blocking([&](sql::Transaction& tx) {
            save_plan(tx, {});
            tx.run("UPDATE chaos_plan SET body = $1", {text});
            return true;
        });
        restart();
        EXPECT_EQ(chaos_->plan(), nullptr) << text;
        EXPECT_TRUE(control(http::Method::Get).at("rules").empty()) << text;
    }
    control(http::Method::Post, R"({"call": "*", "do": "error"})");
    EXPECT_EQ(post("/v1/refunds").status, 500);
}

TEST_F(ChaosOfCalls, WithoutVersionsThereIsNoOlderOne) {
    twin_.versions = false;
    const std::string rule = R"({"webhook": "*", "do": "old_version"})";
    const auto refused = control(http::Method::Post, rule, 400);
    EXPECT_EQ(refused.at("code"), "chaos.no_versions");
    EXPECT_EQ(control(http::Method::Put, R"({"rules": [)" + rule + "]}", 400).at("code"),
              "chaos.no_versions");
    const auto random = control(http::Method::Put, R"({"seed": 3})").at("rules");
    EXPECT_EQ(random.size(), random_plan(3).rules.size() - 1);
    for (const Json& each : random) EXPECT_NE(each.at("do"), "old_version");
    // The command line's plan is for both twins: each takes what it knows.
    const ChaosRule older{.traffic = Traffic::Webhooks, .misfortune = Misfortune::OldVersion};
    chaos_->set_at_start({.rules = {older, {.misfortune = Misfortune::Error}}});
    ASSERT_EQ(chaos_->plan()->rules.size(), 1U);
    EXPECT_EQ(chaos_->plan()->rules[0].misfortune, Misfortune::Error);
}

TEST_F(ChaosOfCalls, IsTheSameForTheSameSeed) {
    const auto run = [&](int seed) {
        control(http::Method::Put, R"({"seed": )" + std::to_string(seed) + "}");
        std::vector<int> statuses;
        for (int i = 0; i < 300; ++i)
            statuses.push_back(post("/v1/customers/cus_" + std::to_string(seed * i)).status);
        return statuses;
    };
    const auto first = run(7);
    EXPECT_EQ(run(7), first);
    EXPECT_NE(run(8), first);
    EXPECT_GT(std::ranges::count(first, 500), 0);
}

}  // namespace
}  // namespace turnpike::twin
