#include "http/access_log.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike::http {
namespace {

class AccessLogFileTest : public ::testing::Test {
protected:
    AccessLogFileTest()
        : path_(std::filesystem::temp_directory_path() /
                ("turnpike_access_log_" + to_hex(random_bytes(8)))) {}
    ~AccessLogFileTest() override { std::filesystem::remove(path_); }

    static std::string content_of(const std::filesystem::path& path) {
        std::ifstream file(path);
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }

    std::filesystem::path path_;
    // 2024-09-15 is 19981 days after 1970-01-01.
    ManualClock clock_{from_unix_seconds(std::int64_t{19'981} * 86'400)};
};

Request request_to(std::string path) {
    Request request;
    request.method = Method::Post;
    request.path = std::move(path);
    request.target = request.path + "?token=secret";
    request.request_id = "req_1";
    request.peer = "127.0.0.1";
    return request;
}

TEST_F(AccessLogFileTest, WritesOneJsonLinePerRequest) {
    {
        auto log = AccessLogFile::open(path_, clock_);
        ASSERT_TRUE(log);
        Request request = request_to("/v1/\"plans\"\\x");
        const Response response = text_response(201, "12345");
        (*log)->write({request, response, std::chrono::microseconds(340)});
        request.caller = "key_1\n";
        (*log)->write({request, response, std::chrono::microseconds(0)});
    }
    EXPECT_EQ(content_of(path_),
              R"({"ts":"2024-09-15T00:00:00Z","request_id":"req_1","method":"POST",)"
              R"("path":"/v1/\"plans\"\\x","status":201,"bytes":5,"took_us":340,)"
              R"("peer":"127.0.0.1"})"
              "\n"
              R"({"ts":"2024-09-15T00:00:00Z","request_id":"req_1","method":"POST",)"
              R"("path":"/v1/\"plans\"\\x","status":201,"bytes":5,"took_us":0,)"
              R"("peer":"127.0.0.1","caller":"key_1\u000a"})"
              "\n");
}

TEST_F(AccessLogFileTest, FlushesByItselfWithinASecond) {
    auto log = AccessLogFile::open(path_, clock_);
    ASSERT_TRUE(log);
    const Request request = request_to("/");
    (*log)->write({request, Response{}, std::chrono::microseconds(1)});
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (content_of(path_).empty() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_NE(content_of(path_), "");
}

TEST_F(AccessLogFileTest, GoesOnInANewFileAfterRotation) {
    auto log = AccessLogFile::open(path_, clock_);
    ASSERT_TRUE(log);
    const Request before = request_to("/before"), after = request_to("/after");
    (*log)->write({before, Response{}, std::chrono::microseconds(1)});
    const std::filesystem::path moved = path_.string() + ".1";
    std::filesystem::rename(path_, moved);
    ASSERT_TRUE((*log)->reopen());
    (*log)->write({after, Response{}, std::chrono::microseconds(1)});
    (*log)->flush();
    EXPECT_NE(content_of(moved).find("/before"), std::string::npos);
    EXPECT_EQ(content_of(path_).find("/before"), std::string::npos);
    EXPECT_NE(content_of(path_).find("/after"), std::string::npos);
    std::filesystem::remove(moved);
}

TEST_F(AccessLogFileTest, LosesNoLineOfManyThreads) {
    constexpr int kThreads = 8, kLines = 2'000;
    {
        auto log = AccessLogFile::open(path_, clock_);
        ASSERT_TRUE(log);
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&log] {
                const Request request = request_to("/many");
                for (int i = 0; i < kLines; ++i)
                    (*log)->write({request, Response{}, std::chrono::microseconds(i)});
            });
        for (auto& thread : threads) thread.join();
    }
    std::ifstream file(path_);
    int whole = 0;
    for (std::string line; std::getline(file, line);) whole += parse_json(line) ? 1 : 0;
    EXPECT_EQ(whole, kThreads * kLines);
}

TEST_F(AccessLogFileTest, SaysWhatItCannotOpen) {
    const auto log = AccessLogFile::open("/nonexistent/folder/log", clock_);
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().reason.text(), "access_log.cannot_open");
}

}  // namespace
}  // namespace turnpike::http
