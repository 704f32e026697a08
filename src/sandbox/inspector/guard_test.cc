#include "sandbox/inspector/guard.h"

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

TEST(InspectorGuard, KnowsALocalHost) {
    const struct {
        const char* host;
        bool local;
    } cases[] = {
        {"localhost", true},
        {"localhost:12111", true},
        {"127.0.0.1:12111", true},
        {"192.168.1.7", true},
        {"[::1]:12111", true},
        {"sandbox:12111", true},
        {"shop.localhost", true},
        {"", false},
        {":12111", false},
        {"evil.example", false},
        {"evil.example:12111", false},
        {"127.0.0.1.evil.example", false},
        {"1.2.3", false},
        {"a.b.c.d", false},
        {"localhost.evil.example", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_local_host(c.host), c.local) << c.host;
}

TEST(InspectorGuard, LetsNoOtherPageChangeAnything) {
    const struct {
        http::Method method;
        http::Headers headers;
        bool answered;
    } cases[] = {
        {http::Method::Get, {{"Host", "localhost:1"}}, true},
        {http::Method::Get, {{"Host", "localhost:1"}, {"Origin", "http://evil.example"}}, true},
        {http::Method::Get, {{"Host", "evil.example"}}, false},
        {http::Method::Get, {}, false},
        {http::Method::Post, {{"Host", "localhost:1"}}, true},
        {http::Method::Post, {{"Host", "localhost:1"}, {"Origin", "http://localhost:1"}}, true},
        {http::Method::Post, {{"Host", "localhost:1"}, {"Origin", "https://localhost:1"}}, true},
        {http::Method::Post, {{"Host", "localhost:1"}, {"Origin", "http://localhost:2"}}, false},
        {http::Method::Post, {{"Host", "localhost:1"}, {"Origin", "http://evil.example"}}, false},
        {http::Method::Post, {{"Host", "localhost:1"}, {"Origin", "null"}}, false},
        {http::Method::Post, {{"Host", "evil.example"}, {"Origin", "http://evil.example"}}, false},
    };
    for (const auto& c : cases) {
        http::Request request;
        request.method = c.method;
        request.headers = c.headers;
        EXPECT_EQ(refusal_of_guard(request).empty(), c.answered)
            << (c.headers.empty() ? "" : c.headers.back().second);
    }
}

}  // namespace
}  // namespace turnpike::twin
