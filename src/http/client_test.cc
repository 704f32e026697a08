#include "http/client.h"

#include <atomic>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "http/testing.h"

namespace turnpike::http {
namespace {

using namespace std::chrono_literals;
using testing::RawServer, testing::TestServer, testing::plainly;

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Client::Config one_thread() { return {.threads = 1}; }

Call call(Method method, std::string url, std::string body = "") {
    Call made;
    made.method = method;
    made.url = std::move(url);
    made.body = std::move(body);
    made.timeout = 5s;
    return made;
}

void expect_not_sent(const Result<Reply>& reply) {
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::Unavailable) << reply.error().message;
    EXPECT_EQ(reply.error().reason.text(), "http.not_sent");
}
void expect_no_reply(const Result<Reply>& reply) {
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, ErrorCode::OutcomeUnknown) << reply.error().message;
    EXPECT_EQ(reply.error().reason.text(), "http.no_reply");
}

/// "METHOD target content-type=... length=... [body]"
Response describe(const Request& request) {
    const auto value = [&request](const char* name) {
        const std::string* const found = request.header(name);
        return found == nullptr ? std::string("none") : *found;
    };
    Response response =
        text_response(200, std::string(to_text(request.method)) + " " + request.target +
                               " type=" + value("Content-Type") +
                               " length=" + value("Content-Length") + " expect=" + value("Expect") +
                               " x=" + value("X-Mine") + " [" + request.body + "]");
    response.headers.emplace_back("X-Answer", "42");
    return response;
}

TEST(Client, SendsEveryMethod) {
    TestServer server(plainly(describe));
    Client client(one_thread());
    const struct {
        Method method;
        const char* body;
        const char* seen;
    } cases[] = {
        {Method::Get, "", "GET /a?b=c type=none length=none expect=none x=y []"},
        {Method::Post, "hello", "POST /a?b=c type=none length=5 expect=none x=y [hello]"},
        {Method::Post, "", "POST /a?b=c type=none length=0 expect=none x=y []"},
        {Method::Put, "hello", "PUT /a?b=c type=none length=5 expect=none x=y [hello]"},
        {Method::Patch, "hello", "PATCH /a?b=c type=none length=5 expect=none x=y [hello]"},
        {Method::Delete, "", "DELETE /a?b=c type=none length=none expect=none x=y []"},
        {Method::Delete, "why", "DELETE /a?b=c type=none length=3 expect=none x=y [why]"},
        {Method::Options, "", "OPTIONS /a?b=c type=none length=none expect=none x=y []"},
        {Method::Head, "", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.seen);
        Call made = call(c.method, server.url() + "/a?b=c", c.body);
        made.headers.emplace_back("X-Mine", "y");
        const auto reply = client.send_blocking(made);
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->body, c.seen);
        EXPECT_EQ(*find_header(reply->headers, "x-answer"), "42");
    }
    // All of them over one kept-alive connection.
    EXPECT_EQ(server.server().open_connections(), 1);
}

TEST(Client, SendsLargeBodiesAndEmptyHeaders) {
    ServerConfig config;
    config.body_limit = [](Method, std::string_view) { return std::size_t{4} << 20; };
    TestServer server(plainly([](const Request& request) {
                          const std::string* const empty = request.header("X-Empty");
                          return text_response(
                              200, std::to_string(request.body.size()) + " " +
                                       (empty != nullptr && empty->empty() ? "empty" : "?") + " " +
                                       *request.header("Content-Type"));
                      }),
                      config);
    Client client(one_thread());
    Call made = call(Method::Post, server.url(), std::string(3'000'000, 'x'));
    made.headers = {{"X-Empty", ""}, {"Content-Type", "application/json"}};
    const auto reply = client.send_blocking(made);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "3000000 empty application/json");
}

TEST(Client, AnyStatusIsAReplyAndRedirectsAreNotFollowed) {
    std::atomic<int> served{0};
    TestServer server(plainly([&served](const Request& request) {
        ++served;
        Response response = text_response(request.path == "/away" ? 302 : 503, "said");
        response.headers.emplace_back("Location", "/elsewhere");
        return response;
    }));
    Client client(one_thread());
    EXPECT_EQ(client.send_blocking(call(Method::Get, server.url() + "/away"))->status, 302);
    EXPECT_EQ(client.send_blocking(call(Method::Get, server.url() + "/down"))->status, 503);
    EXPECT_EQ(served, 2);
}

TEST(Client, WhatNeverLeftWasNotSent) {
    Client client(one_thread());
    const std::string refused = "127.0.0.1:" + std::to_string(testing::refused_port());
    TestServer plain(plainly(describe));
    for (const std::string& url :
         {"http://" + refused + "/", "https://" + refused + "/", std::string("http://no.invalid/"),
          std::string("file:///etc/hostname"), std::string("gopher://127.0.0.1/"),
          std::string("not a url"), std::string(),
          "https://127.0.0.1:" + std::to_string(plain.port()) + "/", plain.url() + "/a\r\nX: b"}) {
        SCOPED_TRACE(url);
        expect_not_sent(client.send_blocking(call(Method::Post, url, "x")));
    }
    Call split = call(Method::Get, plain.url());
    split.headers.emplace_back("X", "a\r\nY: b");
    expect_not_sent(client.send_blocking(split));
    Call late = call(Method::Get, plain.url());
    late.timeout = 0ms;
    expect_not_sent(client.send_blocking(late));
}

TEST(Client, WhatLeftWithoutACompleteAnswerHasNoReply) {
    const struct {
        const char* name;
        const char* bytes;
    } cases[] = {
        {"nothing", ""},
        {"half a head", "HTTP/1.1 200 OK\r\nContent-Le"},
        {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
        {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"},
        {"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"},
        {"no HTTP", "SSH-2.0-server\r\n"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RawServer server([&c](int, const std::string&) { return RawServer::Answer{c.bytes}; });
        Client client(one_thread());
        expect_no_reply(client.send_blocking(call(Method::Post, server.url() + "/", "x")));
        EXPECT_EQ(server.requests(), 1);
    }
}

TEST(Client, UnderstandsInterimAnswersChunksAndTrailers) {
    RawServer server([](int, const std::string&) {
        return RawServer::Answer{
            "HTTP/1.1 103 Early Hints\r\nX: early\r\n\r\n"
            "HTTP/1.1 201 Created\r\nX: final\r\nTransfer-Encoding: chunked\r\n\r\n"
            "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"};
    });
    Client client(one_thread());
    const auto reply = client.send_blocking(call(Method::Get, server.url() + "/"));
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 201);
    EXPECT_EQ(reply->body, "hello");
    EXPECT_EQ(*find_header(reply->headers, "X"), "final");
}

TEST(Client, ATimeOutAfterSendingHasNoReply) {
    RawServer server([](int, const std::string&) {
        return RawServer::Answer{"HTTP/1.1 200 OK\r\n", RawServer::Then::KeepOpen};
    });
    Client client(one_thread());
    Call made = call(Method::Post, server.url() + "/", "x");
    made.timeout = 100ms;
    const auto began = std::chrono::steady_clock::now();
    expect_no_reply(client.send_blocking(made));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST(Client, AReplyAboveTheCapHasNoReply) {
    TestServer server(
        plainly([](const Request&) { return text_response(200, std::string(1'000'000, 'x')); }));
    Client client(one_thread());
    Call made = call(Method::Get, server.url());
    made.reply_bytes_max = 999'999;
    expect_no_reply(client.send_blocking(made));
    made.reply_bytes_max = 1'000'000;
    EXPECT_EQ(client.send_blocking(made)->body.size(), 1'000'000);

    RawServer headers([](int, const std::string&) {
        return RawServer::Answer{"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"};
    });
    expect_no_reply(client.send_blocking(call(Method::Get, headers.url() + "/")));
}

/// The server answers once, then dies on the second request of the kept-alive connection, which it
/// may have done or not. What a repeat could do twice is not repeated.
TEST(Client, RepeatsOnADeadConnectionOnlyWhatIsSafe) {
    const struct {
        const char* name;
        Method method;
        Headers headers;
        bool is_repeated;
    } cases[] = {
        {"GET", Method::Get, {}, true},
        {"DELETE", Method::Delete, {}, true},
        {"POST", Method::Post, {}, false},
        {"PATCH", Method::Patch, {}, false},
        {"POST with a key", Method::Post, {{"Idempotency-Key", "k"}}, true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RawServer server([](int number, const std::string&) {
            if (number == 2) return RawServer::Answer{""};
            return RawServer::Answer{kOk, RawServer::Then::KeepOpen};
        });
        Client client(one_thread());
        ASSERT_TRUE(client.send_blocking(call(Method::Get, server.url() + "/")));
        Call made = call(c.method, server.url() + "/");
        made.headers = c.headers;
        const auto reply = client.send_blocking(made);
        if (c.is_repeated) {
            ASSERT_TRUE(reply) << reply.error().message;
            EXPECT_EQ(server.requests(), 3);
        } else {
            expect_no_reply(reply);
            EXPECT_EQ(server.requests(), 2);
        }
    }
}

TEST(Client, ResumesOnTheCallersExecutor) {
    TestServer server(plainly(describe));
    Client client({.threads = 2});
    asio::io_context io;
    int answered = 0;
    for (int i = 0; i < 20; ++i) {
        asio::co_spawn(
            io,
            [](Client& sender, std::string url, int& count) -> asio::awaitable<void> {
                const auto home = std::this_thread::get_id();
                Call made = call(Method::Get, std::move(url));
                const auto reply = co_await sender.send(std::move(made));
                EXPECT_EQ(std::this_thread::get_id(), home);
                EXPECT_TRUE(reply);
                ++count;
            }(client, server.url(), answered),
            asio::detached);
    }
    // Returns only when all have been answered: a call in another thread counts as work.
    io.run();
    EXPECT_EQ(answered, 20);
}

TEST(Client, AFullQueueRefusesAtOnceAndStoppingFailsTheRest) {
    std::atomic<bool> has_begun{false};
    RawServer server([&has_begun](int, const std::string&) {
        has_begun = true;
        return RawServer::Answer{"", RawServer::Then::KeepOpen};
    });
    auto client = std::make_unique<Client>(Client::Config{.threads = 1, .queue_max = 1});
    const Call made = call(Method::Post, server.url() + "/");
    Result<Reply> running, waiting;
    std::thread first([&] { running = client->send_blocking(made); });
    while (!has_begun) std::this_thread::sleep_for(1ms);
    std::thread second([&] { waiting = client->send_blocking(made); });
    // Refused as soon as the second one waits; until then this call may itself be the one.
    Call impatient = made;
    impatient.timeout = 20ms;
    std::this_thread::sleep_for(100ms);
    expect_not_sent(client->send_blocking(impatient));
    const auto began = std::chrono::steady_clock::now();
    client.reset();
    first.join();
    second.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    expect_no_reply(running);
    expect_not_sent(waiting);
}

}  // namespace
}  // namespace turnpike::http
