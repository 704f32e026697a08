#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/sharded_fifo_map.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/siphash.h"

namespace turnpike {

/// Which budget a request draws from.
enum class RateClass : std::uint8_t {
    None,         ///< unlimited here; the plan's allowance limits metered routes
    Billing,      ///< /billing and key management, per principal (per peer when anonymous)
    Webhook,      ///< inbound provider events, per peer
    AuthFailure,  ///< refused credentials, per peer
    SignIn,       ///< sign-up, sign-in and password resets, per peer
    Page,         ///< public pages and lists, per peer
    Receipt,      ///< customers whom receipts alone name, per peer
};

/// A bucket of `quota` tokens that refills evenly, `quota` per `window`.
struct RateRule {
    std::string_view name;  ///< in the RateLimit-Policy header
    std::int64_t quota;
    Duration window;
};
/// nullptr for None.
const RateRule* rate_rule(RateClass rate);

struct RateVerdict {
    bool allowed = true;
    std::int64_t remaining = 0;  ///< whole tokens left
    /// Allowed: until the bucket is full again. Refused: until the next token.
    Duration reset{0};
};

/// One bucket's whole state: when it will be full (the generic cell rate algorithm, ITU-T I.371).
struct RateBucket {
    Instant full_at{};
};
/// Takes a token if there is one. Pure. After a clock stepped back, nobody waits longer than one
/// window.
RateVerdict take_token(RateBucket& bucket, const RateRule& rule, Instant now);

/// Buckets by (class, who). Bounded: when the table is full the oldest bucket is forgotten, which
/// is the same as full. Thread-safe.
class RateLimiter {
public:
    explicit RateLimiter(std::size_t capacity = 65'536);

    /// Class None is always allowed. `who` is a principal's name, or a peer as
    /// http::limited_peer() names it: who asks behind the trusted proxies, of IPv6 its /64.
    RateVerdict take(RateClass rate, std::string_view who, Instant now);
    [[nodiscard]] std::size_t size() const { return buckets_.size(); }

private:
    SipKey key_;
    ShardedFifoMap<Digest128, RateBucket, Digest128Hash> buckets_;
};

/// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10), for every answer of a
/// limited route. Empty for None. Retry-After comes from the error's retry_after_s.
std::vector<std::pair<std::string, std::string>> rate_headers(RateClass rate,
                                                              const RateVerdict& verdict);
std::vector<std::pair<std::string, std::string>> rate_headers(const RateRule& rule,
                                                              const RateVerdict& verdict);
/// LimitExceeded "access.rate_limited" with retry_after_s, for a refused verdict. Answer with
/// write_rate_limited() (rate_limit_wire.h), which says the rest.
Error rate_limited(const RateRule& rule, const RateVerdict& verdict);

}  // namespace turnpike
