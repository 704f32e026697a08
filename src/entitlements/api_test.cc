#include "entitlements/api.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "entitlements/testing.h"
#include "entitlements/wire.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::add_subscription;
using testing::kStart;
using testing::MeteredWorld;
using testing::run;

using testing::user;

const Principal kSeller = testing::seller();

http::Request post(const Json& body) {
    http::Request request;
    request.method = http::Method::Post;
    request.path = "/v1/test";
    request.headers = {{"Content-Type", "application/json"}};
    request.body = to_text(body);
    return request;
}

class Entitlements : public sql::DatabaseTest {
protected:
    using Handler = asio::awaitable<Result<http::Response>> (EntitlementsApi::*)(
        const Principal&, const http::Request&);

    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (IsSkipped()) return;
        world_.emplace(db());
        world_->add_customer("alice");
        api_.emplace(db(), world_->usage(), clock_, world_->ids(), world_->catalog(), standings_,
                     "https://shop.example/plans");
    }
    Result<http::Response> call(Handler handler, const Principal& caller,
                                const http::Request& request) {
        return run(((*api_).*handler)(caller, request));
    }
    Result<http::Response> consume(const Json& body, const Principal& caller = kSeller) {
        return call(&EntitlementsApi::post_consume, caller, post(body));
    }
    Json consumed(const Json& body, const Principal& caller = kSeller) {
        const auto answer = consume(body, caller);
        if (!answer) return Json(std::string(answer.error().reason.text()));
        Json json = *parse_json(answer->body);
        json["http"] = answer->status;
        return json;
    }
    Json check(const Json& body, const Principal& caller = kSeller) {
        const auto answer = call(&EntitlementsApi::post_check, caller, post(body));
        if (!answer) return Json(std::string(answer.error().reason.text()));
        return *parse_json(answer->body);
    }
    Json usage(const std::string& ref) {
        http::Request request;
        request.query = {{"customer", ref}};
        const auto answer = call(&EntitlementsApi::get_usage, kSeller, request);
        EXPECT_TRUE(answer);
        return (*parse_json(answer->body))["meters"][0];
    }
    static Json calls(const char* customer, std::int64_t quantity) {
        return {{"customer", customer}, {"meter", "api_calls"}, {"quantity", quantity}};
    }
    std::int64_t events() {
        return db().read_blocking([](sql::Transaction& tx) {
            return tx.one("SELECT COUNT(*) FROM usage_events")->integer(0);
        });
    }

    ManualClock clock_{kStart + std::chrono::hours(1)};
    StandingCache standings_{{}};
    std::optional<MeteredWorld> world_;
    std::optional<EntitlementsApi> api_;
};

TEST_P(Entitlements, FreeCall100IsServedAnd101IsNotRecorded) {
    EXPECT_EQ(consumed(calls("alice", 99))["http"], 200);
    const Json last = consumed(calls("alice", 1));
    EXPECT_EQ(last["allowed"], true);
    EXPECT_EQ(last["used"], "100");
    EXPECT_EQ(last["remaining"], "0");
    EXPECT_EQ(last["limit"], "100");
    EXPECT_EQ(last["duplicate"], false);

    const Json denied = consumed(calls("alice", 1));
    EXPECT_EQ(denied["http"], 402);
    EXPECT_EQ(denied["status"], 402);
    EXPECT_EQ(denied["code"], "limit_exceeded");
    EXPECT_TRUE(denied["type"].get<std::string>().ends_with("/limit_exceeded"));
    EXPECT_EQ(denied["feature"], "api_calls");
    EXPECT_EQ(denied["limit"], "100");
    EXPECT_EQ(denied["used"], "100");
    EXPECT_EQ(denied["resets_at"], "2024-10-01T00:00:00Z");
    EXPECT_EQ(denied["upgrade"], Json::parse(R"({"plan":"starter","name":"STARTER",
                                                 "price":"29.00","currency":"usd"})"));
    EXPECT_EQ(denied["upgrade_url"], "https://shop.example/plans");
    EXPECT_EQ(events(), 2);
    EXPECT_EQ(usage("alice")["used"], "100");
    api_->upgrade_url.clear();
    EXPECT_FALSE(consumed(calls("alice", 1)).contains("upgrade_url"));
}

TEST_P(Entitlements, AnIdempotencyKeyNamesAUseThatHasNoId) {
    const auto with_key = [&](const char* key, Json body, const Principal& caller = kSeller) {
        auto request = post(body);
        request.headers.emplace_back("Idempotency-Key", key);
        const auto answer = call(&EntitlementsApi::post_consume, caller, request);
        return answer ? *parse_json(answer->body) : Json(std::string(answer.error().reason.text()));
    };
    EXPECT_EQ(with_key("a-1", calls("alice", 3))["duplicate"], false);
    const Json again = with_key("\"a-1\"", calls("alice", 3));
    EXPECT_EQ(again["duplicate"], true);
    EXPECT_EQ(again["used"], "3");
    EXPECT_EQ(with_key("a-1", calls("alice", 4)), "entitlement.usage_conflict");
    EXPECT_EQ(with_key("a-2", calls("alice", 3))["used"], "6");
    // Keys belong to their caller; and an id in the body is the name that counts.
    EXPECT_EQ(with_key("a-1", calls("alice", 3), testing::admin())["used"], "9");
    Json named = calls("alice", 3);
    named["id"] = "own";
    EXPECT_EQ(with_key("a-1", named)["used"], "12");
    EXPECT_EQ(with_key("", calls("alice", 3)), "idempotency.key_malformed");
    EXPECT_EQ(events(), 4);
}

TEST_P(Entitlements, ANullIsNotTheDefault) {
    Json body = calls("alice", 1);
    body["quantity"] = nullptr;
    EXPECT_EQ(consumed(body), "request.invalid_body");
    body = calls("alice", 1);
    body["feature"] = nullptr;
    EXPECT_EQ(consumed(body), "request.invalid_body");
    EXPECT_EQ(events(), 0);
}

TEST_P(Entitlements, PaidPlansGoOnIntoOverage) {
    const auto paul = world_->add_customer("paul");
    add_subscription(*world_, paul, {});
    EXPECT_EQ(consumed(calls("paul", 10'000))["reason"], "within_allowance");
    const Json over = consumed(calls("paul", 2'345));
    EXPECT_EQ(over["allowed"], true);
    EXPECT_EQ(over["reason"], "overage");
    EXPECT_EQ(over["overage"], "2345");
    const Json row = usage("paul");
    EXPECT_EQ(row["used"], "12345");
    EXPECT_EQ(row["included"], "10000");
    EXPECT_EQ(row["remaining"], "0");
    EXPECT_EQ(row["usage_percentage"], "123.45");
    EXPECT_EQ(row["overage_amount"], 4'690);  // 2,345 x $0.02
    EXPECT_TRUE(row.at("hard_limit").is_null());
    EXPECT_FALSE(check({{"customer", "paul"}, {"meter", "api_calls"}}).contains("hard_limit"));
}

TEST_P(Entitlements, WhereUsageStopsIsShown) {
    consumed(calls("alice", 30));
    EXPECT_EQ(usage("alice")["hard_limit"], "100");
    EXPECT_EQ(check({{"customer", "alice"}, {"meter", "api_calls"}})["hard_limit"], "100");
}

TEST_P(Entitlements, ADenialSaysWhyWhatWasAskedForDoesNotFit) {
    EXPECT_EQ(consumed(calls("alice", 101))["detail"],
              "asked for 101 api_calls, and 100 are left: 0 of 100 are used in this period");
    consumed(calls("alice", 99));
    EXPECT_EQ(consumed(calls("alice", 2))["detail"],
              "asked for 2 api_calls, and 1 is left: 99 of 100 are used in this period");
}

constexpr const char* kAllKinds = R"(
[[meters]]
key = "runs"
name = "Runs"
unit = "run"
event_type = "run"
aggregation = "count"
[[meters]]
key = "people"
name = "People"
unit = "person"
event_type = "visit"
aggregation = "unique"
property = "user"
[[meters]]
key = "gb"
name = "Storage"
unit = "GB"
event_type = "storage"
aggregation = "max"
[[plans]]
key = "free"
name = "Free"
rank = 0
default = true
prices = [{ currency = "usd", interval = "month", amount = "0.00" }]
allowances = [{ meter = "runs", included = "1", overage = "block" },
              { meter = "people", included = "2", overage = "block" },
              { meter = "gb", included = "6", overage = "block" }]
)";

// Five units of what counts one by one are one.
TEST_P(Entitlements, ADenialSaysWhatTheMeterWouldHaveCounted) {
    world_->sell(read_catalog_file(kAllKinds).value());
    const auto use = [&](const char* meter, std::int64_t quantity, const char* user = "x") {
        return consumed({{"customer", "alice"},
                         {"meter", meter},
                         {"quantity", quantity},
                         {"properties", {{"user", user}}}});
    };
    EXPECT_EQ(use("runs", 5)["http"], 200);
    EXPECT_EQ(use("runs", 5)["detail"],
              "asked for 1 runs, and 0 are left: 1 of 1 is used in this period");
    EXPECT_EQ(use("people", 5, "ann")["http"], 200);
    EXPECT_EQ(use("people", 5, "bob")["http"], 200);
    EXPECT_EQ(use("people", 5, "eve")["detail"],
              "asked for 1 people, and 0 are left: 2 of 2 are used in this period");
    EXPECT_EQ(use("gb", 5)["http"], 200);
    EXPECT_EQ(use("gb", 7)["detail"],
              "a value of 7 gb is above the limit: 5 of 6 are used in this period");
}

TEST_P(Entitlements, AFullCounterIsNoMatterOfThePlan) {
    const auto paul = world_->add_customer("paul");
    add_subscription(*world_, paul, {});
    EXPECT_EQ(consumed(calls("paul", 1'000'000'000'000))["http"], 200);
    const Json denied = consumed(calls("paul", 1));
    EXPECT_EQ(denied["http"], 409);
    EXPECT_EQ(denied["code"], "entitlement.counter_full");
    EXPECT_EQ(denied["detail"],
              "asked for 1 api_calls, and 0 are left: 1000000000000 of 1000000000000 are used in "
              "this period; no counter holds more, under any plan: count in a larger unit");
    EXPECT_EQ(denied["limit"], "1000000000000");
    EXPECT_EQ(denied["resets_at"], "2024-10-01T00:00:00Z");
    EXPECT_FALSE(denied.contains("upgrade"));
    const Json asked = check({{"customer", "paul"}, {"meter", "api_calls"}});
    EXPECT_EQ(asked["allowed"], false);
    EXPECT_EQ(asked["reason"], "counter_full");
    EXPECT_EQ(asked["overage_allowed"], false);
    EXPECT_FALSE(asked.contains("upgrade"));
}

TEST_P(Entitlements, TheSameUseAgainIsAnsweredAgainAndCountedOnce) {
    Json body = calls("alice", 100);
    body["source"] = "shop";
    body["id"] = "order-1";
    EXPECT_EQ(consumed(body)["duplicate"], false);
    const Json again = consumed(body);
    EXPECT_EQ(again["http"], 200);
    EXPECT_EQ(again["allowed"], true);
    EXPECT_EQ(again["duplicate"], true);
    EXPECT_EQ(again["used"], "100");
    body["quantity"] = 1;
    EXPECT_EQ(consumed(body), "entitlement.usage_conflict");
    EXPECT_EQ(events(), 1);
}

TEST_P(Entitlements, ACheckConsumesNothingAndFollowsEveryUse) {
    const Json question{{"customer", "alice"}, {"feature", "api_calls"}, {"requested", 1}};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(check(question)["used"], "0");
    consumed(calls("alice", 60));
    Json answer = check(question);
    EXPECT_EQ(answer["used"], "60");
    EXPECT_EQ(answer["remaining"], "40");
    EXPECT_EQ(answer["allowed"], true);
    EXPECT_EQ(answer["plan"], "free");
    Json more = question;
    more["requested"] = "41";
    answer = check(more);
    EXPECT_EQ(answer["allowed"], false);
    EXPECT_EQ(answer["reason"], "limit_exceeded");
    EXPECT_EQ(answer["upgrade"]["plan"], "starter");
    EXPECT_EQ(events(), 1);
}

TEST_P(Entitlements, ACheckSeesANewSubscriptionOnceToldOfIt) {
    const auto paul = world_->add_customer("paul");
    const Json question{{"customer", "paul"}, {"meter", "api_calls"}};
    EXPECT_EQ(check(question)["plan"], "free");
    add_subscription(*world_, paul, {});
    standings_.invalidate(paul);
    EXPECT_EQ(check(question)["plan"], "pro");
}

TEST_P(Entitlements, ACheckStartsANewPeriodByItself) {
    consumed(calls("alice", 100));
    const Json question{{"customer", "alice"}, {"meter", "api_calls"}};
    EXPECT_EQ(check(question)["allowed"], false);
    clock_.set(testing::kSeptember.end);
    const Json answer = check(question);
    EXPECT_EQ(answer["allowed"], true);
    EXPECT_EQ(answer["remaining"], "100");
    EXPECT_EQ(consumed(calls("alice", 100))["used"], "100");
}

TEST_P(Entitlements, AUserSeenForTheFirstTimeIsACustomer) {
    const Json question{{"meter", "api_calls"}};
    EXPECT_EQ(check(question, user("newcomer"))["plan"], "free");
    EXPECT_EQ(consumed({{"meter", "api_calls"}}, user("another"))["used"], "1");
    EXPECT_EQ(usage("another")["used"], "1");
    // A seller's typing error creates nobody.
    EXPECT_EQ(check({{"customer", "typo"}, {"meter", "api_calls"}}), "customer.not_found");
}

TEST_P(Entitlements, ACustomerSeesNobodyElse) {
    world_->add_customer("bob");
    for (const char* other : {"bob", "ext:bob", "nobody"})
        EXPECT_EQ(check({{"customer", other}, {"meter", "api_calls"}}, user("alice")),
                  "entitlement.other_customer");
    for (const char* himself : {"alice", "ext:alice"})
        EXPECT_EQ(check({{"customer", himself}, {"meter", "api_calls"}}, user("alice"))["plan"],
                  "free");
}

TEST_P(Entitlements, BadRequestsAreRefused) {
    EXPECT_EQ(consumed({{"meter", "api_calls"}}), "entitlement.customer_required");
    EXPECT_EQ(consumed({{"customer", "alice"}}), "request.invalid_body");
    EXPECT_EQ(consumed({{"customer", "alice"}, {"meter", "seats"}}), "entitlement.no_such_meter");
    EXPECT_EQ(consumed(calls("alice", -1)), "request.invalid_body");
    EXPECT_EQ(consumed(calls("alice", 1'000'000'000'001)), "request.invalid_body");
    Json body = calls("alice", 1);
    body["source"] = "shop";
    EXPECT_EQ(consumed(body), "request.invalid_body");
    body["id"] = "1";
    body["limit"] = 5;
    EXPECT_EQ(consumed(body), "request.invalid_body");
    EXPECT_EQ(events(), 0);
}

TEST_P(Entitlements, TheServersOwnSourcesAreNotForSenders) {
    Json body = calls("alice", 1);
    body["id"] = "1";
    for (const char* source : {"turnpike.gateway GET /x", "turnpike.consume", "turnpike."}) {
        body["source"] = source;
        const auto refused = consume(body);
        ASSERT_FALSE(refused) << source;
        ASSERT_EQ(refused.error().fields.size(), 1U);
        EXPECT_EQ(refused.error().fields.front().pointer, "/source");
        EXPECT_EQ(refused.error().fields.front().code, "reserved_source");
    }
    EXPECT_EQ(events(), 0);
    body["source"] = "turnpike";
    EXPECT_EQ(consumed(body)["http"], 200);
    // Without a source it has one of the server's.
    EXPECT_EQ(consumed(calls("alice", 1))["http"], 200);
    EXPECT_EQ(events(), 2);
}

TEST_P(Entitlements, SixtyFourClientsGetExactlyTheLast50Units) {
    consumed(calls("alice", 50));
    std::atomic<int> granted = 0, denied = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 64; ++i)
        clients.emplace_back([&] {
            const auto answer = consume(calls("alice", 1));
            ++(answer && answer->status == 200 ? granted : denied);
        });
    for (auto& client : clients) client.join();
    EXPECT_EQ(granted, 50);
    EXPECT_EQ(denied, 14);
    EXPECT_EQ(usage("alice")["used"], "100");
    EXPECT_EQ(check({{"customer", "alice"}, {"meter", "api_calls"}})["used"], "100");
}

TEST(Denial, NobodyIsToldToWaitForReservations) {
    Decision decision;
    decision.reason = DecisionReason::LimitExceeded;
    decision.resets_at = kStart + std::chrono::hours(1);
    EXPECT_EQ(denial(decision, "api_calls", kStart).retry_after_s, 3'600);
    decision.waits_for_reservations = true;
    const Error waiting = denial(decision, "api_calls", kStart);
    EXPECT_FALSE(waiting.retry_after_s);
    EXPECT_EQ(waiting.details.back().first, "resets_at") << "of the window, as ever";
}

INSTANTIATE_TEST_SUITE_P(, Entitlements, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
