#include "sandbox/stripe/calls/answer.h"

#include <utility>

#include "http/limits.h"
#include "json/value.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/rate_limits.h"

namespace turnpike::twin {

namespace {

constexpr const char* kUnlogged = "_unlogged";

}  // namespace

Json unlogged() { return {{kUnlogged, true}}; }

std::string error_text(const StripeError& error, const std::string& request_id, Instant now) {
    Json body = error.extra.is_object() ? error.extra : Json::object();
    body["type"] = error.type;
    body["message"] = error.message;
    if (!error.code.empty()) {
        body["code"] = error.code;
        body["doc_url"] = doc_url_of(error.code);
    }
    if (!error.param.empty()) body["param"] = error.param;
    if (!error.decline_code.empty()) body["decline_code"] = error.decline_code;
    if (error.http_status != 401 && !flag_of(body, kUnlogged))
        body["request_log_url"] = "https://dashboard.stripe.com/test/logs/" + request_id +
                                  "?t=" + std::to_string(unix_seconds(now));
    return wire_text(visible(Json{{"error", std::move(body)}}));
}

std::string wire_text(const Json& answer) { return to_pretty_text(answer) + "\n"; }

http::Response wire_response(WireAnswer answer, const AnswerContext& context) {
    http::Response response{.status = answer.status, .headers = {}, .body = std::move(answer.body)};
    auto& headers = response.headers;
    const auto add = [&](std::string name, std::string value) {
        headers.emplace_back(std::move(name), std::move(value));
    };
    add("Content-Type", "application/json");
    add("Cache-Control", "no-cache, no-store");
    if (answer.status == 401) {
        add("WWW-Authenticate", "Basic realm=\"Stripe\"");
        return response;
    }
    add("Request-Id", context.request_id);
    if (!context.version.empty()) add("Stripe-Version", context.version);
    if (context.method != http::Method::Post) return response;
    if (!context.idempotency_key.empty()) {
        add("Idempotency-Key", context.idempotency_key);
        add("Original-Request",
            answer.original_request.empty() ? context.request_id : answer.original_request);
    }
    if (answer.execution != Execution::NotBegun) add("Stripe-Should-Retry", "false");
    if (answer.execution == Execution::Replayed) add("Idempotent-Replayed", "true");
    return response;
}

http::Response excuse_of(const http::Request& request, int status, const std::string& request_id,
                         Instant now) {
    constexpr int kTooManyRequests = 429;
    StripeError error;
    if (status == kTooManyRequests) {
        error = rate_limit_error();
    } else {
        error.http_status = status;
        error.type = "api_error";
        error.message = "Sorry! There was an error while talking to Stripe. (The sandbox's chaos.)";
    }
    const auto* key = request.header("Idempotency-Key");
    auto response = wire_response({.status = status, .body = error_text(error, request_id, now)},
                                  {.request_id = request_id,
                                   .version = "",
                                   .idempotency_key = key == nullptr ? "" : *key,
                                   .method = request.method});
    if (status == kTooManyRequests)
        response.headers.emplace_back("Stripe-Rate-Limited-Reason", "global-rate");
    return response;
}

http::Response refused_request(const http::Request& request, int status, Instant now) {
    StripeError error;
    error.http_status = status;
    error.message = status == 413
                        ? "Request entity too large. The sandbox reads at most " +
                              std::to_string(http::kBodyBytesMax) + " bytes of a request."
                        : "Invalid request (it could not be read as HTTP, or did not arrive in "
                          "time).";
    return wire_response({.status = status, .body = error_text(error, request.request_id, now)},
                         {.request_id = request.request_id,
                          .version = "",
                          .idempotency_key = "",
                          .method = request.method});
}

}  // namespace turnpike::twin
