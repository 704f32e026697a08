#include "payments/stripe/verdict.h"

#include "json/value.h"

namespace turnpike::stripe {
namespace {

ReplyVerdict judge_status(int status, const std::optional<Json>& error) {
    const auto code = error ? text_member(*error, "code") : std::string();
    if (status >= 500) return {.may_have_happened = true, .peer_is_failing = true};
    // Rate limits are applied before anything runs; a lock time-out concerns one object only.
    if (status == 429)
        return {.finality = Finality::NotNow, .peer_is_failing = code != "lock_timeout"};
    // The key is in use by a request that runs now.
    if (status == 409) return {.may_have_happened = true};
    if (!error) return {.may_have_happened = true, .peer_is_failing = true};
    if (status == 401 || status == 403) return {.finality = Finality::NotNow};
    // Our key was used for other content: whatever that made, it is not this.
    if (text_member(*error, "type") == "idempotency_error")
        return {.finality = Finality::NotNow, .may_have_happened = true};
    if (status >= 400) return {.finality = Finality::Refused};
    return {.may_have_happened = true, .peer_is_failing = true};
}

constexpr ReplyRules kRules{.provider = "Stripe",
                            .message = "message",
                            .is_answer = [](const Json& body) { return body.is_object(); },
                            .judge_status = judge_status};

}  // namespace

ReplyVerdict judge(const Result<http::Reply>& reply) {
    auto verdict = judge_reply(reply, kRules);
    if (!reply || (reply->status >= 200 && reply->status < 300)) return verdict;
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
