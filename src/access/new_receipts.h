#pragma once

#include <cstddef>
#include <string_view>

#include "access/rate_limit.h"
#include "access/sharded_fifo_map.h"
#include "base/error.h"
#include "base/time.h"
#include "crypto/siphash.h"

namespace turnpike {

/// How many customers one peer brings into the ledger without a credential: 600 at once, then 600
/// an hour. They stay for good. A seller's own server may be the peer of all his buyers. Per
/// process, bounded, thread-safe; it knows keyed digests, no addresses.
class NewReceipts {
public:
    explicit NewReceipts(std::size_t capacity = 16'384);

    /// \param peer  address; of IPv6 its /64 counts
    /// Errors: LimitExceeded "access.rate_limited", with retry_after_s.
    Result<void> take(std::string_view peer, Instant now);

private:
    SipKey key_;
    ShardedFifoMap<Digest128, RateBucket, Digest128Hash> buckets_;
};

}  // namespace turnpike
