#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "http/message.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// So many calls in any such time: what is used up comes back evenly.
struct RateLimit {
    std::int64_t calls;
    Duration per;
};

/// Remembers, for each thing that is limited, how much of its limit is used. Thread-safe.
class RateGauge {
public:
    /// Takes one call off what `thing` has left; false, and nothing is taken, when that is none.
    bool admit(const std::string& thing, RateLimit limit, Instant now);

private:
    void forget_rested(Instant now);

    std::mutex mutex_;
    /// When each thing will have all of its limit again.
    std::unordered_map<std::string, Instant> rested_at_;
};

/// A call as the limits see it.
struct LimitedCall {
    std::string_view account;  ///< or what stands for it: a key, a token, a browser's intent
    http::Method method = http::Method::Get;
    std::string_view pattern;  ///< its route: "/v1/customers/{customer}"
    std::string_view path;
};

/// Stripe's limits of a test account: 25 reads and 25 writes a second; 25 calls a second of one
/// endpoint, whatever the method; 20 searches a second; 1,000 changes an hour of one PaymentIntent.
/// Meter events are counted by themselves, 1,000 a second.
///
/// \return the limit that is used up, as the header Stripe-Rate-Limited-Reason names it; nullopt
///         when the call may go on
std::optional<std::string_view> exceeded_limit(RateGauge& gauge, const LimitedCall& call,
                                               Instant now);

/// The 429 that a call over its limit gets.
StripeError rate_limit_error();

}  // namespace turnpike::twin
