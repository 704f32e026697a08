#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "json/value.h"
#include "sql/testing.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_api.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

using testing::admin, testing::code_of, testing::request_with, testing::run, testing::seen;
using Route = EndpointsApi::Answer (EndpointsApi::*)(const Principal&, const http::Request&);

class EndpointsApiTest : public sql::DatabaseTest {
protected:
    EndpointsApi make(EndpointsOf which) {
        return {which, db(), clock, ids, cursors, box, guard, true, [] {}};
    }
    Result<http::Response> ask(
        EndpointsOf which, Route route, const std::string& body,
        const std::vector<std::pair<std::string_view, std::string>>& path = {}) {
        auto api = make(which);
        auto request = request_with(body);
        request.path_values = path;
        return run((api.*route)(admin(), request));
    }
    Result<http::Response> events(Route route, const std::string& body = "",
                                  const std::string& id = "", const std::string& delivery = "") {
        return ask(EndpointsOf::Events, route, body, {{"endpoint", id}, {"delivery", delivery}});
    }
    Json created(const std::string& body = R"({"url":"https://example.com/hook"})") {
        const auto made = seen(events(&EndpointsApi::post, body));
        EXPECT_EQ(made.status, 201);
        return made.body;
    }
    void tell(std::string_view type, const std::string& object) {
        db().write_blocking([&](sql::Transaction& tx) {
            const Json data{{"id", object}};
            return emit(tx, {type, object, "cus_1", data, clock.now()}, ids);
        });
    }
    /// Every delivery that waits ends so.
    void end_all(DeliveryState state) {
        db().write_blocking([&](sql::Transaction& tx) {
            const auto claimed =
                claim_deliveries(tx, {clock.now(), clock.now() + std::chrono::seconds(1), 99, 99});
            for (const auto& one : claimed) finish_delivery(tx, one.delivery, state, clock.now());
            return true;
        });
    }

    ManualClock clock{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids;
    CursorCodec cursors{std::string(32, 'k')};
    SecretBox box{{Secret(std::string(32, 'm'))}};
    http::AddressGuard guard{http::PlainHttp::Refused, http::Networks()};
};
INSTANTIATE_TEST_SUITE_P(, EndpointsApiTest, sql::both_engines(), sql::engine_name);

TEST_P(EndpointsApiTest, TheSecretIsShownOnceAndKeptSealed) {
    const auto made = created();
    EXPECT_EQ(made["object"], "webhook_endpoint");
    EXPECT_EQ(made["events"], Json::array({"*"}));
    EXPECT_EQ(made["state"], "enabled");
    EXPECT_TRUE(made["secret"].get<std::string>().starts_with("whsec_"));
    const auto id = made["id"].get<std::string>();
    const auto again = seen(events(&EndpointsApi::get_one, "", id));
    EXPECT_EQ(again.status, 200);
    EXPECT_FALSE(again.body.contains("secret"));
    const auto kept = db().read_blocking([&](sql::Transaction& tx) {
        return load_endpoint(tx, WebhookEndpointId::trusted(id))->sealed_secret;
    });
    EXPECT_FALSE(kept.empty());
    EXPECT_EQ(kept.find(made["secret"].get<std::string>()), std::string::npos);
    const auto answer = events(&EndpointsApi::post, R"({"url":"https://example.com/"})");
    EXPECT_EQ(*http::find_header(answer->headers, "Cache-Control"), "no-store");
}

TEST_P(EndpointsApiTest, RefusesWhatLeadsInsideOrIsUnknown) {
    const auto refusal = [&](const char* body) {
        return code_of(events(&EndpointsApi::post, body));
    };
    EXPECT_EQ(refusal(R"({"url":"https://127.0.0.1/"})"), "http.forbidden_target");
    EXPECT_EQ(refusal(R"({"url":"http://example.com/"})"), "http.forbidden_target");
    EXPECT_EQ(refusal(R"({"url":"https://example.com/","events":["invoice.paidd"]})"),
              "webhook.unknown_event");
    EXPECT_EQ(refusal(R"({"url":"https://example.com/","events":[]})"), "request.invalid_body");
    EXPECT_EQ(refusal(R"({"url":"https://example.com/","secret":"mine"})"), "request.invalid_body");
    EXPECT_EQ(refusal(R"({})"), "request.invalid_body");
    const auto id = created()["id"].get<std::string>();
    EXPECT_EQ(code_of(events(&EndpointsApi::patch, R"({"url":"https://[::1]/"})", id)),
              "http.forbidden_target");
    EXPECT_EQ(code_of(events(&EndpointsApi::get_one, "", "whe_unknown")),
              "webhook.endpoint_not_found");
}

TEST_P(EndpointsApiTest, ChangesDisablesEnablesAndDeletes) {
    const auto id = created()["id"].get<std::string>();
    const auto patched = seen(events(
        &EndpointsApi::patch,
        R"({"url":"https://example.org/x","events":["invoice.*"],"description":"books"})", id));
    EXPECT_EQ(patched.body["url"], "https://example.org/x");
    EXPECT_EQ(patched.body["events"], Json::array({"invoice.*"}));
    EXPECT_EQ(patched.body["version"], 2);
    const auto off = seen(events(&EndpointsApi::post_disable, "", id));
    EXPECT_EQ(off.body["state"], "disabled");
    EXPECT_EQ(off.body["disabled_reason"], "by_hand");
    EXPECT_EQ(code_of(events(&EndpointsApi::post_test, "", id)), "webhook.endpoint_disabled");
    EXPECT_EQ(seen(events(&EndpointsApi::post_enable, "", id)).body["state"], "enabled");
    tell("invoice.paid", "inv_1");
    EXPECT_EQ(events(&EndpointsApi::remove, "", id)->status, 204);
    EXPECT_EQ(code_of(events(&EndpointsApi::remove, "", id)), "webhook.endpoint_not_found");
}

TEST_P(EndpointsApiTest, ATestGoesToThisEndpointAlone) {
    const auto id = created(R"({"url":"https://example.com/","events":["invoice.paid"]})")["id"];
    created();
    const auto sent = seen(events(&EndpointsApi::post_test, "", id.get<std::string>()));
    EXPECT_EQ(sent.status, 202);
    EXPECT_EQ(sent.body["type"], "webhook_endpoint.test");
    const auto claimed = db().write_blocking([&](sql::Transaction& tx) {
        return claim_deliveries(tx, {clock.now(), clock.now() + std::chrono::seconds(1), 9, 9});
    });
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(Json(claimed[0].endpoint.id.text()), id);
}

TEST_P(EndpointsApiTest, ReplaysOneAndARange) {
    const auto id = created(R"({"url":"https://example.com/","events":["invoice.*"]})")["id"]
                        .get<std::string>();
    tell("invoice.created", "inv_1");
    tell("customer.created", "cus_1");
    end_all(DeliveryState::Delivered);
    tell("invoice.paid", "inv_1");
    const auto list = seen(events(&EndpointsApi::get_deliveries, "", id)).body["data"];
    ASSERT_EQ(list.size(), 2U);
    const auto replay = [&](const std::string& delivery) {
        return events(&EndpointsApi::post_delivery_replay, "", id, delivery);
    };
    std::string paid, made;
    for (const auto& one : list)
        (one["type"] == "invoice.paid" ? paid : made) = one["id"].get<std::string>();
    EXPECT_EQ(code_of(replay(paid)), "webhook.delivery_pending");
    EXPECT_EQ(seen(replay(made)).body["state"], "pending");
    EXPECT_EQ(code_of(replay("whd_none")), "webhook.delivery_not_found");
    end_all(DeliveryState::Delivered);  // The replayed one.
    end_all(DeliveryState::Failed);     // The other, which waited for it.

    const auto range = [&](const std::string& body) {
        return seen(events(&EndpointsApi::post_replay, body, id)).body["deliveries"];
    };
    clock.advance(std::chrono::seconds(1));
    EXPECT_EQ(range(R"({"since":"2023-11-14T00:00:00Z"})"), 1) << "the failed one";
    end_all(DeliveryState::Failed);
    EXPECT_EQ(range(R"({"since":"2023-11-14T00:00:00Z","include_delivered":true})"), 2);
    end_all(DeliveryState::Delivered);
    end_all(DeliveryState::Delivered);
    EXPECT_EQ(range(R"({"since":"2023-11-14T00:00:00Z","until":"2023-11-14T01:00:00Z",)"
                    R"("include_delivered":true})"),
              0);
    EXPECT_EQ(
        code_of(events(&EndpointsApi::post_replay,
                       R"({"since":"2024-11-14T00:00:00Z","until":"2023-11-14T01:00:00Z"})", id)),
        "request.invalid_body");
    const auto one = seen(events(&EndpointsApi::get_delivery, "", id, paid)).body;
    EXPECT_EQ(one["request"]["webhook_id"], one["event"]);
    EXPECT_TRUE(one["request"]["body"].get<std::string>().starts_with(R"({"type":"invoice.paid")"));
    EXPECT_EQ(one["sequence"], 2);
}

TEST_P(EndpointsApiTest, ReplaysNoTestOfAnotherEndpoint) {
    const auto endpoint = [&](const std::string& url) {
        return created(R"({"url":")" + url + R"(","events":["*"]})")["id"].get<std::string>();
    };
    const auto one = endpoint("https://example.com/one");
    const auto other = endpoint("https://example.com/other");
    seen(events(&EndpointsApi::post_test, "", one));
    end_all(DeliveryState::Delivered);
    clock.advance(std::chrono::seconds(1));
    const auto replayed = [&](const std::string& id) {
        return seen(events(&EndpointsApi::post_replay,
                           R"({"since":"2023-11-14T00:00:00Z","include_delivered":true})", id))
            .body["deliveries"];
    };
    EXPECT_EQ(replayed(other), 0);
    EXPECT_EQ(replayed(one), 1);
}

TEST_P(EndpointsApiTest, DestinationsOfAlertsAreApart) {
    const auto alerts = [&](Route route, const std::string& body, const std::string& id = "") {
        return ask(EndpointsOf::Alerts, route, body, {{"endpoint", id}});
    };
    const auto slack =
        seen(alerts(&EndpointsApi::post,
                    R"({"kind":"slack","target":"https://hooks.slack.com/services/T0/B0/abcdWXYZ",)"
                    R"("events":["payment_failed"]})"));
    ASSERT_EQ(slack.status, 201) << to_text(slack.body);
    EXPECT_EQ(slack.body["object"], "alert_destination");
    EXPECT_EQ(slack.body["target"], "https://hooks.slack.com/...WXYZ");
    EXPECT_FALSE(slack.body.contains("secret"));
    const auto id = slack.body["id"].get<std::string>();
    EXPECT_EQ(code_of(events(&EndpointsApi::get_one, "", id)), "webhook.endpoint_not_found");
    EXPECT_EQ(code_of(alerts(&EndpointsApi::post_rotate, "", id)), "webhook.not_signed");
    const auto refusal = [&](const char* body) {
        return code_of(alerts(&EndpointsApi::post, body));
    };
    const auto all = seen(
        alerts(&EndpointsApi::post, R"({"kind":"webhook","target":"https://example.com/all"})"));
    EXPECT_EQ(all.status, 201) << to_text(all.body);
    EXPECT_EQ(all.body["events"], Json::array({"*"})) << "as with endpoints";
    EXPECT_EQ(refusal(R"({"kind":"webhook","target":"https://example.com/a","events":[]})"),
              "request.invalid_body");
    EXPECT_EQ(refusal(R"({"kind":"pager","target":"x","events":["refund"]})"),
              "request.invalid_body");
    EXPECT_EQ(refusal(R"({"kind":"email","target":"nobody","events":["refund"]})"),
              "webhook.bad_mail_address");
    EXPECT_EQ(refusal(R"({"kind":"email","target":"a@example.com","events":["invoice.paid"]})"),
              "webhook.unknown_event");
    EXPECT_EQ(refusal(R"({"kind":"webhook","target":"https://10.0.0.1/","events":["refund"]})"),
              "http.forbidden_target");
    const auto hook =
        seen(alerts(&EndpointsApi::post, R"({"kind":"webhook","target":"https://example.com/a",)"
                                         R"("events":["refund","limit_reached"]})"));
    EXPECT_TRUE(hook.body["secret"].get<std::string>().starts_with("whsec_"));
    EXPECT_EQ(seen(alerts(&EndpointsApi::get_all, "")).body["data"].size(), 3U);
    EXPECT_EQ(seen(events(&EndpointsApi::get_all)).body["data"].size(), 0U);
}

TEST_P(EndpointsApiTest, FiftyAreEnough) {
    for (int i = 0; i < 50; ++i) created();
    EXPECT_EQ(code_of(events(&EndpointsApi::post, R"({"url":"https://example.com/"})")),
              "webhook.too_many_endpoints");
}

}  // namespace
}  // namespace turnpike
