#include <chrono>
#include <future>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include "http/status.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using testing::Reply;
using testing::TwinUnderTest;

const http::Headers kKey{{"Idempotency-Key", "once"}};

http::Request keyed_post(const std::string& path, const std::string& form) {
    http::Request request;
    request.method = http::Method::Post;
    request.path = request.target = path;
    request.headers = {kKey.front(),
                       {"Authorization", "Bearer sk_test_first"},
                       {"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = form;
    return request;
}

/// Nothing is written while it lives.
class BusyWriter {
public:
    explicit BusyWriter(sql::Database& database)
        : thread_([this, &database] {
              database.write_blocking([this](sql::Transaction& /*tx*/) {
                  busy_.set_value();
                  free_.get_future().wait();
                  return true;
              });
          }) {
        busy_.get_future().wait();
    }
    void release() { free_.set_value(); }

private:
    std::promise<void> busy_, free_;
    std::jthread thread_;
};

/// The words of stripity_stripe's issue 564 and of a log of stripe-go, with another key.
void expect_in_use(const Reply& reply) {
    EXPECT_EQ(reply.status, 409);
    EXPECT_EQ(reply.error("type"), "invalid_request_error");
    EXPECT_EQ(reply.error("code"), "idempotency_key_in_use");
    EXPECT_EQ(reply.error("doc_url"), "https://stripe.com/docs/error-codes/idempotency-key-in-use");
    EXPECT_EQ(reply.error("message"),
              "There is currently another in-progress request using this Idempotent Key (that "
              "probably means you submitted twice, and the other request is still going through): "
              "once. Please try again later.");
    EXPECT_FALSE(reply.body.at("error").contains("param"));
    EXPECT_EQ(reply.header("Idempotency-Key"), "once");
    EXPECT_EQ(reply.header("Idempotent-Replayed"), "");
    EXPECT_NE(reply.header("Stripe-Should-Retry"), "false");
}

TEST(KeyInFlight, IsRefusedUntilItsAnswerIsStored) {
    TwinUnderTest twin;
    BusyWriter writer(twin.twin().database());
    auto request = keyed_post("/v1/customers", "name=A");
    asio::io_context io;
    auto first = asio::co_spawn(io, twin.twin().handle(request), asio::use_future);
    io.poll();  // it waits for its turn to write

    expect_in_use(twin.post("/v1/customers", "name=A", kKey));
    expect_in_use(twin.post("/v1/customers", "name=B", kKey));
    expect_in_use(twin.post("/v1/products", "name=A", kKey));
    const http::Headers too_long{{"Idempotency-Key", std::string(256, 'k')}};
    EXPECT_EQ(twin.post("/v1/customers", "name=A", too_long).status, 400);

    writer.release();
    io.run();
    EXPECT_EQ(first.get().status, 200);
    const auto again = twin.post("/v1/customers", "name=A", kKey);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(twin.get("/v1/customers").body.at("data").size(), 1U);
}

TEST(KeyInFlight, IsItsAccountsAndOfPostsOnly) {
    TwinUnderTest twin;
    const auto customer = twin.post_id("/v1/customers", "name=A");
    auto request = keyed_post("/v1/customers", "name=B");
    std::future<http::Response> first;
    asio::io_context io;
    {
        BusyWriter writer(twin.twin().database());
        first = asio::co_spawn(io, twin.twin().handle(request), asio::use_future);
        io.poll();
        EXPECT_EQ(twin.get("/v1/customers/" + customer, kKey).status, 200);
        writer.release();
    }
    twin.use_key("sk_test_second");
    EXPECT_EQ(twin.post("/v1/customers", "name=B", kKey).status, 200);
    io.run();
    EXPECT_EQ(first.get().status, 200);
}

TEST(KeyInFlight, IsFreeAfterARefusal) {
    TwinUnderTest twin;
    EXPECT_EQ(twin.post("/v1/customers", "emial=a", kKey).status, 400);
    EXPECT_EQ(twin.post("/v1/customers", "email=a%40b.co", kKey).status, 200);
}

/// A call that chaos strikes, and one with the same key that comes while chaos makes it wait.
struct Struck {
    int first = 0;
    Reply second;
};
Struck struck_by(TwinUnderTest& twin, Misfortune misfortune) {
    Struck struck;
    Chaos chaos(twin.twin(), [&](std::chrono::milliseconds) -> asio::awaitable<void> {
        // A server would take it in at this moment.
        std::jthread([&] { struck.second = twin.post("/v1/customers", "name=A", kKey); }).join();
        co_return;
    });
    chaos.set_at_start({.rules = {{.misfortune = misfortune}}});
    auto request = keyed_post("/v1/customers", "name=A");
    asio::io_context io;
    auto first = asio::co_spawn(io, chaos.handle(request), asio::use_future);
    io.run();
    struck.first = first.get().status;
    return struck;
}

TEST(KeyInFlight, IsHeldByACallThatChaosDelays) {
    TwinUnderTest twin;
    const auto struck = struck_by(twin, Misfortune::Delay);
    EXPECT_EQ(struck.first, 200);
    expect_in_use(struck.second);
    EXPECT_EQ(twin.post("/v1/customers", "name=A", kKey).header("Idempotent-Replayed"), "true");
}

TEST(KeyInFlight, IsHeldByACallThatTimesOutBeforeItIsDone) {
    TwinUnderTest twin;
    const auto struck = struck_by(twin, Misfortune::Timeout);
    EXPECT_EQ(struck.first, http::kNoAnswer);
    expect_in_use(struck.second);
    EXPECT_EQ(twin.post("/v1/customers", "name=A", kKey).header("Idempotent-Replayed"), "");
}

TEST(KeyInFlight, IsFreeOnceTheCallIsDoneThoughItsAnswerIsLost) {
    TwinUnderTest twin;
    const auto struck = struck_by(twin, Misfortune::TimeoutAfterCommit);
    EXPECT_EQ(struck.first, http::kNoAnswer);
    EXPECT_EQ(struck.second.status, 200);
    EXPECT_EQ(struck.second.header("Idempotent-Replayed"), "true");
}

}  // namespace
}  // namespace turnpike::twin
