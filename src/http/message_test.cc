#include "http/message.h"

#include <gtest/gtest.h>

#include "http/target.h"
#include "http/text.h"
#include "json/value.h"

namespace turnpike::http {
namespace {

Request request_for(std::string path) {
    Request request;
    request.path = std::move(path);
    request.request_id = "req_1";
    return request;
}

TEST(Method, ReadsAndWritesTheSameWords) {
    for (const char* const word : {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}) {
        const auto method = parse_method(word);
        ASSERT_TRUE(method) << word;
        EXPECT_EQ(to_text(*method), word);
    }
    for (const char* const word : {"", "get", "GETT", "TRACE", "CONNECT"})
        EXPECT_FALSE(parse_method(word)) << word;
}

TEST(FindHeader, IgnoresCaseAndTakesTheFirst) {
    const Headers headers{{"X-A", "1"}, {"x-a", "2"}, {"B", ""}};
    EXPECT_EQ(*find_header(headers, "x-A"), "1");
    EXPECT_EQ(*find_header(headers, "b"), "");
    EXPECT_EQ(find_header(headers, "X"), nullptr);
    EXPECT_EQ(find_header({}, "X"), nullptr);
}

struct TypeCase {
    const char* type;
    bool is_json;
};

TEST(RequestJson, ChecksTheContentType) {
    const TypeCase cases[] = {
        {"application/json", true},
        {"Application/JSON", true},
        {"application/json; charset=utf-8", true},
        {"application/json;charset=\"UTF-8\"", true},
        {"application/json ; version=1", true},
        {"application/cloudevents+json", true},
        {"application/merge-patch+json; x=y", true},
        {"", false},
        {"text/json", false},
        {"text/plain", false},
        {"application/jsonp", false},
        {"application/+json", false},
        {"application/json, text/plain", false},
        {"application/json; charset=utf-16", false},
        {"application/x-www-form-urlencoded", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.type);
        Request request = request_for("/");
        request.headers = {{"content-type", c.type}};
        request.body = "{}";
        const auto body = request.json();
        EXPECT_EQ(body.has_value(), c.is_json);
        if (body) continue;
        EXPECT_EQ(body.error().reason.text(), "request.not_json");
        EXPECT_EQ(problem(body.error(), request).status, 415);
    }
    Request without = request_for("/");
    without.body = "{}";
    EXPECT_FALSE(without.json());
}

TEST(RequestJson, RefusesCodedAndBrokenBodies) {
    Request request = request_for("/");
    request.headers = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}};
    request.body = "{}";
    EXPECT_EQ(request.json().error().reason.text(), "request.encoded");
    request.headers.pop_back();
    request.body = "{";
    EXPECT_EQ(request.json().error().reason.text(), "json.invalid");
}

TEST(Problem, HasEveryMember) {
    Error error{ErrorCode::PaymentRequired, "payment.declined", "The card was declined."};
    error.fields = {{"/card", "declined", "was declined"}};
    error.details = {{"decline_code", "generic_decline"}};
    const Response response = problem(error, request_for("/v1/subscriptions"));
    EXPECT_EQ(response.status, 402);
    EXPECT_EQ(*find_header(response.headers, "Content-Type"), "application/problem+json");
    const auto body = parse_json(response.body);
    ASSERT_TRUE(body);
    const auto expected = parse_json(R"({
        "type": "https://turnpike.dev/problems/payment.declined",
        "title": "Payment Required",
        "status": 402,
        "detail": "The card was declined.",
        "code": "payment.declined",
        "instance": "/v1/subscriptions",
        "request_id": "req_1",
        "errors": [{"pointer": "/card", "code": "declined", "detail": "was declined"}],
        "decline_code": "generic_decline"})");
    ASSERT_TRUE(expected);
    EXPECT_EQ(*body, *expected);
}

TEST(Problem, MapsEveryCode) {
    const struct {
        ErrorCode code;
        int status;
    } cases[] = {
        {ErrorCode::InvalidArgument, 400}, {ErrorCode::Unauthenticated, 401},
        {ErrorCode::PaymentRequired, 402}, {ErrorCode::Forbidden, 403},
        {ErrorCode::NotFound, 404},        {ErrorCode::Conflict, 409},
        {ErrorCode::TooLarge, 413},        {ErrorCode::Unprocessable, 422},
        {ErrorCode::LimitExceeded, 429},   {ErrorCode::Unavailable, 503},
        {ErrorCode::OutcomeUnknown, 503},
    };
    for (const auto& c : cases) EXPECT_EQ(status_of(c.code), c.status);
}

TEST(Problem, SaysWhenToRetryAndHowToAuthenticate) {
    Error busy{ErrorCode::LimitExceeded, "rate.exceeded", "Slow down."};
    busy.retry_after_s = 17;
    EXPECT_EQ(*find_header(problem(busy, request_for("/")).headers, "Retry-After"), "17");
    const Error anonymous{ErrorCode::Unauthenticated, "access.no_credential", "Who are you?"};
    const Response response = problem(anonymous, request_for("/"));
    EXPECT_EQ(*find_header(response.headers, "WWW-Authenticate"), "Bearer");
    EXPECT_EQ(find_header(response.headers, "Retry-After"), nullptr);
}

struct TargetCase {
    const char* raw;
    const char* path;
    std::vector<std::pair<std::string, std::string>> query;
};

TEST(ReadTarget, SplitsPathAndQuery) {
    const TargetCase cases[] = {
        {"/", "/", {}},
        {"/a/b", "/a/b", {}},
        {"/a?", "/a", {}},
        {"/a?b=c", "/a", {{"b", "c"}}},
        {"/a?b=c&b=d&e", "/a", {{"b", "c"}, {"b", "d"}, {"e", ""}}},
        {"/a?&&b=&=c", "/a", {{"b", ""}, {"", "c"}}},
        {"/a?b=c=d?e", "/a", {{"b", "c=d?e"}}},
        {"/a%20b?c=d%20e+f%2Bg", "/a%20b", {{"c", "d e f+g"}}},
        {"/a?created_at%5Bgte%5D=1", "/a", {{"created_at[gte]", "1"}}},
        {"http://h/a?b=c", "/a", {{"b", "c"}}},
        {"http://h:80?b=c", "/", {{"b", "c"}}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.raw);
        Request request;
        EXPECT_FALSE(read_target(c.raw, request));
        EXPECT_EQ(request.path, c.path);
        EXPECT_EQ(request.query, c.query);
    }
}

TEST(Text, Trims) {
    EXPECT_EQ(trimmed(" \ta b\t "), "a b");
    EXPECT_EQ(trimmed(" \t "), "");
}

}  // namespace
}  // namespace turnpike::http
