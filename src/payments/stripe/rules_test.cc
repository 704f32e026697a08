#include <gtest/gtest.h>

#include "payments/stripe/client.h"
#include "payments/stripe/form.h"
#include "payments/stripe/refusal.h"
#include "payments/stripe/testing.h"
#include "payments/stripe/verdict.h"

namespace turnpike::stripe {
namespace {

TEST(Form, EscapesValuesAndMetadataKeysOnly) {
    Form form;
    form.add("items[0][price]", "price_1").add("amount", -25).add("description", "a+b & c=d %/é");
    form.add_metadata({{"plain", "x y"}, {"a][b", "z"}});
    EXPECT_EQ(form.text(),
              "items[0][price]=price_1&amount=-25&description=a%2Bb%20%26%20c%3Dd%20%25%2F%C3%A9"
              "&metadata[a%5D%5Bb]=z&metadata[plain]=x%20y");
}

http::Reply reply(int status, std::string body, http::Headers headers = {}) {
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

TEST(Judge, FollowsStripesRetryRules) {
    const std::string refused = golden_text("error_no_such_price.json");
    const std::string object = R"({"id":"cus_1"})";
    const auto error = [](const char* type, const char* code) {
        return R"({"error":{"type":")" + std::string(type) + R"(","code":")" + code + R"("}})";
    };
    struct Case {
        const char* name;
        Result<http::Reply> reply;
        Finality finality;
        bool may_have_happened, peer_is_failing;
    };
    using enum Finality;
    const Case cases[] = {
        {"success", reply(200, object), Succeeded, false, false},
        {"201 is success", reply(201, object), Succeeded, false, false},
        {"a success cut short", reply(200, R"({"id":"cus)"), Again, true, true},
        {"a success in HTML", reply(200, "<html>"), Again, true, true},
        {"a success that is a list", reply(200, "[]"), Again, true, true},
        {"a redirect", reply(302, ""), Again, true, true},
        {"a refusal", reply(400, refused), Refused, false, false},
        {"not found", reply(404, golden_text("error_no_such_method.json")), Refused, false, false},
        {"a decline", reply(402, golden_text("error_declined_2020-08-27.json")), Refused, false,
         false},
        {"a refusal to be retried", reply(400, refused, {{"Stripe-Should-Retry", "true"}}), Again,
         true, false},
        {"a refusal by somebody else", reply(404, "<h1>nginx</h1>"), Again, true, true},
        {"bad key", reply(401, golden_text("error_bad_key.json")), NotNow, false, false},
        {"forbidden", reply(403, error("invalid_request_error", "")), NotNow, false, false},
        {"key in use", reply(409, error("idempotency_error", "idempotency_key_in_use")), Again,
         true, false},
        {"key of other content", reply(400, error("idempotency_error", "")), NotNow, true, false},
        {"rate limit", reply(429, error("invalid_request_error", "rate_limit")), NotNow, false,
         true},
        {"rate limit to be retried",
         reply(429, error("invalid_request_error", "rate_limit"),
               {{"stripe-should-retry", "true"}}),
         Again, false, true},
        {"lock time-out", reply(429, error("invalid_request_error", "lock_timeout")), NotNow, false,
         false},
        {"server error", reply(500, error("api_error", "")), Again, true, true},
        {"bad gateway", reply(502, "<html>"), Again, true, true},
        {"a stored 500", reply(500, error("api_error", ""), {{"Stripe-Should-Retry", "false"}}),
         NotNow, true, true},
        {"not sent", fail(ErrorCode::Unavailable, "http.not_sent", "refused"), Again, false, true},
        {"no reply", fail(ErrorCode::OutcomeUnknown, "http.no_reply", "timed out"), Again, true,
         true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto verdict = judge(c.reply);
        EXPECT_EQ(verdict.finality, c.finality);
        EXPECT_EQ(verdict.may_have_happened, c.may_have_happened);
        EXPECT_EQ(verdict.peer_is_failing, c.peer_is_failing);
    }
}

TEST(Judge, ReadsRetryAfterStrictly) {
    const auto wait = [](const char* text) {
        return judge(reply(503, "", {{"Retry-After", text}})).retry_after;
    };
    EXPECT_EQ(wait("7"), std::chrono::milliseconds(7'000));
    EXPECT_EQ(wait("0"), std::chrono::milliseconds(0));
    for (const char* bad : {"", "-1", "7s", " 7", "1e3", "Wed, 21 Oct 2026 07:28:00 GMT", "86401"})
        EXPECT_EQ(wait(bad), std::nullopt) << bad;
}

TEST(ReadRefusal, MapsWhatStripeSays) {
    const auto error = [](const char* type, const char* code, const char* param) {
        return R"({"error":{"type":")" + std::string(type) + R"(","code":")" + code +
               R"(","param":")" + param + R"(","message":"M"}})";
    };
    struct Case {
        const char* name;
        int status;
        std::string body;
        RefusedSubject subject;
        ErrorCode code;
        const char* reason;
    };
    using enum RefusedSubject;
    const Case cases[] = {
        {"declined, 2020", 402, golden_text("error_declined_2020-08-27.json"), PaymentMethod,
         ErrorCode::PaymentRequired, "payment.declined"},
        {"declined, clover", 402, golden_text("error_declined_2025-10-29.clover.json"), Other,
         ErrorCode::PaymentRequired, "payment.declined"},
        {"3-D Secure on an invoice", 402,
         error("card_error", "subscription_payment_intent_requires_action", ""), Other,
         ErrorCode::PaymentRequired, "payment.authentication_required"},
        {"3-D Secure off session", 402, error("card_error", "authentication_required", ""), Other,
         ErrorCode::PaymentRequired, "payment.authentication_required"},
        {"unknown method on attach", 404, golden_text("error_no_such_method.json"), PaymentMethod,
         ErrorCode::InvalidArgument, "payment.unknown_method"},
        {"unknown method as a parameter", 400,
         error("invalid_request_error", "resource_missing", "default_payment_method"), Other,
         ErrorCode::InvalidArgument, "payment.unknown_method"},
        {"attached elsewhere", 400, error("invalid_request_error", "", ""), PaymentMethod,
         ErrorCode::InvalidArgument, "payment.unknown_method"},
        {"attach to an unknown customer", 404,
         error("invalid_request_error", "resource_missing", "customer"), PaymentMethod,
         ErrorCode::NotFound, "payment.refused"},
        {"no such price", 400, golden_text("error_no_such_price.json"), Other,
         ErrorCode::InvalidArgument, "payment.refused"},
        {"no such customer", 404, golden_text("error_no_such_customer.json"), Other,
         ErrorCode::NotFound, "payment.refused"},
        {"no method on the customer", 400, golden_text("error_no_method_on_customer.json"), Other,
         ErrorCode::InvalidArgument, "payment.method_required"},
        {"amount of zero", 400, golden_text("error_amount_zero.json"), Other,
         ErrorCode::InvalidArgument, "payment.refused"},
        {"not a draft any more", 400, error("invalid_request_error", "invoice_not_editable", ""),
         Other, ErrorCode::Conflict, "payment.refused"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto refusal = read_refusal(c.status, c.body, c.subject);
        EXPECT_EQ(refusal.code, c.code);
        EXPECT_EQ(refusal.reason.text(), c.reason);
    }
}

TEST(ReadRefusal, TellsCodesAndHidesSecrets) {
    const auto declined = read_refusal(402, golden_text("error_declined_2025-10-29.clover.json"),
                                       RefusedSubject::PaymentMethod);
    const std::vector<std::pair<std::string, std::string>> details = {
        {"decline_code", "generic_decline"}, {"provider_code", "card_declined"}};
    EXPECT_EQ(declined.details, details);
    EXPECT_EQ(declined.message, "stripe refused: Your card was declined.");

    const auto leaky = read_refusal(400, R"({"error":{"message":"key sk_test_abc is odd"}})",
                                    RefusedSubject::Other);
    EXPECT_EQ(leaky.message, "stripe refused: key sk_test_**** is odd");

    // What Stripe advises is no advice to callers of ours.
    const auto asked =
        read_refusal(402,
                     R"({"error":{"code":"subscription_payment_intent_requires_action",)"
                     R"("message":"Retry with `payment_behavior=default_incomplete`"}})",
                     RefusedSubject::Other);
    EXPECT_FALSE(asked.message.contains("default_incomplete")) << asked.message;
    EXPECT_TRUE(asked.message.contains("3-D Secure")) << asked.message;
    const auto unknown =
        read_refusal(404, golden_text("error_no_such_method.json"), RefusedSubject::PaymentMethod);
    EXPECT_EQ(unknown.message, "stripe refused: No such PaymentMethod: 'invalid'");
}

TEST(CheckConfig, RefusesWhatWouldLeakOrFail) {
    struct Case {
        const char* name;
        const char* key;
        const char* url;
        const char* reason;
    };
    const Case cases[] = {
        {"test key, loopback", "sk_test_abc123", "http://127.0.0.1:12111", "none"},
        {"test key, Stripe", "sk_test_abc123", "https://api.stripe.com", "none"},
        {"live key, Stripe", "sk_live_abc123", "https://api.stripe.com", "none"},
        {"restricted key", "rk_live_abc123", "https://api.stripe.com", "none"},
        {"live key in clear", "sk_live_abc123", "http://127.0.0.1:12111",
         "stripe.live_key_in_clear"},
        {"restricted live key in clear", "rk_live_abc123", "http://api.stripe.com",
         "stripe.live_key_in_clear"},
        {"no key", "", "https://api.stripe.com", "stripe.bad_key"},
        {"publishable key", "pk_test_abc123", "https://api.stripe.com", "stripe.bad_key"},
        {"prefix alone", "sk_test_", "https://api.stripe.com", "stripe.bad_key"},
        {"header injection", "sk_test_a\r\nX: y", "https://api.stripe.com", "stripe.bad_key"},
        {"no scheme", "sk_test_abc123", "api.stripe.com", "stripe.bad_base_url"},
        {"no host", "sk_test_abc123", "https://", "stripe.bad_base_url"},
        {"user part", "sk_test_abc123", "https://a@b", "stripe.bad_base_url"},
        {"query", "sk_test_abc123", "https://a/?b", "stripe.bad_base_url"},
        {"path", "sk_test_abc123", "https://a/v1", "stripe.bad_base_url"},
        {"slash at the end", "sk_test_abc123", "https://a/", "stripe.bad_base_url"},
        {"text after the port", "sk_test_abc123", "http://127.0.0.1:12111x", "stripe.bad_base_url"},
        {"space at the end", "sk_test_abc123", "http://127.0.0.1:12111 ", "stripe.bad_base_url"},
        {"address of version 6", "sk_test_abc123", "http://[::1]:12111", "none"},
        {"file", "sk_test_abc123", "file:///etc/passwd", "stripe.bad_base_url"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        ClientConfig config;
        config.secret_key = c.key;
        config.base_url = c.url;
        const auto checked = check_config(config);
        EXPECT_EQ(checked ? "none" : checked.error().reason.text(), c.reason);
    }
}

}  // namespace
}  // namespace turnpike::stripe
