#include "access/rate_limit.h"

#include <algorithm>

namespace turnpike {
namespace {

using std::chrono::seconds;

/// 60 a minute is far above what a person with a dashboard does. A provider that resends a day of
/// events after an outage sends a few hundred a second. A client with a stale credential retries
/// some times; one that guesses goes on.
constexpr RateRule kBilling{"billing", 60, seconds(60)};
constexpr RateRule kWebhook{"webhook", 1'000, seconds(1)};
constexpr RateRule kAuthFailure{"auth_failure", 30, seconds(60)};
/// An office behind one address signs in within a minute or two on a Monday morning.
constexpr RateRule kSignIn{"sign_in", 60, seconds(60)};
/// A seller's site may ask for its prices anew for each of its visitors, from one address.
constexpr RateRule kPage{"page", 6'000, seconds(60)};
/// They stay in the ledger for good, and a seller's own server may be the peer of all his buyers.
constexpr RateRule kReceipt{"receipt", 600, std::chrono::hours(1)};

std::int64_t seconds_up(Duration duration) { return std::chrono::ceil<seconds>(duration).count(); }

}  // namespace

const RateRule* rate_rule(RateClass rate) {
    switch (rate) {
        case RateClass::None: return nullptr;
        case RateClass::Billing: return &kBilling;
        case RateClass::Webhook: return &kWebhook;
        case RateClass::AuthFailure: return &kAuthFailure;
        case RateClass::SignIn: return &kSignIn;
        case RateClass::Page: return &kPage;
        case RateClass::Receipt: return &kReceipt;
    }
    return nullptr;
}

RateVerdict take_token(RateBucket& bucket, const RateRule& rule, Instant now) {
    const Duration per_token = rule.window / rule.quota;
    const Duration capacity = per_token * rule.quota;
    bucket.full_at = std::clamp(bucket.full_at, now, now + capacity);
    const Instant full_at = bucket.full_at + per_token;
    if (full_at - now > capacity)
        return {.allowed = false, .remaining = 0, .reset = full_at - now - capacity};
    bucket.full_at = full_at;
    return {.allowed = true,
            .remaining = (capacity - (full_at - now)) / per_token,
            .reset = full_at - now};
}

RateLimiter::RateLimiter(std::size_t capacity) : key_(random_sip_key()), buckets_(capacity) {}

RateVerdict RateLimiter::take(RateClass rate, std::string_view who, Instant now) {
    const RateRule* rule = rate_rule(rate);
    if (rule == nullptr) return {};
    std::string name(rule->name);
    name += '\n';
    name += who;
    return buckets_.update(siphash128(key_, name), RateBucket{},
                           [&](RateBucket& bucket) { return take_token(bucket, *rule, now); });
}

std::vector<std::pair<std::string, std::string>> rate_headers(RateClass rate,
                                                              const RateVerdict& verdict) {
    const RateRule* rule = rate_rule(rate);
    if (rule == nullptr) return {};
    return rate_headers(*rule, verdict);
}

std::vector<std::pair<std::string, std::string>> rate_headers(const RateRule& rule,
                                                              const RateVerdict& verdict) {
    const std::string name = '"' + std::string(rule.name) + '"';
    return {{"RateLimit-Policy", name + ";q=" + std::to_string(rule.quota) +
                                     ";w=" + std::to_string(seconds_up(rule.window))},
            {"RateLimit", name + ";r=" + std::to_string(verdict.remaining) +
                              ";t=" + std::to_string(seconds_up(verdict.reset))}};
}

Error rate_limited(const RateRule& rule, const RateVerdict& verdict) {
    Error error{ErrorCode::LimitExceeded, "access.rate_limited",
                "too many requests: at most " + std::to_string(rule.quota) + " in " +
                    std::to_string(seconds_up(rule.window)) + " s"};
    error.retry_after_s = static_cast<int>(std::max<std::int64_t>(1, seconds_up(verdict.reset)));
    return error;
}

}  // namespace turnpike
