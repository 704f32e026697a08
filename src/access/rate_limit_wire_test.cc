#include "access/rate_limit_wire.h"

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "json/json.h"

namespace turnpike {
namespace {

TEST(RateLimitedAnswer, IsTheRegisteredProblemWithHeaders) {
    http::Request request;
    request.path = "/billing/status";
    request.request_id = "req_test";
    const auto response = write_rate_limited(
        *rate_rule(RateClass::Billing), {false, 0, std::chrono::milliseconds(16'500)}, request);
    EXPECT_EQ(response.status, 429);
    EXPECT_EQ(*http::find_header(response.headers, "RateLimit-Policy"), R"("billing";q=60;w=60)");
    EXPECT_EQ(*http::find_header(response.headers, "RateLimit"), R"("billing";r=0;t=17)");
    EXPECT_EQ(*http::find_header(response.headers, "Retry-After"), "17");
    const auto body = testing::seen(response).body;
    EXPECT_EQ(body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    EXPECT_EQ(to_text(body["violated-policies"]), R"(["billing"])");
    EXPECT_EQ(body["code"], "access.rate_limited");
    EXPECT_EQ(body["instance"], "/billing/status");
}

}  // namespace
}  // namespace turnpike
