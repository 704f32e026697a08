#include "analytics/usage/request_line.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

constexpr const char* kCustomer = "cus_01J8Z3QK5D2M7N8P9R0S1T2V3W";

// What Debian's programs sent: nginx 1.22 with our log_format, Caddy 2.6 (its headers cut).
const std::string kNginx =
    R"(<190>Nov 21 23:30:00 host nginx: {"method":"GET","uri":"/signals/history/A%20B?x=\"1\"",)"
    R"("customer":"cus_01J8Z3QK5D2M7N8P9R0S1T2V3W","status":200,"seconds":0.012})";
const std::string kCaddy =
    R"({"level":"info","ts":1795305198.4774349,"logger":"http.log.access.log0","msg":)"
    R"("handled request","request":{"remote_ip":"127.0.0.1","proto":"HTTP/1.1","method":"POST",)"
    R"("host":"127.0.0.1:28431","uri":"/a?x=1","headers":{"X-Turnpike-Customer":["cus_lie"]}},)"
    R"("user_id":"cus_01J8Z3QK5D2M7N8P9R0S1T2V3W","duration":0.000139207,"size":2,"status":402,)"
    R"("resp_headers":{"Server":["Caddy"]}})"
    "\n";

TEST(RequestLine, IsReadFromNginxAndFromCaddy) {
    const auto nginx = read_request_line(kNginx);
    ASSERT_TRUE(nginx);
    EXPECT_EQ(nginx->method, "GET");
    EXPECT_EQ(nginx->target, "/signals/history/A%20B?x=\"1\"");
    EXPECT_EQ(nginx->customer, kCustomer);
    EXPECT_EQ(nginx->status, 200);
    EXPECT_EQ(nginx->latency, Duration(12'000));
    const auto caddy = read_request_line(kCaddy);
    ASSERT_TRUE(caddy);
    EXPECT_EQ(caddy->method, "POST");
    EXPECT_EQ(caddy->target, "/a?x=1");
    EXPECT_EQ(caddy->customer, kCustomer);
    EXPECT_EQ(caddy->status, 402);
    EXPECT_EQ(caddy->latency, Duration(139));
}

std::string line(const char* customer, const char* status, const char* seconds) {
    return std::string(R"({"method":"GET","uri":"/","customer":)") + customer + R"(,"status":)" +
           status + R"(,"seconds":)" + seconds + "}";
}

TEST(RequestLine, WhatIsNoCustomerIsNobody) {
    for (const char* customer : {R"("")", R"("-")", "null", R"("cus_lie")", "17", R"({"a":1})"}) {
        SCOPED_TRACE(customer);
        const auto read = read_request_line(line(customer, "200", "1"));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->customer, "");
    }
}

TEST(RequestLine, WhatSaysTooLittleIsNone) {
    const std::string bad[] = {
        "",
        "hello",
        "{}",
        "{",
        R"({"method":"GET","uri":"/","status":200})",
        R"({"method":"GET","status":200,"seconds":1})",
        R"({"uri":"/","status":200,"seconds":1})",
        R"({"method":"GET","uri":"/","seconds":1})",
        line(R"("")", "99", "1"),
        line(R"("")", "600", "1"),
        line(R"("")", "2.5", "1"),
        line(R"("")", R"("ok")", "1"),
        line(R"("")", "200", "-1"),
        line(R"("")", "200", "1e3"),
        line(R"("")", "200", "0.1234567e3"),
        line(R"("")", "200", R"("soon")"),
        line(R"("")", "200", "1") + "{}",
    };
    for (const auto& text : bad) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(read_request_line(text));
    }
}

RC_GTEST_PROP(RequestLine, AnyBytesAreSafe, (const std::string& bytes)) {
    (void)read_request_line(bytes);
    auto cut = kCaddy.substr(0, *rc::gen::inRange<std::size_t>(0, kCaddy.size()));
    RC_ASSERT(!read_request_line(cut) || cut.size() + 1 == kCaddy.size());
    cut.insert(*rc::gen::inRange<std::size_t>(0, cut.size() + 1), bytes);
    (void)read_request_line(cut);
}

}  // namespace
}  // namespace turnpike
