#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>

#include "http/testing.h"

namespace turnpike::http {
namespace {

using testing::body_of_answer;
using testing::plainly;
using testing::RawClient;
using testing::status_of_answer;
using testing::TestServer;

constexpr std::size_t kLimit = 10;
constexpr std::size_t kLargeLimit = 1'000;

/// Lets in who says "X-Who: friend"; fails for "X-Who: nobody".
asio::awaitable<std::optional<Response>> refusal(std::atomic<int>& asked, const Request& head) {
    ++asked;
    const std::string* const who = head.header("X-Who");
    if (who != nullptr && *who == "nobody") throw std::runtime_error("the ledger is away");
    std::optional<Response> refused;
    if (who == nullptr || *who != "friend") refused = text_response(401, "who are you?");
    co_return refused;
}

class LargeBodiesTest : public ::testing::Test {
protected:
    ServerConfig config() {
        ServerConfig config;
        config.body_limit = [](Method, std::string_view) { return kLimit; };
        config.large_bodies.limit = [](const Request& head) {
            return head.path == "/large" ? kLargeLimit : 0;
        };
        config.large_bodies.refusal = [this](Request& head) { return refusal(asked_, head); };
        return config;
    }
    static std::string counted(const std::string& path, const std::string& who, std::size_t bytes) {
        return head(path, who) + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
    }
    /// A body in two chunks of five bytes and one of `bytes`, and what ends it.
    static std::string chunked(const std::string& path, const std::string& who, std::size_t bytes) {
        std::string hex;
        for (std::size_t left = bytes; left > 0; left /= 16)
            hex.insert(0, 1, "0123456789abcdef"[left % 16]);
        return head(path, who) + "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nabcde\r\n" +
               hex + "\r\n" + std::string(bytes, 'x') + "\r\n0\r\n\r\n";
    }

    std::atomic<int> asked_ = 0;
    TestServer server_{plainly([](const Request& request) {
                           return text_response(200, std::to_string(request.body.size()));
                       }),
                       config()};

private:
    static std::string head(const std::string& path, const std::string& who) {
        return "POST " + path + " HTTP/1.1\r\nHost: a\r\nX-Who: " + who + "\r\n";
    }
};

TEST_F(LargeBodiesTest, AreLetInByWhoTheirClientIs) {
    struct Case {
        const char* name;
        std::string request;
        int status;
        int asked;
        std::string body;  ///< of a 200
    };
    const auto with_body = [](const std::string& request, std::size_t bytes) {
        return request + std::string(bytes, 'x');
    };
    const Case cases[] = {
        {"within the limit, anybody", with_body(counted("/large", "stranger", 10), 10), 200, 0,
         "10"},
        {"over it", with_body(counted("/large", "friend", 11), 11), 200, 1, "11"},
        {"the most", with_body(counted("/large", "friend", 1'000), 1'000), 200, 1, "1000"},
        {"over the most", counted("/large", "friend", 1'001), 413, 0, ""},
        {"over it at another path", counted("/small", "friend", 11), 413, 0, ""},
        {"over it, a stranger", counted("/large", "stranger", 11), 401, 1, ""},
        {"nobody can tell", counted("/large", "nobody", 11), 500, 1, ""},
        {"chunked, over it", chunked("/large", "friend", 90), 200, 1, "100"},
        {"chunked, the most", chunked("/large", "friend", 990), 200, 1, "1000"},
        {"chunked, over the most", chunked("/large", "friend", 991), 413, 1, ""},
        {"chunked at another path", chunked("/small", "friend", 1), 413, 0, ""},
        {"chunked, a stranger", chunked("/large", "stranger", 1), 401, 1, ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        asked_ = 0;
        RawClient client(server_.port());
        client.send(c.request);
        const std::string answer = client.read_one();
        EXPECT_EQ(status_of_answer(answer), c.status);
        if (c.status == 200) EXPECT_EQ(body_of_answer(answer), c.body);
        EXPECT_EQ(asked_, c.asked);
    }
}

TEST_F(LargeBodiesTest, TheNextRequestOfTheConnectionIsOneOfItsOwn) {
    RawClient client(server_.port());
    client.send(chunked("/large", "friend", 90) + counted("/large", "friend", 12) +
                std::string(12, 'x') + counted("/large", "stranger", 3) + "abc");
    EXPECT_EQ(body_of_answer(client.read_one()), "100");
    EXPECT_EQ(body_of_answer(client.read_one()), "12");
    EXPECT_EQ(body_of_answer(client.read_one()), "3");
}

TEST_F(LargeBodiesTest, AreFewAtATime) {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (std::size_t i = 0; i < kLargeBodiesMax; ++i) {
        clients.push_back(std::make_unique<RawClient>(server_.port()));
        clients.back()->send(counted("/large", "friend", 11) + "x");
    }
    while (asked_ < static_cast<int>(kLargeBodiesMax)) std::this_thread::yield();
    RawClient late(server_.port());
    late.send(counted("/large", "friend", 11));
    const std::string answer = late.read_one();
    EXPECT_EQ(status_of_answer(answer), 503);
    EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
    EXPECT_NE(answer.find("http.large_bodies_busy"), std::string::npos);

    // One that is done, and one whose client leaves, make room for two.
    clients[0]->send(std::string(10, 'x'));
    EXPECT_EQ(body_of_answer(clients[0]->read_one()), "11");
    clients[1].reset();
    for (int served = 0; served < 2;) {
        RawClient next(server_.port());
        next.send(counted("/large", "friend", 11) + std::string(11, 'x'));
        if (status_of_answer(next.read_one()) == 200) ++served;
    }
}

}  // namespace
}  // namespace turnpike::http
