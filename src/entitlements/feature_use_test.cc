#include "entitlements/feature_use.h"

#include <gtest/gtest.h>

#include "entitlements/api.h"
#include "entitlements/gateway.h"
#include "entitlements/testing.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kStart;
using testing::MeteredWorld;
using testing::run;

constexpr const char* kSchool = R"(
[[meters]]
key = "minutes"
name = "Minutes"
unit = "minute"
event_type = "minute"
aggregation = "sum"
[[features]]
key = "tier_premium"
name = "Premium content"
kind = "boolean"
[[features]]
key = "white_label"
name = "White label"
kind = "boolean"
[[features]]
key = "batch"
name = "Batches"
kind = "boolean"
rate_limit = "2/minute"
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
allowances = [{ meter = "minutes", included = "30", overage = "block" }]
features = { batch = true }
[[plans]]
key = "premium"
name = "Premium"
rank = 1
prices = [{ currency = "usd", interval = "month", amount = "9.99" }]
allowances = [{ meter = "minutes", included = "60", overage = "block" }]
features = { batch = true, tier_premium = true }
[[routes]]
method = "POST"
pattern = "/lessons/{lesson}/talk"
meter = "minutes"
units = 1
[[guards]]
method = "*"
pattern = "/lessons/{lesson}/talk"
feature = "tier_premium"
[[guards]]
method = "GET"
pattern = "/lessons/**"
feature = "tier_premium"
[[guards]]
method = "*"
pattern = "/brand"
feature = "white_label"
[[guards]]
method = "*"
pattern = "/batches"
feature = "batch"
[[guards]]
method = "*"
pattern = "/search"
rate_limit = "1/second"
)";

class FeatureUse : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        world_->sell(read_catalog_file(kSchool).value());
        free_ = world_->add_customer("fred");
        paid_ = world_->add_customer("paul");
        testing::add_subscription(*world_, paid_, {.plan = "premium"});
        fragile_.emplace(db());
        api_.emplace(*fragile_, world_->usage(), clock_, world_->ids(), world_->catalog(),
                     standings_, "https://school.example/plans");
        api_->guards.reload(db());
    }
    struct Told {
        int status = 0;
        Json body;
        http::Response response;
        [[nodiscard]] std::string header(const char* name) const {
            const auto* found = http::find_header(response.headers, name);
            return found == nullptr ? "" : *found;
        }
    };
    static Told told(Result<http::Response> answer) {
        if (!answer) return {0, Json(std::string(answer.error().reason.text())), {}};
        auto json = parse_json(answer->body);
        return {answer->status, json ? *json : Json(), *std::move(answer)};
    }
    Told use(const char* customer, const char* feature, std::int64_t quantity = 1) {
        http::Request request;
        request.method = http::Method::Post;
        request.headers = {{"Content-Type", "application/json"}};
        request.body =
            to_text(Json{{"customer", customer}, {"feature", feature}, {"quantity", quantity}});
        return told(run(api_->post_consume(testing::seller(), request)));
    }
    Told ask(const char* customer, const char* path, const char* mode = "consume",
             const char* method = "GET") {
        http::Request request;
        request.path = "/v1/gateway/authorize";
        request.headers = {{"X-Original-URI", path}, {"X-Original-Method", method}};
        request.query = {{"mode", mode}, {"refusals", "exact"}};
        const Principal caller = testing::user(customer);
        return told(run(gateway_().authorize(caller, request)));
    }
    std::int64_t minutes(const CustomerId& customer) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM usage_events WHERE customer_id = $1", {customer})
                ->integer(0);
        });
    }
    GatewayApi gateway_() {
        return GatewayApi{
            *api_, recovery_, [this](const RouteCost& route, FailOpen reason) {
                passed_.push_back(route_name(route) + " " + std::string(to_text(reason)));
            }};
    }

    ManualClock clock_{kStart};
    StandingCache standings_{{}};
    std::vector<std::string> passed_;
    UsageRecovery recovery_{[](const ConsumeRequest&, UsageLoss) {}, 10};
    std::optional<MeteredWorld> world_;
    std::optional<testing::FragileDatabase> fragile_;
    std::optional<EntitlementsApi> api_;
    CustomerId free_ = CustomerId::trusted("cus_none"), paid_ = free_;
};
INSTANTIATE_TEST_SUITE_P(, FeatureUse, sql::both_engines(), sql::engine_name);

TEST_P(FeatureUse, WhoLacksAFeatureIsShownThePlanThatHasIt) {
    const Told refused = use("fred", "tier_premium");
    EXPECT_EQ(refused.status, 402);
    EXPECT_EQ(refused.body["code"], "not_in_plan");
    EXPECT_EQ(refused.body["feature"], "tier_premium");
    EXPECT_EQ(refused.body["upgrade"], Json::parse(R"({"plan":"premium","name":"Premium",
                                                      "price":"9.99","currency":"usd"})"));
    EXPECT_EQ(refused.body["upgrade_url"], "https://school.example/plans");
    EXPECT_EQ(use("paul", "tier_premium").body["allowed"], true);

    const Told nobody = use("paul", "white_label");
    EXPECT_EQ(nobody.status, 403) << "no plan has it";
    EXPECT_FALSE(nobody.body.contains("upgrade"));
    EXPECT_EQ(use("fred", "batch", 2).body, "entitlement.used_one_by_one");
    EXPECT_EQ(use("fred", "unheard_of").body, "entitlement.no_such_meter");
}

TEST_P(FeatureUse, MayNotComeMoreOftenThanItsRate) {
    // 2 a minute: a bucket of two, and one more every 30 s.
    EXPECT_EQ(use("fred", "batch").status, 200);
    EXPECT_EQ(use("fred", "batch").status, 200);
    const Told often = use("fred", "batch");
    EXPECT_EQ(often.status, 429);
    EXPECT_EQ(often.body["code"], "access.rate_limited");
    EXPECT_EQ(often.header("Retry-After"), "30");
    EXPECT_EQ(often.header("RateLimit-Policy"), "\"batch\";q=2;w=60");
    EXPECT_EQ(use("paul", "batch").status, 200) << "each customer has his own";
    clock_.advance(std::chrono::seconds(30));
    EXPECT_EQ(use("fred", "batch").status, 200);
    EXPECT_EQ(use("fred", "batch").status, 429);
}

TEST_P(FeatureUse, GuardsRoutesOfTheHost) {
    const Told refused = ask("fred", "/lessons/7");
    EXPECT_EQ(refused.status, 402);
    EXPECT_EQ(refused.body["upgrade"]["plan"], "premium");
    EXPECT_EQ(refused.header("X-Turnpike-Units"), "0");
    const Told passed = ask("paul", "/lessons/7");
    EXPECT_EQ(passed.status, 200);
    EXPECT_EQ(passed.header("X-Turnpike-Plan"), "premium");
    EXPECT_EQ(passed.header("X-Turnpike-Units"), "0");
    EXPECT_EQ(ask("paul", "/brand").status, 403);
    EXPECT_EQ(ask("fred", "/lessons").status, 200) << "what nothing guards";
    EXPECT_EQ(ask("fred", "/lessons/7", "consume", "POST").status, 200) << "only GET is guarded";
}

TEST_P(FeatureUse, AGuardIsAskedBeforeUsageIsCounted) {
    EXPECT_EQ(ask("fred", "/lessons/7/talk", "consume", "POST").status, 402);
    EXPECT_EQ(minutes(free_), 0);
    const Told passed = ask("paul", "/lessons/7/talk", "consume", "POST");
    EXPECT_EQ(passed.status, 200);
    EXPECT_EQ(passed.header("X-Turnpike-Units"), "1");
    EXPECT_EQ(minutes(paid_), 1);
}

TEST_P(FeatureUse, ARouteHasARateOfItsOwn) {
    EXPECT_EQ(ask("fred", "/search").status, 200);
    const Told often = ask("fred", "/search");
    EXPECT_EQ(often.status, 429);
    EXPECT_EQ(often.header("Retry-After"), "1");
    EXPECT_EQ(often.header("RateLimit-Policy"), "\"* /search\";q=1;w=1");
    EXPECT_EQ(ask("fred", "/search", "check").status, 200) << "a question is no use";
    // The feature's rate holds by whatever way it is used.
    EXPECT_EQ(ask("fred", "/batches").status, 200);
    EXPECT_EQ(use("fred", "batch").status, 200);
    EXPECT_EQ(ask("fred", "/batches").status, 429);
}

TEST_P(FeatureUse, WithoutTheLedgerTheLastThatIsKnownDecides) {
    ask("fred", "/lessons/7");
    ask("paul", "/lessons/7");
    clock_.advance(std::chrono::hours(1));
    fragile_->set(testing::FragileDatabase::State::Down);
    EXPECT_EQ(ask("fred", "/lessons/7").status, 402);
    EXPECT_EQ(ask("paul", "/lessons/7").status, 200);
    EXPECT_TRUE(passed_.empty());
    const Told stranger = ask("sara", "/lessons/7");
    EXPECT_EQ(stranger.status, 200);
    EXPECT_EQ(stranger.header("X-Turnpike-Degraded"), "1");
    EXPECT_EQ(passed_, std::vector<std::string>{"GET /lessons/** unknown_customer"});
}

}  // namespace
}  // namespace turnpike
