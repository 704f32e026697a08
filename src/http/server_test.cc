#include "http/server.h"

#include <atomic>
#include <future>
#include <list>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "base/id.h"
#include "http/status.h"
#include "http/testing.h"
#include "json/value.h"

namespace turnpike::http {
namespace {

using namespace std::chrono_literals;
using testing::body_of_answer, testing::header_of_answer, testing::status_of_answer;
using testing::RawClient, testing::TestServer, testing::plainly;

Response echo(const Request& request) {
    return text_response(200, request.path + " [" + request.body + "]");
}

std::string get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

ServerConfig quick(Timeouts timeouts) {
    ServerConfig config;
    config.timeouts = timeouts;
    return config;
}

/// "/slow" answers after 150 ms, everything else at once.
asio::awaitable<Response> sometimes_slow(Request& request) {
    if (request.path == "/slow") {
        asio::steady_timer timer(co_await asio::this_coro::executor, 150ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return echo(request);
}

TEST(Server, KeepsConnectionsUntilAskedToClose) {
    TestServer server(plainly(echo));
    RawClient client(server.port());
    for (const char* const path : {"/1", "/2", "/3"}) {
        client.send(get(path));
        EXPECT_EQ(body_of_answer(client.read_one()), std::string(path) + " []");
    }
    client.send(get("/4", "Connection: close\r\n"));
    const std::string last = client.read_one();
    EXPECT_EQ(header_of_answer(last, "Connection"), "close");
    EXPECT_TRUE(client.is_closed_within(1s));
}

TEST(Server, SpeaksHttp10) {
    TestServer server(plainly(echo));
    RawClient once(server.port());
    once.send("GET /old HTTP/1.0\r\n\r\n");
    EXPECT_EQ(header_of_answer(once.read_one(), "Connection"), "close");
    EXPECT_TRUE(once.is_closed_within(1s));
    RawClient kept(server.port());
    kept.send("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(header_of_answer(kept.read_one(), "Connection"), "keep-alive");
    kept.send(get("/again"));
    EXPECT_EQ(body_of_answer(kept.read_one()), "/again []");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
    TestServer server(plainly(echo));
    RawClient client(server.port());
    constexpr int kCount = 10'000;
    std::thread sender([&client] {
        std::string all;
        for (int i = 0; i < kCount; ++i)
            all += "POST /" + std::to_string(i) +
                   " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok";
        client.send(all);
    });
    int in_order = 0;
    for (int i = 0; i < kCount; ++i)
        in_order += body_of_answer(client.read_one()) == "/" + std::to_string(i) + " [ok]" ? 1 : 0;
    sender.join();
    EXPECT_EQ(in_order, kCount);
}

TEST(Server, SendsAFinishedAnswerWhileALaterHandlerRuns) {
    TestServer server([](Request& request) -> asio::awaitable<Response> {
        if (request.path == "/later") {
            asio::steady_timer timer(co_await asio::this_coro::executor, 10s);
            co_await timer.async_wait(asio::use_awaitable);
        }
        co_return echo(request);
    });
    RawClient client(server.port());
    client.send(get("/now") + get("/later"));
    EXPECT_EQ(body_of_answer(client.read_one(RawClient::Heading::WithBody, 3s)), "/now []");
}

TEST(Server, AnswersHeadWithoutABody) {
    TestServer server(plainly(echo));
    RawClient client(server.port());
    client.send("HEAD /thing HTTP/1.1\r\nHost: a\r\n\r\n" + get("/next"));
    const std::string head = client.read_one(RawClient::Heading::Only);
    EXPECT_EQ(status_of_answer(head), 200);
    EXPECT_EQ(header_of_answer(head, "Content-Length"), "9");  // "/thing []"
    EXPECT_EQ(body_of_answer(client.read_one()), "/next []");
}

TEST(Server, NoContentHasNoLength) {
    TestServer server(plainly([](const Request&) {
        Response response;
        response.status = 204;
        return response;
    }));
    RawClient client(server.port());
    client.send(get("/"));
    const std::string answer = client.read_one();
    EXPECT_EQ(status_of_answer(answer), 204);
    EXPECT_EQ(header_of_answer(answer, "Content-Length"), "");
    EXPECT_EQ(header_of_answer(answer, "Server"), "turnpike");
    EXPECT_EQ(header_of_answer(answer, "Date").size(), 29);  // "Sun, 06 Nov 1994 08:49:37 GMT"
}

TEST(Server, AsksForABodyThatWaitsForContinue) {
    TestServer server(plainly(echo));
    RawClient client(server.port());
    client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n");
    EXPECT_EQ(client.read_one(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(body_of_answer(client.read_one()), "/p [hello]");
    // A body that would be refused is not asked for.
    client.send(
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n"
        "Expect: 100-continue\r\n\r\n");
    EXPECT_EQ(status_of_answer(client.read_one()), 413);
}

TEST(Server, TheBodyLimitDependsOnTheRoute) {
    ServerConfig config;
    config.body_limit = [](Method method, std::string_view path) -> std::size_t {
        return method == Method::Post && path == "/large" ? 3'000'000 : 10;
    };
    TestServer server(plainly([](const Request& request) {
                          return text_response(200, std::to_string(request.body.size()));
                      }),
                      config);
    const auto answer_to = [&](const std::string& path, const std::string& head,
                               const std::string& body) {
        RawClient client(server.port());
        client.send("POST " + path + " HTTP/1.1\r\nHost: a\r\n" + head + "\r\n" + body);
        return client.read_one();
    };
    const std::string large(3'000'000, 'x');
    EXPECT_EQ(body_of_answer(answer_to("/large", "Content-Length: 3000000\r\n", large)), "3000000");
    EXPECT_EQ(status_of_answer(answer_to("/large", "Content-Length: 3000001\r\n", large)), 413);
    EXPECT_EQ(status_of_answer(answer_to("/small", "Content-Length: 11\r\n", "")), 413);
    EXPECT_EQ(body_of_answer(answer_to("/small", "Content-Length: 10\r\n", "0123456789")), "10");
    // Counted on the bytes that come, not on what a header says.
    EXPECT_EQ(status_of_answer(answer_to("/small", "Transfer-Encoding: chunked\r\n",
                                         "6\r\nabcdef\r\n5\r\nghijk\r\n0\r\n\r\n")),
              413);
}

TEST(Server, ARefusalNamesItsPathAndRequest) {
    const struct {
        const char* name;
        std::string request;
        std::string instance;  ///< "": the target could not be read
    } cases[] = {
        {"too large", "POST /p?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", "/p"},
        {"unknown method", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "/pot"},
        {"no host", "GET /p HTTP/1.1\r\n\r\n", "/p"},
        {"no target", "GET p HTTP/1.1\r\nHost: a\r\n\r\n", ""},
        {"thrown", "GET /throw HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\n\r\n", "/throw"},
    };
    TestServer server(plainly([](const Request&) -> Response { throw std::runtime_error("no"); }));
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RawClient client(server.port());
        client.send(c.request);
        const std::string answer = client.read_one();
        const auto body = parse_json(body_of_answer(answer));
        ASSERT_TRUE(body) << answer;
        EXPECT_EQ(body->value("instance", ""), c.instance);
        EXPECT_EQ(body->value("request_id", "none"), header_of_answer(answer, "X-Request-Id"));
    }
}

/// The whole body is sent before anybody looks for an answer, as most clients do it.
TEST(Server, ABodyOverTheLimitIsReadToItsEndSoThatTheAnswerArrives) {
    TestServer server(plainly(echo));
    for (const std::size_t megabytes : {2U, 5U, 24U}) {
        SCOPED_TRACE(megabytes);
        const std::string body(megabytes << 20, 'x');
        RawClient client(server.port());
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n");
        std::this_thread::sleep_for(50ms);  // the refusal is made by now
        EXPECT_TRUE(client.send(body));
        EXPECT_EQ(status_of_answer(client.read_all()), 413);
    }
}

TEST(Server, StopDoesNotWaitForARefusedClientToFinish) {
    auto server = std::make_unique<TestServer>(plainly(echo));
    RawClient client(server->port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\nabc");
    EXPECT_EQ(status_of_answer(client.read_one()), 413);
    const auto began = std::chrono::steady_clock::now();
    server->server().stop(10s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(Server, TellsOfRefusalsAndLetsThemBeWrittenAnew) {
    std::string told;
    ServerConfig config;
    config.on_refusal = [&told](const Request& request, Response& answer) {
        told += request.path + " " + std::to_string(answer.status) + ";";
        answer.headers = {{"Content-Type", "text/plain"}};
        answer.body = "too much";
    };
    TestServer server(plainly(echo), config);
    RawClient client(server.port());
    client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n");
    const std::string answer = client.read_one();
    EXPECT_EQ(status_of_answer(answer), 413);
    EXPECT_EQ(body_of_answer(answer), "too much");
    EXPECT_EQ(told, "/p 413;");
}

TEST(Server, EndsSlowHeadsAndBodiesWith408AndIdleOnesSilently) {
    // Long enough for a busy machine to send what is sent; all wait for their ends together.
    const Timeouts timeouts{.head = 400ms, .body = 400ms, .idle = 400ms};
    TestServer server(plainly(echo), quick(timeouts));
    const struct {
        const char* name;
        std::string sent;
        int status;
    } cases[] = {
        {"nothing", "", 0},
        {"half a head", "GET / HTTP/1.1\r\nHo", 408},
        {"half a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", 408},
        {"no body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 408},
        {"half a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
         408},
        {"chunks without end",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", 408},
        {"after an answer", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    };
    std::list<RawClient> clients;
    for (const auto& c : cases) clients.emplace_back(server.port()).send(c.sent);
    for (auto client = clients.begin(); const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const std::string answer = (client++)->read_all(3s);
        EXPECT_EQ(status_of_answer(answer), c.status) << answer;
    }
}

/// One byte now and then does not keep a head alive: its time runs from the first byte.
TEST(Server, SlowlorisIsCutOff) {
    const Timeouts timeouts{.head = 100ms};
    TestServer server(plainly(echo), quick(timeouts));
    RawClient client(server.port());
    client.send("GET / HTTP/1.1\r\n");
    bool is_closed = false;
    for (int i = 0; i < 100 && !is_closed; ++i) {
        client.send("X");
        is_closed = client.is_closed_within(20ms);
    }
    EXPECT_TRUE(is_closed);
}

/// A body has 30 s, but not for one byte now and then: 1 KiB/s is asked for after the grace.
TEST(Server, ATricklingBodyIsCutOffAndASteadyOneIsNot) {
    TestServer server(plainly(echo), quick({.body_grace = 500ms}));
    const std::string head = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n";
    RawClient trickle(server.port()), steady(server.port());
    trickle.send(head);
    steady.send(head);
    for (int i = 0; i < 30; ++i) {  // 600 ms: 1 KiB/s would be 614 bytes, 200 were announced.
        trickle.send("x");
        if (i < 2) steady.send(std::string(100, 'x'));
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(status_of_answer(trickle.read_one()), 408);
    EXPECT_EQ(status_of_answer(steady.read_one()), 200);
}

TEST(Server, AReaderThatStallsIsCutOff) {
    const Timeouts timeouts{.write = 100ms};
    TestServer server(plainly([](const Request&) {
                          return text_response(200, std::string(std::size_t{32} << 20, 'x'));
                      }),
                      quick(timeouts));
    RawClient client(server.port());
    client.send(get("/"));
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (server.server().open_connections() > 0 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(5ms);
    EXPECT_EQ(server.server().open_connections(), 0);
}

TEST(Server, SendsLargeAnswersWhole) {
    const std::string large(std::size_t{8} << 20, 'x');
    TestServer server(plainly([&large](const Request&) { return text_response(200, large); }));
    RawClient client(server.port());
    client.send(get("/"));
    EXPECT_EQ(body_of_answer(client.read_one()), large);
}

TEST(Server, EchoesAWellFormedRequestIdAndMakesOneOtherwise) {
    TestServer server(
        plainly([](const Request& request) { return text_response(200, request.request_id); }));
    const std::string sixty_four(64, 'i');
    const struct {
        const char* name;
        std::string given;
        bool is_taken;
    } cases[] = {
        {"letters, digits, dashes", "abc-DEF_123", true},
        {"64 bytes", sixty_four, true},
        {"65 bytes", sixty_four + "i", false},
        {"space", "a b", false},
        {"quote", "a\"b", false},
        {"dot", "a.b", false},
        {"empty", "", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        RawClient client(server.port());
        client.send(get("/", "X-Request-Id: " + c.given + "\r\n"));
        const std::string answer = client.read_one();
        const std::string id = header_of_answer(answer, "X-Request-Id");
        EXPECT_EQ(body_of_answer(answer), id);
        if (c.is_taken) {
            EXPECT_EQ(id, c.given);
        } else {
            EXPECT_TRUE(is_id_text("req", id)) << id;
        }
    }
}

TEST(Server, AFailingHandlerIsAnInternalProblemWithoutDetail) {
    TestServer server([](Request& request) -> asio::awaitable<Response> {
        if (request.path == "/throw") throw std::runtime_error("secret detail");
        if (request.path == "/odd") throw 42;
        Response response;
        if (request.path == "/split") response.headers.emplace_back("X", "a\r\nSet-Cookie: b");
        if (request.path == "/status") response.status = 7;
        co_return response;
    });
    RawClient client(server.port());
    for (const char* const path : {"/throw", "/odd", "/split", "/status"}) {
        SCOPED_TRACE(path);
        client.send(get(path));
        const std::string answer = client.read_one();
        EXPECT_EQ(status_of_answer(answer), 500);
        EXPECT_EQ(answer.find("secret"), std::string::npos);
        EXPECT_EQ(answer.find("Set-Cookie"), std::string::npos);
        const auto body = parse_json(body_of_answer(answer));
        ASSERT_TRUE(body);
        EXPECT_EQ((*body)["code"], "internal");
    }
    client.send(get("/fine"));
    EXPECT_EQ(status_of_answer(client.read_one()), 200);
}

TEST(Server, AHandlerMayCloseTheConnectionWithoutAWord) {
    TestServer server(plainly([](const Request& request) {
        auto response = echo(request);
        if (request.path == "/silent") response.status = kNoAnswer;
        return response;
    }));
    RawClient client(server.port());
    client.send(get("/first") + get("/silent") + get("/never"));
    EXPECT_EQ(body_of_answer(client.read_one()), "/first []");
    EXPECT_EQ(client.read_all(), "");
}

TEST(Server, AHandlersOwnFramingHeadersAreLeftOut) {
    TestServer server(plainly([](const Request&) {
        Response response = text_response(200, "four");
        response.headers.emplace_back("content-length", "9");
        response.headers.emplace_back("Transfer-Encoding", "chunked");
        response.headers.emplace_back("X-Mine", "kept");
        return response;
    }));
    RawClient client(server.port());
    client.send(get("/"));
    const std::string answer = client.read_one();
    EXPECT_EQ(header_of_answer(answer, "Content-Length"), "4");
    EXPECT_EQ(header_of_answer(answer, "Transfer-Encoding"), "");
    EXPECT_EQ(header_of_answer(answer, "X-Mine"), "kept");
}

TEST(Server, AHandlerPastItsDeadlineStillFinishes) {
    TestServer server(sometimes_slow, quick({.handler = 20ms}));
    RawClient client(server.port());
    client.send(get("/slow"));
    EXPECT_EQ(body_of_answer(client.read_one()), "/slow []");
    client.send(get("/quick"));
    EXPECT_EQ(body_of_answer(client.read_one()), "/quick []");
}

TEST(Server, StopFinishesRequestsInFlight) {
    std::atomic<bool> has_begun{false};
    auto server = std::make_unique<TestServer>([&](Request& request) -> asio::awaitable<Response> {
        if (request.path == "/quick") co_return echo(request);
        has_begun = true;
        asio::steady_timer timer(co_await asio::this_coro::executor, 500ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return echo(request);
    });
    RawClient busy(server->port()), idle(server->port());
    idle.send(get("/quick"));
    EXPECT_EQ(status_of_answer(idle.read_one()), 200);
    busy.send(get("/slow"));
    while (!has_begun) std::this_thread::sleep_for(1ms);
    const auto began = std::chrono::steady_clock::now();
    server->server().stop(5s);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    const std::string answer = busy.read_one();
    EXPECT_EQ(body_of_answer(answer), "/slow []");
    EXPECT_EQ(header_of_answer(answer, "Connection"), "close");
    EXPECT_TRUE(busy.is_closed_within(1s));
    EXPECT_TRUE(idle.is_closed_within(1s));
    server->server().stop(5s);  // Idempotent.
}

TEST(Server, StopWithoutGraceCancelsWhatHandlersWaitFor) {
    std::atomic<bool> has_begun{false}, was_cancelled{false};
    TestServer server([&](Request&) -> asio::awaitable<Response> {
        has_begun = true;
        asio::steady_timer timer(co_await asio::this_coro::executor, 60s);
        boost::system::error_code error;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        was_cancelled = error == asio::error::operation_aborted;
        co_return Response{};
    });
    RawClient client(server.port());
    client.send(get("/"));
    while (!has_begun) std::this_thread::sleep_for(1ms);
    server.server().stop(0ms);
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(server.server().open_connections(), 0);
}

TEST(Server, ConnectionsAboveTheCapWaitForAPlace) {
    ServerConfig config;
    config.connections_max = 2;
    TestServer server(plainly(echo), config);
    auto first = std::make_unique<RawClient>(server.port());
    RawClient second(server.port());
    first->send(get("/1"));
    second.send(get("/2"));
    EXPECT_EQ(body_of_answer(first->read_one()), "/1 []");
    EXPECT_EQ(body_of_answer(second.read_one()), "/2 []");
    RawClient third(server.port());
    third.send(get("/3"));
    EXPECT_EQ(third.read_one(RawClient::Heading::WithBody, 100ms), "");
    first.reset();
    EXPECT_EQ(body_of_answer(third.read_one()), "/3 []");
}

TEST(Server, SpreadsOverThreads) {
    ServerConfig config;
    config.threads = 4;
    std::mutex mutex;
    std::set<std::thread::id> threads;
    TestServer server(plainly([&](const Request& request) {
                          const std::lock_guard lock(mutex);
                          threads.insert(std::this_thread::get_id());
                          return echo(request);
                      }),
                      config);
    for (int i = 0; i < 64; ++i) {
        RawClient client(server.port());
        client.send(get("/"));
        EXPECT_EQ(status_of_answer(client.read_one()), 200);
    }
    // 64 connections all land on one of four listeners with probability 4^-63.
    EXPECT_GT(threads.size(), 1);
}

TEST(Server, SaysWhereItCannotListen) {
    TestServer first(plainly(echo));
    for (const std::size_t threads : {1U, 2U}) {
        ServerConfig config;
        config.port = first.port();
        config.threads = threads;
        const auto second = Server::start(config, plainly(echo));
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().reason.text(), "http.cannot_listen");
        EXPECT_NE(second.error().message.find(std::to_string(first.port())), std::string::npos);
    }
}

TEST(Server, LogsEveryRequestOnce) {
    std::mutex mutex;
    std::vector<std::string> lines;
    ServerConfig config;
    config.access_log = [&](const AccessRecord& record) {
        const std::lock_guard lock(mutex);
        lines.push_back(record.request.path + " " + std::to_string(record.response.status) + " " +
                        record.request.peer);
    };
    {
        TestServer server(plainly(echo), config);
        RawClient client(server.port());
        client.send(get("/a") + get("/b") + "BAD\r\n\r\n");
        client.read_all();
    }
    EXPECT_EQ(lines,
              (std::vector<std::string>{"/a 200 127.0.0.1", "/b 200 127.0.0.1", " 400 127.0.0.1"}));
}

}  // namespace
}  // namespace turnpike::http
