#include "sandbox/stripe/wire/rate_limits.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

constexpr RateLimit kGlobal{.calls = 25, .per = 1s};
constexpr RateLimit kEndpoint{.calls = 25, .per = 1s};
constexpr RateLimit kSearch{.calls = 20, .per = 1s};
constexpr RateLimit kMeterEvents{.calls = 1'000, .per = 1s};
constexpr RateLimit kPaymentIntentChanges{.calls = 1'000, .per = 1h};

/// Beyond so many things, those that have all of their limit are forgotten.
constexpr std::size_t kThingsMax = 10'000;

constexpr std::string_view kGlobalRate = "global-rate";
constexpr std::string_view kEndpointRate = "endpoint-rate";
constexpr std::string_view kResourceSpecific = "resource-specific";

/// "/v1/payment_intents/pi_1/confirm" -> "pi_1".
std::string_view payment_intent_in(std::string_view path) {
    constexpr std::string_view kBefore = "/v1/payment_intents/";
    const auto id = path.substr(std::min(kBefore.size(), path.size()));
    return id.substr(0, id.find('/'));
}

}  // namespace

bool RateGauge::admit(const std::string& thing, RateLimit limit, Instant now) {
    const std::scoped_lock lock(mutex_);
    if (rested_at_.size() >= kThingsMax) forget_rested(now);
    const Duration each = limit.per / limit.calls;
    auto& rested_at = rested_at_.try_emplace(thing, now).first->second;
    const Instant from = std::max(rested_at, now);
    if (from + each - now > limit.per) return false;
    rested_at = from + each;
    return true;
}

void RateGauge::forget_rested(Instant now) {
    std::erase_if(rested_at_, [now](const auto& entry) { return entry.second <= now; });
}

std::optional<std::string_view> exceeded_limit(RateGauge& gauge, const LimitedCall& call,
                                               Instant now) {
    const std::string account = std::string(call.account) + " ";
    const bool reads = call.method == http::Method::Get || call.method == http::Method::Head;
    if (call.pattern.contains("/billing/meter_event"))  // of both versions of the API
        return gauge.admit(account + "meter events", kMeterEvents, now)
                   ? std::nullopt
                   : std::optional(kEndpointRate);
    if (!gauge.admit(account + (reads ? "reads" : "writes"), kGlobal, now)) return kGlobalRate;
    if (call.pattern.ends_with("/search"))
        return gauge.admit(account + "searches", kSearch, now) ? std::nullopt
                                                               : std::optional(kEndpointRate);
    if (!gauge.admit(account + std::string(call.pattern), kEndpoint, now)) return kEndpointRate;
    if (!reads && call.pattern.starts_with("/v1/payment_intents/{") &&
        !gauge.admit(account + std::string(payment_intent_in(call.path)), kPaymentIntentChanges,
                     now))
        return kResourceSpecific;
    return std::nullopt;
}

StripeError rate_limit_error() {
    StripeError error;
    error.http_status = 429;
    error.code = "rate_limit";
    error.message =
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits.";
    return error;
}

}  // namespace turnpike::twin
