#include "sandbox/sandbox.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "http/client.h"
#include "http/testing.h"
#include "json/value.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;

/// A webhook receiver that answers what it is told and remembers what it got.
class Receiver {
public:
    Receiver() : server_(http::testing::plainly([this](http::Request& r) { return take(r); })) {}

    void fail_next(int count) {
        const std::scoped_lock lock(mutex_);
        failures_ = count;
    }
    std::vector<http::Request> received() {
        const std::scoped_lock lock(mutex_);
        return received_;
    }
    /// Waits until `count` requests have come, then a little longer for any that should not.
    std::vector<http::Request> wait_for(std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (received().size() < count && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(5ms);
        std::this_thread::sleep_for(100ms);
        return received();
    }
    [[nodiscard]] std::string url() const { return server_.url() + "/hook"; }

private:
    http::Response take(const http::Request& request) {
        const std::scoped_lock lock(mutex_);
        received_.push_back(request);
        return http::text_response(failures_-- > 0 ? 500 : 200, "");
    }

    std::mutex mutex_;
    std::vector<http::Request> received_;
    int failures_ = 0;
    http::testing::TestServer server_;
};

class RunningSandbox : public ::testing::Test {
protected:
    void SetUp() override { start({50ms, 50ms}); }
    void start(std::vector<std::chrono::milliseconds> retry_after) {
        SandboxConfig config;
        config.data_dir = folder_.path();
        config.retry_after = std::move(retry_after);
        config.worker.look_every = 20ms;
        auto started = Sandbox::start(config, clock_, ids_);
        ASSERT_TRUE(started.has_value());
        sandbox_ = *std::move(started);
    }
    Json post(const std::string& path, const std::string& form) {
        return call(http::Method::Post, path, form);
    }
    Json get(const std::string& path) { return call(http::Method::Get, path, ""); }
    /// Whether so many events are listed, at the latest after 10 s: what became of a delivery is
    /// written down after its answer, which a receiver has been waited for.
    bool lists(const std::string& query, std::size_t count) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (get("/v1/events?limit=100&" + query).at("data").size() != count) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }
    /// Makes an endpoint and returns its secret.
    std::string listen(const Receiver& receiver) {
        return post("/v1/webhook_endpoints",
                    "enabled_events[]=*&url=" + percent_encode(receiver.url()))
            .at("secret")
            .get<std::string>();
    }

    sql::TempFolder folder_;
    SystemClock clock_;
    RandomIdSource ids_;
    http::Client client_{{.threads = 1, .queue_max = 10, .user_agent = "test"}};
    std::unique_ptr<Sandbox> sandbox_;

private:
    Json call(http::Method method, const std::string& path, const std::string& form) {
        http::Call call;
        call.method = method;
        call.url = sandbox_->url() + path;
        call.headers = {{"Authorization", "Bearer sk_test_sandbox"},
                        {"Content-Type", "application/x-www-form-urlencoded"}};
        call.body = form;
        const auto reply = client_.send_blocking(call);
        return reply ? parse_json(reply->body).value_or(Json()) : Json();
    }
};

std::string event_id(const http::Request& request) {
    return parse_json(request.body)->at("id").get<std::string>();
}

/// The rule of docs.stripe.com/webhooks#verify-manually, spelled out.
bool is_signed(const http::Request& request, const std::string& secret) {
    const auto header = *request.header("Stripe-Signature");
    const auto comma = header.find(",v1=");
    const auto time = header.substr(2, comma - 2);
    return header.starts_with("t=") &&
           header.substr(comma + 4, 64) == to_hex(hmac_sha256(secret, time + "." + request.body));
}

TEST_F(RunningSandbox, DeliversEachEventOnceAndSigned) {
    Receiver receiver;
    const auto secret = listen(receiver);
    for (int i = 0; i < 20; ++i) post("/v1/customers", "name=" + std::to_string(i));
    const auto received = receiver.wait_for(20);
    ASSERT_EQ(received.size(), 20U);
    std::set<std::string> ids;
    for (const auto& request : received) {
        EXPECT_TRUE(is_signed(request, secret));
        EXPECT_EQ(*request.header("Content-Type"), "application/json; charset=utf-8");
        EXPECT_EQ(*request.header("User-Agent"), "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
        EXPECT_TRUE(request.body.starts_with("{\n  \"id\": \"evt_"));
        ids.insert(event_id(request));
    }
    EXPECT_EQ(ids.size(), 20U);
    EXPECT_TRUE(lists("delivery_success=true", 20));
    const auto event = get("/v1/events?limit=1").at("data").at(0);
    EXPECT_EQ(event.at("pending_webhooks"), 0);
}

TEST_F(RunningSandbox, RefusesALargeBodyAsStripeWritesErrors) {
    const Json reply = post("/v1/customers", "name=" + std::string(3'000'000, 'x'));
    ASSERT_TRUE(reply.contains("error")) << to_text(reply);
    EXPECT_EQ(reply.at("error").at("type"), "invalid_request_error");
    EXPECT_TRUE(reply.at("error").at("request_log_url").is_string());
}

TEST_F(RunningSandbox, TriesAgainAfterAFailure) {
    Receiver receiver;
    const auto secret = listen(receiver);
    receiver.fail_next(2);
    post("/v1/customers", "");
    const auto received = receiver.wait_for(3);
    ASSERT_EQ(received.size(), 3U);
    EXPECT_EQ(event_id(received[0]), event_id(received[2]));
    EXPECT_TRUE(is_signed(received[2], secret));
    EXPECT_TRUE(lists("delivery_success=false", 0));
}

TEST_F(RunningSandbox, GivesUpAfterItsTriesAndSaysSo) {
    Receiver receiver;
    listen(receiver);
    receiver.fail_next(100);
    post("/v1/customers", "");
    EXPECT_EQ(receiver.wait_for(3).size(), 3U);
    EXPECT_TRUE(lists("delivery_success=false", 1));
}

TEST_F(RunningSandbox, KeepsDeliveriesOverARestart) {
    Receiver receiver;
    const auto secret = listen(receiver);
    receiver.fail_next(1);
    sandbox_->stop();
    start({1s});
    post("/v1/customers", "");
    ASSERT_EQ(receiver.wait_for(1).size(), 1U);
    sandbox_.reset();
    EXPECT_EQ(receiver.received().size(), 1U);
    start({1s});
    const auto received = receiver.wait_for(2);
    ASSERT_EQ(received.size(), 2U);
    EXPECT_EQ(event_id(received[0]), event_id(received[1]));
    EXPECT_TRUE(is_signed(received[1], secret));
}

TEST_F(RunningSandbox, AnUnreachableEndpointDoesNotHoldUpAnother) {
    post("/v1/webhook_endpoints",
         "enabled_events[]=*&url=" + percent_encode("http://127.0.0.1:1/hook"));
    Receiver receiver;
    listen(receiver);
    for (int i = 0; i < 3; ++i) post("/v1/customers", "");
    EXPECT_EQ(receiver.wait_for(3).size(), 3U);
}

TEST_F(RunningSandbox, StopsWhileALaneLooksForItsNextDelivery) {
    post("/v1/webhook_endpoints",
         "enabled_events[]=*&url=" + percent_encode("http://127.0.0.1:1/hook"));
    for (int i = 0; i < 3; ++i) post("/v1/customers", "");
    for (int stop = 0; stop < 20; ++stop) {
        sandbox_.reset();
        start(std::vector(1'000, 1ms));
        std::this_thread::sleep_for(std::chrono::microseconds(700 * stop));
    }
    EXPECT_EQ(get("/v1/events?delivery_success=false&limit=100").at("data").size(), 3U);
}

TEST_F(RunningSandbox, MovesTestClocksByItself) {
    const auto clock = post("/v1/test_helpers/test_clocks", "frozen_time=1700000000");
    const auto url = "/v1/test_helpers/test_clocks/" + clock.at("id").get<std::string>();
    post(url + "/advance", "frozen_time=1700086400");
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    Json now = get(url);
    while (now.at("status") != "ready" && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(5ms);
        now = get(url);
    }
    EXPECT_EQ(now.at("frozen_time"), 1'700'086'400);
}

}  // namespace
}  // namespace turnpike
