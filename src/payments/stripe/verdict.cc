#include "payments/stripe/verdict.h"

#include <charconv>

#include "json/value.h"
#include "payments/stripe/redact.h"

namespace turnpike::stripe {
namespace {

/// The "error" member; nullopt when the body is not Stripe's.
std::optional<Json> error_object(const std::string& body) {
    auto json = parse_json(body);
    if (!json || !json->is_object()) return std::nullopt;
    const auto error = json->find("error");
    if (error == json->end() || !error->is_object()) return std::nullopt;
    return *error;
}

std::string text_of(const Json& error, const char* name) {
    const auto member = error.find(name);
    return member != error.end() && member->is_string() ? member->get<std::string>() : "";
}

std::optional<std::chrono::milliseconds> retry_after(const http::Headers& headers) {
    const std::string* text = http::find_header(headers, "Retry-After");
    if (text == nullptr) return std::nullopt;
    std::int64_t seconds = 0;
    const char* end = text->data() + text->size();
    const auto [rest, problem] = std::from_chars(text->data(), end, seconds);
    if (problem != std::errc() || rest != end || seconds < 0 || seconds > 86'400)
        return std::nullopt;
    return std::chrono::seconds(seconds);
}

std::string describe(int status, const std::optional<Json>& error) {
    std::string note = "HTTP " + std::to_string(status);
    if (!error) return note + " with a body that is not Stripe's";
    const auto code = text_of(*error, "code");
    const auto message = text_of(*error, "message");
    if (!code.empty()) note += " " + code;
    if (!message.empty()) note += ": " + message;
    return redact(note);
}

Verdict judge_status(int status, const std::optional<Json>& error) {
    const auto code = error ? text_of(*error, "code") : std::string();
    if (status >= 500) return {.may_have_happened = true, .peer_is_failing = true};
    // Rate limits are applied before anything runs; a lock time-out concerns one object only.
    if (status == 429)
        return {.finality = Finality::NotNow, .peer_is_failing = code != "lock_timeout"};
    // The key is in use by a request that runs now.
    if (status == 409) return {.may_have_happened = true};
    if (!error) return {.may_have_happened = true, .peer_is_failing = true};
    if (status == 401 || status == 403) return {.finality = Finality::NotNow};
    // Our key was used for other content: whatever that made, it is not this.
    if (text_of(*error, "type") == "idempotency_error")
        return {.finality = Finality::NotNow, .may_have_happened = true};
    if (status >= 400) return {.finality = Finality::Refused};
    return {.may_have_happened = true, .peer_is_failing = true};
}

Verdict judge_success(const std::string& body) {
    const auto json = parse_json(body);
    if (json && json->is_object()) return {.finality = Finality::Succeeded};
    return {.may_have_happened = true,
            .peer_is_failing = true,
            .note = "a success without a readable body"};
}

}  // namespace

Verdict judge(const Result<http::Reply>& reply) {
    if (!reply) {
        const bool sent = reply.error().code == ErrorCode::OutcomeUnknown;
        return {.may_have_happened = sent,
                .peer_is_failing = true,
                .note = redact(reply.error().message)};
    }
    if (reply->status >= 200 && reply->status < 300) return judge_success(reply->body);

    const auto error = error_object(reply->body);
    auto verdict = judge_status(reply->status, error);
    verdict.note = describe(reply->status, error);
    verdict.retry_after = retry_after(reply->headers);
    const std::string* should_retry = http::find_header(reply->headers, "Stripe-Should-Retry");
    if (should_retry == nullptr) return verdict;
    if (*should_retry == "false" && verdict.finality == Finality::Again)
        verdict.finality = Finality::NotNow;
    if (*should_retry == "true" && verdict.finality == Finality::NotNow)
        verdict.finality = Finality::Again;
    if (*should_retry == "true" && verdict.finality == Finality::Refused) {
        verdict.finality = Finality::Again;
        verdict.may_have_happened = true;
    }
    return verdict;
}

}  // namespace turnpike::stripe
