#include "webhooks/receiver.h"

#include <future>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sql/testing.h"
#include "webhooks/api.h"
#include "webhooks/log_testing.h"
#include "webhooks/stripe_events.h"

namespace turnpike {
namespace {

constexpr const char* kSecret = "whsec_receiver_test";

class DeadDatabase final : public sql::Database {
public:
    [[nodiscard]] std::string_view engine() const override { return "dead"; }
    [[nodiscard]] std::size_t backlog() const override { return 0; }
    void submit(Kind, sql::Job, sql::Done done) override {
        done(std::make_exception_ptr(sql::Failure("disk full", false)));
    }
};

class Receiver : public sql::DatabaseTest {
protected:
    std::string event(const std::string& id, const std::string& extra = R"("livemode":false)") {
        return R"({"id":")" + id + R"(","object":"event","type":"invoice.paid",)" + extra + "}";
    }
    http::Request signed_request(const std::string& body, const std::string& secret = kSecret) {
        const auto t = std::to_string(unix_seconds(clock.now()));
        http::Request request;
        request.method = http::Method::Post;
        request.path = "/webhooks/stripe";
        request.body = body;
        request.headers = {
            {"stripe-signature", "t=" + t + ",v1=" + to_hex(hmac_sha256(secret, t + "." + body))}};
        return request;
    }
    WebhookReceiver receiver(sql::Database& database, ProviderMode mode = ProviderMode::Test) {
        WebhookMetrics metrics;
        metrics.event = [this](std::string_view, std::string_view outcome) {
            ++outcomes[std::string(outcome)];
        };
        return {{database, clock, ids},
                std::make_unique<StripeEvents>(
                    *WebhookSecrets::create({"whsec_the_other_one", kSecret}), mode),
                std::move(metrics),
                [this] { ++woken; }};
    }
    template <class T>
    T run(asio::awaitable<T> work) {
        asio::io_context io;
        auto result = asio::co_spawn(io, std::move(work), asio::use_future);
        io.run();
        return result.get();
    }
    std::string answer(WebhookReceiver& to, const http::Request& request) {
        const auto result = run(to.receive(request));
        if (!result) return std::string(result.error().reason.text());
        return std::to_string(result->status) + " " + result->body;
    }
    std::int64_t pending() { return db().read_blocking(count_events).pending; }

    ManualClock clock{from_unix_seconds(1'726'358'400)};
    RandomIdSource ids;
    std::map<std::string, int> outcomes;
    std::atomic<int> woken{0};
};

TEST_P(Receiver, StoresTheBytesAndAnswers) {
    WebhookReceiver to = receiver(db());
    const auto body = event("evt_1", "\"livemode\" :false ,\n \"x\":[1,2]");
    EXPECT_EQ(answer(to, signed_request(body)), R"(200 {"received":true})");
    EXPECT_EQ(woken, 1);
    const auto stored = db().write_blocking(
        [&](sql::Transaction& tx) { return claim_due_events(tx, {}, clock.now(), 1); });
    ASSERT_EQ(stored.size(), 1U);
    EXPECT_EQ(stored[0].payload, body);
    EXPECT_EQ(stored[0].provider, "stripe");
    EXPECT_EQ(stored[0].provider_event_id, "evt_1");
}

TEST_P(Receiver, ADuplicateIsWelcomeAndChangesNothing) {
    WebhookReceiver to = receiver(db());
    EXPECT_EQ(answer(to, signed_request(event("evt_1"))), R"(200 {"received":true})");
    EXPECT_EQ(answer(to, signed_request(event("evt_1"))), R"(200 {"received":true})");
    EXPECT_EQ(pending(), 1);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(outcomes["received"], 1);
    EXPECT_EQ(outcomes["duplicate"], 1);
}

TEST_P(Receiver, FiftyCopiesAtOnceAreOneRow) {
    WebhookReceiver to = receiver(db());
    const auto request = signed_request(event("evt_1"));
    asio::io_context io;
    std::vector<std::future<Result<http::Response>>> answers;
    for (int i = 0; i < 50; ++i)
        answers.push_back(asio::co_spawn(io, to.receive(request), asio::use_future));
    io.run();
    for (auto& got : answers) {
        const auto response = got.get();
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(response->status, 200);
    }
    EXPECT_EQ(pending(), 1);
    EXPECT_EQ(outcomes["received"], 1);
    EXPECT_EQ(outcomes["duplicate"], 49);
}

TEST_P(Receiver, StoresNothingThatItCannotTrust) {
    WebhookReceiver to = receiver(db());
    auto unsigned_request = signed_request(event("evt_1"));
    unsigned_request.headers.clear();
    auto changed = signed_request(event("evt_1"));
    changed.body += " ";
    auto old = signed_request(event("evt_1"));
    struct Case {
        const char* name;
        http::Request request;
        const char* answer;
    };
    const Case cases[] = {
        {"no signature", unsigned_request, "webhook.bad_signature"},
        {"another byte", changed, "webhook.bad_signature"},
        {"another secret", signed_request(event("evt_1"), "whsec_somebody"),
         "webhook.bad_signature"},
        {"empty body", signed_request(""), "webhook.not_an_event"},
        {"no JSON", signed_request("hello"), "webhook.not_an_event"},
        {"a list", signed_request("[]"), "webhook.not_an_event"},
        {"another object", signed_request(R"({"id":"cus_1","object":"customer"})"),
         "webhook.not_an_event"},
        {"no id", signed_request(R"({"object":"event","type":"x","livemode":false})"),
         "webhook.not_an_event"},
        {"empty id", signed_request(event("")), "webhook.not_an_event"},
        {"a very long id", signed_request(event(std::string(300, 'e'))), "webhook.not_an_event"},
        {"no livemode", signed_request(event("evt_1", "\"x\":1")), "webhook.not_an_event"},
        {"live event", signed_request(event("evt_1", "\"livemode\":true")), "webhook.wrong_mode"},
        {"duplicate members", signed_request(event("evt_1", R"("livemode":true,"livemode":false)")),
         "webhook.not_an_event"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(answer(to, c.request), c.answer);
    }
    clock.advance(std::chrono::seconds(301));
    EXPECT_EQ(answer(to, old), "webhook.bad_signature");
    EXPECT_EQ(pending(), 0);
    EXPECT_EQ(woken, 0);
    EXPECT_EQ(to.signature_failures(), 4);
}

TEST_P(Receiver, LogsABurstOfRefusalsInTwoLines) {
    LogCapture log;
    WebhookReceiver to = receiver(db());
    const auto refused = [&](const std::string& body, const std::string& secret) {
        auto request = signed_request(body, secret);
        request.peer = "192.0.2.7";
        answer(to, request);
    };
    for (int i = 0; i < 500; ++i) refused(event("evt_1"), "whsec_somebody");
    EXPECT_EQ(log.take(),
              "event=webhook.bad_signature provider=stripe why=\"wrong_signature\" "
              "peer=192.0.2.7 failures=1\n");
    // Nobody has to send another one for the rest to be told.
    clock.advance(std::chrono::seconds(10));
    to.write_due_refusals();
    EXPECT_EQ(log.take(),
              "event=webhook.bad_signature provider=stripe why=\"wrong_signature\" "
              "peer=192.0.2.7 failures=499\n");
    EXPECT_EQ(to.signature_failures(), 500);
    clock.advance(std::chrono::hours(1));
    EXPECT_EQ(to.signature_failures(), 0);

    refused("garbage", kSecret);
    EXPECT_EQ(log.take(),
              "event=webhook.not_an_event provider=stripe why=\"the body is no event: not a JSON "
              "object\" peer=192.0.2.7 failures=1\n");
    refused(event("evt_2", "\"livemode\":true"), kSecret);
    EXPECT_EQ(log.take(),
              "event=webhook.wrong_mode provider=stripe why=\"a live event at a test server\" "
              "peer=192.0.2.7 failures=1\n");
    http::Request unread;
    unread.peer = "192.0.2.7";
    const int refused_before = outcomes["refused"];
    to.refused_unread(unread);
    EXPECT_EQ(outcomes["refused"], refused_before + 1);
    EXPECT_EQ(log.take(),
              "event=webhook.too_large provider=stripe why=\"the body is over 1 MiB\" "
              "peer=192.0.2.7 failures=1\n");
    to.refused_unread(unread);
    to.write_all_refusals();
    EXPECT_NE(log.take().find("failures=1\n"), std::string::npos);
}

TEST_P(Receiver, ALiveServerRefusesTestEvents) {
    WebhookReceiver to = receiver(db(), ProviderMode::Live);
    EXPECT_EQ(answer(to, signed_request(event("evt_1"))), "webhook.wrong_mode");
    EXPECT_EQ(answer(to, signed_request(event("evt_1", "\"livemode\":true"))),
              R"(200 {"received":true})");
}

TEST_P(Receiver, AsksForTheEventAgainWhenItCannotBeStored) {
    DeadDatabase dead;
    WebhookReceiver to = receiver(dead);
    const auto result = run(to.receive(signed_request(event("evt_1"))));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Unavailable);
    EXPECT_EQ(result.error().reason.text(), "webhook.not_stored");
    EXPECT_TRUE(result.error().retry_after_s);
    EXPECT_EQ(outcomes["not_stored"], 1);
}

TEST_P(Receiver, TheListingShowsWhatBecameOfEvents) {
    WebhookReceiver to = receiver(db());
    for (const char* id : {"evt_1", "evt_2", "evt_3"}) {
        ASSERT_EQ(answer(to, signed_request(event(id))), R"(200 {"received":true})");
        clock.advance(std::chrono::seconds(1));
    }
    const CursorCodec cursors(std::string(32, 'k'));
    const auto list = [&](std::vector<std::pair<std::string, std::string>> query) {
        http::Request request;
        request.query = std::move(query);
        return run(get_webhook_events(db(), cursors, request));
    };
    const auto first = list({{"limit", "2"}});
    ASSERT_TRUE(first);
    const auto page = Json::parse(first->body);
    EXPECT_TRUE(page["has_more"].get<bool>());
    ASSERT_EQ(page["data"].size(), 2U);
    EXPECT_EQ(page["data"][0]["provider_event_id"], "evt_3");
    EXPECT_EQ(page["data"][0]["state"], "pending");
    EXPECT_EQ(page["data"][0]["received_at"], "2024-09-15T00:00:02Z");
    EXPECT_EQ(page["data"][0]["applied_at"], nullptr);

    const auto second = list({{"limit", "2"}, {"cursor", page["next_cursor"].get<std::string>()}});
    ASSERT_TRUE(second);
    const auto rest = Json::parse(second->body);
    EXPECT_FALSE(rest["has_more"].get<bool>());
    EXPECT_EQ(rest["next_cursor"], nullptr);
    ASSERT_EQ(rest["data"].size(), 1U);
    EXPECT_EQ(rest["data"][0]["provider_event_id"], "evt_1");

    EXPECT_EQ(Json::parse(list({{"state", "dead"}})->body)["data"].size(), 0U);
    for (const char* limit : {"0", "101", "-1", "x", "2x", ""})
        EXPECT_EQ(list({{"limit", limit}}).error().reason.text(), "webhook.invalid_query");
    EXPECT_EQ(list({{"state", "gone"}}).error().reason.text(), "webhook.invalid_query");
    EXPECT_EQ(list({{"cursor", "made up"}}).error().reason.text(), "access.cursor_invalid");
}

INSTANTIATE_TEST_SUITE_P(, Receiver, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
