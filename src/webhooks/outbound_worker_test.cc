#include "webhooks/outbound_worker.h"

#include <map>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <gtest/gtest.h>

#include "http/testing.h"
#include "json/value.h"
#include "sql/testing.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_service.h"
#include "webhooks/outbox.h"
#include "webhooks/standard_signature.h"

namespace turnpike {
namespace {

using std::chrono::milliseconds, std::chrono::minutes, std::chrono::seconds;

class OutboundWorkerTest : public sql::DatabaseTest {
protected:
    OutboundWorkerTest() : keep_running(asio::make_work_guard(io)) {}
    ~OutboundWorkerTest() override {
        if (worker) worker->stop();
        keep_running.reset();
        if (thread.joinable()) thread.join();
    }

    void start(AlertMailer mail = {}) {
        OutboundMetrics metrics;
        metrics.delivery = [this](std::string_view outcome) {
            const std::scoped_lock lock(mutex);
            ++outcomes[std::string(outcome)];
        };
        const OutboundWorld world{db(), clock, ids, box, guard, client, std::move(mail)};
        worker = std::make_unique<OutboundWorker>(
            io, world, OutboundConfig{.timeout = seconds(2), .poll = milliseconds(5)},
            std::move(metrics));
        worker->start();
        thread = std::thread([this] { io.run(); });
    }
    EndpointDesk desk() { return {box, guard, true, {"test", ""}, clock.now(), ids}; }
    EndpointWithSecret endpoint(EndpointKind kind = EndpointKind::Endpoint,
                                std::vector<std::string> events = {"*"}) {
        const std::string target =
            kind == EndpointKind::AlertEmail ? "ops@example.com" : server.url() + "/hook";
        const auto made = db().write_blocking([&](sql::Transaction& tx) {
            return create_endpoint(tx, {kind, target, "", std::move(events)}, desk());
        });
        EXPECT_TRUE(made);
        return *made;
    }
    OutboxEventId tell(std::string_view type, const std::string& object) {
        return db().write_blocking([&](sql::Transaction& tx) {
            const Json data{{"id", object}, {"customer", "cus_1"}};
            return emit(tx, {type, object, "cus_1", data, clock.now()}, ids);
        });
    }
    http::Response answer(const http::Request& request) {
        const std::scoped_lock lock(mutex);
        requests.push_back(request);
        auto response = http::text_response(status, reply);
        for (const auto& header : headers) response.headers.push_back(header);
        return response;
    }
    void answer_with(int code, http::Headers more = {}, std::string body = "ok") {
        const std::scoped_lock lock(mutex);
        status = code;
        headers = std::move(more);
        reply = std::move(body);
    }
    std::vector<http::Request> seen() {
        const std::scoped_lock lock(mutex);
        return requests;
    }
    int outcome(const std::string& name) {
        const std::scoped_lock lock(mutex);
        return outcomes[name];
    }
    template <class Condition>
    bool eventually(Condition condition) {
        for (int i = 0; i < 1'000; ++i) {
            if (condition()) return true;
            std::this_thread::sleep_for(milliseconds(5));
        }
        return false;
    }
    bool seen_count(std::size_t count) {
        return eventually([&] { return seen().size() >= count; });
    }
    /// Once the worker has written down how many tries ended so.
    bool ended(const std::string& name, int count) {
        return eventually([&] { return outcome(name) >= count; });
    }
    WebhookEndpoint load(const WebhookEndpointId& id) {
        return *db().read_blocking([&](sql::Transaction& tx) { return load_endpoint(tx, id); });
    }
    std::vector<WebhookDelivery> deliveries(const WebhookEndpointId& id) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return list_deliveries(tx, id, std::nullopt, {}); });
    }

    std::mutex mutex;
    std::vector<http::Request> requests;
    int status = 200;
    http::Headers headers;
    std::string reply = "ok";
    std::map<std::string, int> outcomes;
    http::testing::TestServer server{
        http::testing::plainly([this](const http::Request& request) { return answer(request); })};
    ManualClock clock{from_unix_seconds(1'700'000'000)};
    RandomIdSource ids;
    SecretBox box{{Secret(std::string(32, 'm'))}};
    http::AddressGuard guard{http::PlainHttp::Refused, *http::Networks::parse("127.0.0.0/8")};
    http::Client client{{.threads = 4, .guard = guard}};
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> keep_running;
    std::unique_ptr<OutboundWorker> worker;
    std::thread thread;
};
INSTANTIATE_TEST_SUITE_P(, OutboundWorkerTest, sql::both_engines(), sql::engine_name);

std::string header_of(const http::Request& request, const char* name) {
    const auto* value = request.header(name);
    return value == nullptr ? "" : *value;
}

TEST_P(OutboundWorkerTest, SendsASignedMessage) {
    const auto made = endpoint();
    const auto id = tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("delivered", 1));
    const auto got = seen().at(0);
    EXPECT_EQ(header_of(got, "webhook-id"), id.text());
    EXPECT_EQ(header_of(got, "webhook-timestamp"), "1700000000");
    EXPECT_EQ(header_of(got, "Content-Type"), "application/json");
    EXPECT_EQ(header_of(got, "webhook-signature"),
              EndpointSecret::parse(made.secret)->sign(id.text(), clock.now(), got.body));
    EXPECT_EQ(deliveries(made.endpoint.id).at(0).state, DeliveryState::Delivered);
}

TEST_P(OutboundWorkerTest, RetriesUnderTheSameIdWithANewSignature) {
    const auto made = endpoint();
    answer_with(500, {}, "no\nnever");
    tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("failed", 1));
    clock.advance(seconds(6));  // 5 s and a tenth at most
    answer_with(204);
    ASSERT_TRUE(ended("delivered", 1));
    const auto got = seen();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(header_of(got[0], "webhook-id"), header_of(got[1], "webhook-id"));
    EXPECT_EQ(got[0].body, got[1].body);
    EXPECT_NE(header_of(got[0], "webhook-signature"), header_of(got[1], "webhook-signature"));
    const auto delivery = deliveries(made.endpoint.id).at(0);
    const auto tries =
        db().read_blocking([&](sql::Transaction& tx) { return load_attempts(tx, delivery.id); });
    ASSERT_EQ(tries.size(), 2U);
    EXPECT_EQ(tries[1].status, 500);
    EXPECT_EQ(tries[1].response, "no\nnever");
    EXPECT_EQ(tries[1].problem, "answered 500");
    EXPECT_EQ(tries[0].status, 204);
}

TEST_P(OutboundWorkerTest, GivesUpAfterTenTriesAndSaysSo) {
    const auto made = endpoint();
    const auto watching = endpoint(EndpointKind::AlertSlack, {"endpoint_disabled"});
    answer_with(302, {{"Location", "http://10.0.0.1/"}});
    tell("invoice.paid", "inv_1");
    start();
    for (int tries = 1; tries <= 9; ++tries) {
        ASSERT_TRUE(ended("failed", tries)) << tries;
        clock.advance(std::chrono::hours(27));  // 24 h and a tenth at most
    }
    ASSERT_TRUE(ended("exhausted", 1));
    const auto stopped = load(made.endpoint.id);
    EXPECT_EQ(stopped.stop, EndpointStop::Failing);
    EXPECT_EQ(deliveries(made.endpoint.id).at(0).state, DeliveryState::Failed);
    EXPECT_EQ(deliveries(made.endpoint.id).at(0).attempts, 10);
    ASSERT_TRUE(seen_count(11)) << "Slack hears of it";
    EXPECT_EQ(deliveries(watching.endpoint.id).at(0).event_type, "webhook_endpoint.disabled");
}

TEST_P(OutboundWorkerTest, AGoneEndpointIsDisabledAtOnce) {
    const auto made = endpoint();
    answer_with(410);
    tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("gone", 1));
    EXPECT_EQ(load(made.endpoint.id).stop, EndpointStop::Gone);
}

TEST_P(OutboundWorkerTest, ABusyEndpointIsLeftAloneAsLongAsItSays) {
    const auto made = endpoint();
    answer_with(429, {{"Retry-After", "120"}});
    tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("failed", 1));
    EXPECT_EQ(load(made.endpoint.id).paused_until, clock.now() + seconds(120));
    answer_with(200);
    tell("invoice.paid", "inv_2");
    clock.advance(seconds(119));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(seen().size(), 1U) << "another object's event waits as well";
    clock.advance(seconds(1));
    ASSERT_TRUE(ended("delivered", 2));
}

TEST_P(OutboundWorkerTest, BothSecretsSignWhileOneIsReplaced) {
    const auto made = endpoint();
    const auto rotated = db().write_blocking([&](sql::Transaction& tx) {
        return rotate_secret(tx, made.endpoint, std::chrono::hours(24), desk());
    });
    ASSERT_TRUE(rotated);
    EXPECT_NE(rotated->secret, made.secret);
    const auto id = tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("delivered", 1));
    const auto first = seen().at(0);
    EXPECT_EQ(header_of(first, "webhook-signature"),
              EndpointSecret::parse(rotated->secret)->sign(id.text(), clock.now(), first.body) +
                  " " +
                  EndpointSecret::parse(made.secret)->sign(id.text(), clock.now(), first.body));
    clock.advance(std::chrono::hours(24));
    const auto later = tell("invoice.paid", "inv_2");
    ASSERT_TRUE(ended("delivered", 2));
    const auto second = seen().at(1);
    EXPECT_EQ(header_of(second, "webhook-signature"),
              EndpointSecret::parse(rotated->secret)->sign(later.text(), clock.now(), second.body));
}

TEST_P(OutboundWorkerTest, KeepsOnlyTheBeginningOfAnAnswer) {
    const auto made = endpoint();
    answer_with(200, {}, std::string(4'095, 'x') + "\xff" + std::string(90'000, 'y'));
    tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("delivered", 1));
    const auto delivery = deliveries(made.endpoint.id).at(0);
    const auto tries =
        db().read_blocking([&](sql::Transaction& tx) { return load_attempts(tx, delivery.id); });
    EXPECT_EQ(tries.at(0).response, std::string(4'095, 'x') + "?");
}

TEST_P(OutboundWorkerTest, NothingInsideIsReachedHoweverItWasSaved) {
    const auto made = endpoint();
    db().write_blocking([&](sql::Transaction& tx) {
        auto moved = made.endpoint;
        moved.target = "http://10.1.2.3/";
        return save_endpoint(tx, moved, clock.now());
    });
    tell("invoice.paid", "inv_1");
    start();
    ASSERT_TRUE(ended("failed", 1));
    const auto delivery = deliveries(made.endpoint.id).at(0);
    const auto tries =
        db().read_blocking([&](sql::Transaction& tx) { return load_attempts(tx, delivery.id); });
    EXPECT_EQ(tries.at(0).status, 0);
    EXPECT_NE(tries.at(0).problem.find("not on the public internet"), std::string::npos);
}

TEST_P(OutboundWorkerTest, AlertsGoToSlackAndByMail) {
    const auto slack = endpoint(EndpointKind::AlertSlack, {"payment_failed"});
    endpoint(EndpointKind::AlertEmail, {"payment_failed"});
    EXPECT_EQ(slack.secret, "");
    EXPECT_EQ(slack.endpoint.target, server.url() + "/...hook");
    std::vector<AlertMail> mails;
    start([&](AlertMail mail) -> asio::awaitable<Result<std::monostate>> {
        const std::scoped_lock lock(mutex);
        mails.push_back(std::move(mail));
        co_return std::monostate{};
    });
    tell("invoice.created", "inv_1");
    tell("invoice.payment_failed", "inv_1");
    ASSERT_TRUE(ended("delivered", 2));
    EXPECT_EQ(seen().at(0).body, R"({"text":"Payment failed: customer cus_1, inv_1"})");
    EXPECT_EQ(seen().at(0).path, "/hook");
    const std::scoped_lock lock(mutex);
    ASSERT_EQ(mails.size(), 1U);
    EXPECT_EQ(mails[0].to, "ops@example.com");
    EXPECT_EQ(mails[0].subject, "Payment failed");
    EXPECT_EQ(mails[0].text, "Payment failed: customer cus_1, inv_1");
}

// The eight of spec/systems.md ("attribution"), each by the event that raises it.
TEST_P(OutboundWorkerTest, EachOfTheEightAlertsComesInEachOfThreeWays) {
    const std::pair<std::string, std::string> alerts[] = {
        {"checkout_started", "checkout.started"},
        {"subscription_created", "subscription.created"},
        {"subscription_updated", "subscription.updated"},
        {"subscription_canceled", "subscription.canceled"},
        {"payment_succeeded", "invoice.paid"},
        {"payment_failed", "invoice.payment_failed"},
        {"refund", "refund.created"},
        {"signature_failure", "webhook.signature_failed"},
    };
    std::vector<AlertMail> mails;
    start([&](AlertMail mail) -> asio::awaitable<Result<std::monostate>> {
        const std::scoped_lock lock(mutex);
        mails.push_back(std::move(mail));
        co_return std::monostate{};
    });
    int delivered = 0;
    for (const auto& [alert, type] : alerts) {
        SCOPED_TRACE(alert);
        const auto hook = endpoint(EndpointKind::AlertWebhook, {alert});
        endpoint(EndpointKind::AlertSlack, {alert});
        endpoint(EndpointKind::AlertEmail, {alert});
        const auto event = tell(type, "obj_" + alert);
        delivered += 3;
        ASSERT_TRUE(ended("delivered", delivered));
        const auto requests = seen();
        ASSERT_EQ(requests.size(), static_cast<std::size_t>(delivered) / 3 * 2);
        int signed_ones = 0;
        for (const auto& request : {requests[requests.size() - 2], requests.back()}) {
            const auto body = parse_json(request.body);
            ASSERT_TRUE(body);
            if (request.header("webhook-id") == nullptr) {
                EXPECT_FALSE((*body)["text"].get<std::string>().empty());
                continue;
            }
            ++signed_ones;
            EXPECT_EQ((*body)["type"], type);
            EXPECT_EQ(
                header_of(request, "webhook-signature"),
                EndpointSecret::parse(hook.secret)->sign(event.text(), clock.now(), request.body));
        }
        EXPECT_EQ(signed_ones, 1);
        const std::scoped_lock lock(mutex);
        ASSERT_EQ(mails.size(), static_cast<std::size_t>(delivered) / 3);
        EXPECT_EQ(mails.back().to, "ops@example.com");
    }
    EXPECT_EQ(delivered, 24);
}

}  // namespace
}  // namespace turnpike
