#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "access/policy.h"
#include "access/rate_limit.h"
#include "access/sharded_fifo_map.h"
#include "base/time.h"
#include "crypto/siphash.h"

namespace turnpike {

/// What must go on when there is too much to do: limit checks, usage, gateways, providers' events,
/// payments, and the pages that say how the server is. Everything else waits or is refused, so that
/// it cannot take the room of these.
constexpr bool is_critical(const Policy& policy) {
    if (lets_in_anybody(policy) || policy.who == Who::Gateway) return true;
    if (policy.rate == RateClass::Webhook) return true;
    if (policy.method != "POST") return false;
    return policy.repeats == Repeats::OwnIdentity || policy.repeats == Repeats::Harmless ||
           policy.pattern.starts_with("/billing/") ||
           policy.pattern.starts_with("/api/subscriptions") ||
           policy.pattern.starts_with("/api/v1/payments/") ||
           policy.pattern.starts_with("/v1/subscriptions");
}

/// Why a request is turned away before its handler.
enum class Shed : std::uint8_t {
    No,
    Rate,      ///< this caller has asked too often
    Caller,    ///< too many of this caller's requests are being handled
    Everyone,  ///< too many requests that are not critical are being handled
    Ledger,    ///< too much waits for the ledger
};
std::string_view to_text(Shed shed);  ///< "rate", "caller", ..; for metrics

/// Four layers for requests that are not critical: how often one caller asks, how many of his are
/// in flight, how many of all, and how far behind the ledger is. Thread-safe; bounded.
class RequestLimits {
public:
    struct Config {
        std::int64_t per_minute = 60'000;    ///< of one key or user
        std::size_t in_flight_each = 256;    ///< of one key or user
        std::size_t in_flight_all = 2'048;   ///< of all that is not critical
        std::size_t ledger_backlog = 5'000;  ///< jobs that wait; at 10,000 it takes none
    };
    explicit RequestLimits(const Config& config);

    /// A place among the requests in flight, given back by the destructor.
    class Place {
    public:
        Place() = default;
        Place(RequestLimits& limits, std::string who) : limits_(&limits), who_(std::move(who)) {}
        Place(Place&& other) noexcept
            : limits_(std::exchange(other.limits_, nullptr)), who_(std::move(other.who_)) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (limits_ != nullptr) limits_->leave(who_);
        }

    private:
        RequestLimits* limits_ = nullptr;
        std::string who_;
    };
    struct Verdict {
        Shed shed = Shed::No;
        RateVerdict rate;
        Place place;
    };
    /// \param backlog  jobs that wait for the ledger
    Verdict enter(std::string_view who, Instant now, std::size_t backlog);
    [[nodiscard]] const RateRule& rule() const { return rule_; }
    [[nodiscard]] std::size_t in_flight() const { return all_; }

private:
    static constexpr std::size_t kShards = 16;
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, std::size_t> counts;
    };

    void leave(const std::string& who);
    Shard& shard_of(std::string_view who);

    const Config config_;
    const RateRule rule_;
    SipKey key_;
    ShardedFifoMap<Digest128, RateBucket, Digest128Hash> buckets_;
    std::atomic<std::size_t> all_{0};
    std::array<Shard, kShards> shards_;
};

}  // namespace turnpike
