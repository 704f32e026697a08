#include <gtest/gtest.h>

#include "base/encoding.h"
#include "json/value.h"
#include "payments/razorpay/client.h"
#include "payments/razorpay/intervals.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/translate.h"
#include "payments/redact.h"

namespace turnpike::razorpay {
namespace {

http::Reply reply(int status, std::string body, http::Headers headers = {}) {
    return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}

/// As the documentation prints one.
std::string error_body(const std::string& code, const std::string& description,
                       const std::string& field = "", const std::string& source = "business",
                       const std::string& reason = "input_validation_failed") {
    Json error{{"code", code},     {"description", description},
               {"source", source}, {"step", "payment_initiation"},
               {"reason", reason}, {"metadata", Json::object()}};
    if (!field.empty()) error["field"] = field;
    return to_text(Json{{"error", std::move(error)}});
}

TEST(RazorpayJudge, TakesNothingForFinalThatMayHaveHappened) {
    const auto refusal = error_body("BAD_REQUEST_ERROR", "The amount is invalid", "amount");
    const auto down = error_body("SERVER_ERROR", "We are facing some trouble");
    const auto bank = error_body("GATEWAY_ERROR", "Payment processing failed");
    struct Case {
        const char* name;
        Result<http::Reply> reply;
        Finality finality;
        bool may_have_happened, peer_is_failing;
    };
    using enum Finality;
    const Case cases[] = {
        {"success", reply(200, R"({"id":"sub_1"})"), Succeeded, false, false},
        {"deleted", reply(200, "[]"), Succeeded, false, false},
        {"a success cut short", reply(200, R"({"id":"sub)"), Again, true, true},
        {"a success in HTML", reply(200, "<html>"), Again, true, true},
        {"a list that is not empty", reply(200, "[1]"), Again, true, true},
        {"a redirect", reply(302, ""), Again, true, true},
        {"a refusal", reply(400, refusal), Refused, false, false},
        {"not found", reply(404, refusal), Refused, false, false},
        {"a refusal by somebody else", reply(404, "<h1>nginx</h1>"), Again, true, true},
        {"bad key", reply(401, refusal), NotNow, false, false},
        {"forbidden", reply(403, refusal), NotNow, false, false},
        {"another one runs", reply(409, refusal), Again, true, false},
        {"rate limit", reply(429, refusal), Again, false, true},
        {"rate limit of a proxy", reply(429, "slow down"), Again, false, true},
        {"the bank fails", reply(400, bank), Again, true, false},
        {"Razorpay fails as 400", reply(400, down), Again, true, true},
        {"Razorpay fails", reply(500, down), Again, true, true},
        {"bad gateway", reply(502, "<html>"), Again, true, true},
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
    EXPECT_EQ(judge(reply(429, refusal, {{"Retry-After", "3"}})).retry_after,
              std::chrono::milliseconds(3'000));
}

TEST(RazorpayRefusal, MapsWhatRazorpaySays) {
    struct Case {
        const char* name;
        int status;
        std::string body;
        ErrorCode code;
        const char* reason;
    };
    const std::string bad = "BAD_REQUEST_ERROR";
    const Case cases[] = {
        {"unknown id", 400, error_body(bad, "The id provided does not exist"), ErrorCode::NotFound,
         "payment.refused"},
        {"no id at all", 400, error_body(bad, "x is not a valid id"), ErrorCode::NotFound,
         "payment.refused"},
        {"404", 404, error_body(bad, "Gone"), ErrorCode::NotFound, "payment.refused"},
        {"a parameter", 400, error_body(bad, "The plan id field is required.", "plan_id"),
         ErrorCode::InvalidArgument, "payment.refused"},
        {"a state", 400,
         error_body(bad, "Subscription is not cancellable in cancelled status.", "status"),
         ErrorCode::Conflict, "payment.refused"},
        {"a state in words", 400,
         error_body(bad,
                    "Can't update subscription when subscription is not in Authenticated or "
                    "Active state"),
         ErrorCode::Conflict, "payment.refused"},
        {"somebody else", 400, error_body(bad, "Customer already exists for the merchant"),
         ErrorCode::Conflict, "payment.refused"},
        {"UPI", 400, error_body(bad, "subscriptions cannot be updated when payment mode is UPI"),
         ErrorCode::Unprocessable, "razorpay.mandate_is_fixed"},
        {"a card under a mandate", 400,
         error_body(bad, "Can't update subscription immediately when card mandate is applicable"),
         ErrorCode::Unprocessable, "razorpay.mandate_is_fixed"},
        {"the bank", 400,
         error_body(bad, "Your payment didn't go through", "", "issuer_bank", "payment_declined"),
         ErrorCode::PaymentRequired, "payment.declined"},
        {"not JSON", 400, "", ErrorCode::InvalidArgument, "payment.refused"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto error = read_refusal(c.status, c.body, RefusedSubject::Other);
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.reason.text(), c.reason);
    }
    const auto told =
        read_refusal(400, error_body(bad, "Bad amount", "amount"), RefusedSubject::Other);
    EXPECT_EQ(told.message, "razorpay refused: Bad amount");
    const std::vector<std::pair<std::string, std::string>> details = {
        {"provider_code", "BAD_REQUEST_ERROR"},
        {"provider_param", "amount"},
        {"provider_reason", "input_validation_failed"}};
    EXPECT_EQ(told.details, details);
}

TEST(RazorpayLimits, EachNamesTheWayThatWorks) {
    for (const Error& error :
         {method_needs_authorization(), mandate_is_fixed(), cancellation_is_final(),
          no_running_cycle(), interval_not_sold(), line_too_small(), no_pending_items(),
          no_portal(), no_test_clocks(), no_event_list(), no_dispute_list()}) {
        SCOPED_TRACE(error.reason.text());
        EXPECT_TRUE(error.reason.text().starts_with("razorpay."));
        EXPECT_EQ(error.code, ErrorCode::Unprocessable);
        ASSERT_EQ(error.details.size(), 1U);
        EXPECT_EQ(error.details[0].first, "hint");
        EXPECT_TRUE(error.message.ends_with(error.details[0].second)) << error.message;
    }
}

TEST(RazorpayConfig, RefusesWhatWouldLeakOrFail) {
    struct Case {
        const char* name;
        const char* key;
        const char* secret;
        const char* url;
        const char* reason;
    };
    const Case cases[] = {
        {"test key, loopback", "rzp_test_abc1", "s3cret", "http://127.0.0.1:12112", "none"},
        {"test key, Razorpay", "rzp_test_abc1", "s3cret", "https://api.razorpay.com", "none"},
        {"live key, Razorpay", "rzp_live_abc1", "s3cret", "https://api.razorpay.com", "none"},
        {"live key in clear", "rzp_live_abc1", "s3cret", "http://127.0.0.1:12112",
         "razorpay.live_key_in_clear"},
        {"no key", "", "s3cret", "https://api.razorpay.com", "razorpay.bad_key"},
        {"prefix alone", "rzp_test_", "s3cret", "https://api.razorpay.com", "razorpay.bad_key"},
        {"a colon", "rzp_test_a:b", "s3cret", "https://api.razorpay.com", "razorpay.bad_key"},
        {"Stripe's", "sk_test_abc", "s3cret", "https://api.razorpay.com", "razorpay.bad_key"},
        {"no secret", "rzp_test_abc1", "", "https://api.razorpay.com", "razorpay.bad_secret"},
        {"a line", "rzp_test_abc1", "a\nb", "https://api.razorpay.com", "razorpay.bad_secret"},
        {"a path", "rzp_test_abc1", "s3cret", "https://a/v1", "razorpay.bad_base_url"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        ClientConfig config;
        config.key_id = c.key;
        config.key_secret = c.secret;
        config.base_url = c.url;
        const auto checked = check_config(config);
        EXPECT_EQ(checked ? "none" : checked.error().reason.text(), c.reason);
    }
}

TEST(RazorpayWire, SendsKeysAndBodiesAsRazorpayWantsThem) {
    ClientConfig config;
    config.key_id = "rzp_test_abc1";
    config.key_secret = "s3cret";
    const auto wire = wire_of(config);
    const auto dressed = [&](http::Method method, std::string parameters) {
        http::Call request;
        request.method = method;
        request.url = "https://x/v1/y";
        wire.dress(request, {.method = method, .parameters = std::move(parameters)});
        return request;
    };
    const auto read = dressed(http::Method::Get, "count=1");
    EXPECT_EQ(read.url, "https://x/v1/y?count=1");
    EXPECT_EQ(*http::find_header(read.headers, "Authorization"),
              "Basic " + to_base64("rzp_test_abc1:s3cret"));
    EXPECT_EQ(dressed(http::Method::Delete, "").url, "https://x/v1/y");
    const auto written = dressed(http::Method::Patch, R"({"a":1})");
    EXPECT_EQ(written.body, R"({"a":1})");
    EXPECT_EQ(*http::find_header(written.headers, "Content-Type"), "application/json");
    const auto now = dressed(http::Method::Post, "");
    EXPECT_EQ(now.body, "");
    EXPECT_EQ(*http::find_header(now.headers, "Content-Type"), "application/x-www-form-urlencoded");

    const std::string leaky = "secret s3cret, header " + to_base64("rzp_test_abc1:s3cret");
    EXPECT_EQ(hide(leaky, wire.secrets), "secret ****, header ****");
}

TEST(RazorpayIntervals, AreThePortsInOtherWords) {
    struct Case {
        const char* interval;
        std::int64_t count;
        const char* period;
        std::int64_t cycles;  ///< in ten years
    };
    const Case cases[] = {
        {"day", 7, "daily", 521},    // 3650 / 7
        {"week", 2, "weekly", 260},  // 520 / 2
        {"month", 1, "monthly", 120}, {"month", 3, "monthly", 40},
        {"year", 1, "yearly", 10},    {"year", 20, "yearly", 1},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.interval);
        const auto rhythm = rhythm_of(c.interval, c.count);
        ASSERT_TRUE(rhythm);
        EXPECT_EQ(rhythm->period, c.period);
        EXPECT_EQ(rhythm->interval, c.count);
        EXPECT_EQ(cycles_ahead(*rhythm), c.cycles);
        const auto back = port_rhythm_of(*rhythm);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->interval, c.interval);
        EXPECT_EQ(back->count, c.count);
    }
    for (const auto& [interval, count] :
         {std::pair{"day", 6}, {"hour", 1}, {"", 1}, {"month", 0}, {"month", -1}})
        EXPECT_EQ(rhythm_of(interval, count).error().reason.text(), "razorpay.interval_not_sold");
    EXPECT_EQ(port_rhythm_of({"quarterly", 2})->count, 6);
    EXPECT_FALSE(port_rhythm_of({"fortnightly", 1}));
}

TEST(RazorpayNotes, KeepEveryObligationApart) {
    const std::string longest(256, 'x');
    EXPECT_EQ(obligation_note(longest), longest);
    const auto longer = obligation_note(longest + "1");
    EXPECT_EQ(longer.size(), 71U);  // "sha256:" and 64 digits
    EXPECT_NE(longer, obligation_note(longest + "2"));

    EXPECT_EQ(shortened("Ann", 3), "Ann");
    EXPECT_EQ(shortened("Anna", 3), "Ann");
    EXPECT_EQ(shortened("अनिल", 2), "अन") << "characters, not bytes";
    EXPECT_EQ(shortened("", 0), "");
    const auto notes = notes_of("o", {{"a", std::string(300, 'y')}});
    EXPECT_EQ(notes.at("a").get<std::string>().size(), 256U);
    EXPECT_EQ(notes.at("turnpike_obligation"), "o");
}

// Its API tells of an offer that it is there, and not what it gives.
TEST(RazorpayTranslate, AnOfferIsADiscountWithoutTerms) {
    Json subscription{
        {"id", "sub_1"},          {"plan_id", "plan_1"},    {"status", "active"},
        {"current_start", 1'000}, {"current_end", 2'000},   {"created_at", 1'000},
        {"start_at", 1'000},      {"offer_id", "offer_11"}, {"notes", Json::object()}};
    const auto with = read_subscription(subscription);
    ASSERT_TRUE(with) << with.error().message;
    ASSERT_TRUE(with->discounts && with->discounts->size() == 1U);
    EXPECT_EQ(with->discounts->front().id, "offer_11");
    EXPECT_FALSE(with->discounts->front().percent || with->discounts->front().amount);
    subscription["offer_id"] = nullptr;
    const auto without = read_subscription(subscription);
    ASSERT_TRUE(without && without->discounts);
    EXPECT_TRUE(without->discounts->empty());
}

}  // namespace
}  // namespace turnpike::razorpay
