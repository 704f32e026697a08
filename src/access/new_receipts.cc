#include "access/new_receipts.h"

#include <chrono>

#include "http/client_address.h"

namespace turnpike {
namespace {

constexpr RateRule kRule{"receipt", 600, std::chrono::hours(1)};

}  // namespace

NewReceipts::NewReceipts(std::size_t capacity) : key_(random_sip_key()), buckets_(capacity) {}

Result<void> NewReceipts::take(std::string_view peer, Instant now) {
    const auto verdict =
        buckets_.update(siphash128(key_, http::limited_peer(peer)), RateBucket{},
                        [&](RateBucket& bucket) { return take_token(bucket, kRule, now); });
    if (verdict.allowed) return {};
    return std::unexpected(rate_limited(kRule, verdict));
}

}  // namespace turnpike
