#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include <boost/asio/awaitable.hpp>

#include "access/rate_limit.h"
#include "access/sharded_fifo_map.h"
#include "base/id.h"
#include "catalog/guards.h"
#include "crypto/siphash.h"
#include "sql/database.h"

namespace turnpike {

namespace asio = boost::asio;

/// What features and routes of a host need, as every request sees it, and how often each customer
/// has used them lately. The latter is known to this process only, and bounded: when there is too
/// much of it, the oldest is forgotten, as if it had not been used. Thread-safe.
class UseGuards {
public:
    UseGuards();

    /// Never null; empty until the first publish.
    [[nodiscard]] std::shared_ptr<const Guards> get() const;
    void publish(Guards guards);
    /// Loads and publishes. Blocks; never from an io_context thread.
    void reload(sql::Database& database);
    /// Publishes what is stored now.
    asio::awaitable<void> catch_up(sql::Database& database);

    /// Takes one use, if there is one.
    /// \param what  the feature or route; one of another catalog is another one
    RateVerdict take(const CustomerId& customer, std::string_view what, const UseRate& rate,
                     Instant now);

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Guards> current_;  ///< guarded by mutex_
    SipKey key_;
    ShardedFifoMap<Digest128, RateBucket, Digest128Hash> buckets_;
};

}  // namespace turnpike
