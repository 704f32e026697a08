#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "http/server.h"

namespace turnpike::http::testing {

/// A server on a free loopback port, for one test.
class TestServer {
public:
    explicit TestServer(Dispatch dispatch, ServerConfig config = {});
    ~TestServer();

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    /// "http://127.0.0.1:12345"
    [[nodiscard]] std::string url() const;
    [[nodiscard]] Server& server() { return *server_; }

private:
    std::unique_ptr<Server> server_;
};

/// Calls a plain function and answers with what it returns.
template <class Function>
asio::awaitable<Response> answer_plainly(Function function, Request& request) {
    co_return function(request);
}
/// Answers every request with what a plain function returns.
template <class Function>
Dispatch plainly(Function function) {
    return [function](Request& request) { return answer_plainly(function, request); };
}

/// A client that sends exactly the bytes it is told to, right or wrong.
class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False when the server closed before it had taken all.
    bool send(std::string_view bytes);
    /// Ends our direction; the server sees the end of input.
    void end();
    /// Everything up to the server's close, or what came within `patience`.
    std::string read_all(std::chrono::milliseconds patience = std::chrono::seconds(5));
    /// The next complete answer, head and body by its Content-Length; what came, if it is cut.
    /// `Heading::Only` for the answer to HEAD, which has no body.
    enum class Heading : std::uint8_t { WithBody, Only };
    std::string read_one(Heading heading = Heading::WithBody,
                         std::chrono::milliseconds patience = std::chrono::seconds(5));
    /// True once the server has closed; reads and drops what comes before.
    bool is_closed_within(std::chrono::milliseconds patience);

private:
    enum class Read : std::uint8_t { Some, End, Late };
    Read read_some(std::chrono::steady_clock::time_point deadline);

    int descriptor_;
    std::string held_;
};

/// A server that answers with whatever bytes it is told to, right or wrong. One connection at a
/// time; a request is a head and the body its Content-Length announces.
class RawServer {
public:
    enum class Then : std::uint8_t { KeepOpen, Close };
    struct Answer {
        std::string bytes;
        Then then = Then::Close;
    };
    /// Called on the server's thread with the request's number, from 1, and its text.
    using Script = std::function<Answer(int number, const std::string& request)>;

    explicit RawServer(Script script);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    [[nodiscard]] std::string url() const;
    /// Requests read so far.
    [[nodiscard]] int requests() const { return requests_.load(); }

private:
    void run();
    void serve(int descriptor);

    Script script_;
    std::uint16_t port_ = 0;
    int listener_;
    std::atomic<int> serving_{-1};
    std::atomic<int> requests_{0};
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

/// A loopback port on which nobody listens.
std::uint16_t refused_port();

/// "HTTP/1.1 404 ..." -> 404; 0 when it is no answer.
int status_of_answer(std::string_view answer);
/// The value of a header in raw text; empty when absent.
std::string header_of_answer(std::string_view answer, std::string_view name);
/// What follows the head.
std::string_view body_of_answer(std::string_view answer);

}  // namespace turnpike::http::testing
