#include "access/request_limits.h"

#include <functional>

namespace turnpike {
namespace {

constexpr std::size_t kCallersMax = 65'536;

}  // namespace

std::string_view to_text(Shed shed) {
    switch (shed) {
        case Shed::No: return "no";
        case Shed::Rate: return "rate";
        case Shed::Caller: return "caller";
        case Shed::Everyone: return "everyone";
        case Shed::Ledger: return "ledger";
    }
    std::unreachable();
}

RequestLimits::RequestLimits(const Config& config)
    : config_(config),
      rule_{"caller", config.per_minute, std::chrono::seconds(60)},
      key_(random_sip_key()),
      buckets_(kCallersMax) {}

RequestLimits::Verdict RequestLimits::enter(std::string_view who, Instant now,
                                            std::size_t backlog) {
    Verdict verdict;
    if (backlog >= config_.ledger_backlog) {
        verdict.shed = Shed::Ledger;
        return verdict;
    }
    verdict.rate = buckets_.update(siphash128(key_, who), RateBucket{}, [&](RateBucket& bucket) {
        return take_token(bucket, rule_, now);
    });
    if (!verdict.rate.allowed) {
        verdict.shed = Shed::Rate;
        return verdict;
    }
    // What several take at the same moment, above the bound, they give back.
    if (++all_ > config_.in_flight_all) {
        --all_;
        verdict.shed = Shed::Everyone;
        return verdict;
    }
    std::string caller(who);
    Shard& shard = shard_of(caller);
    const std::lock_guard lock(shard.mutex);
    auto& count = shard.counts[caller];
    if (count >= config_.in_flight_each) {
        --all_;
        verdict.shed = Shed::Caller;
        return verdict;
    }
    ++count;
    return {Shed::No, verdict.rate, Place(*this, std::move(caller))};
}

void RequestLimits::leave(const std::string& who) {
    --all_;
    Shard& shard = shard_of(who);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.counts.find(who);
    if (--found->second == 0) shard.counts.erase(found);
}

RequestLimits::Shard& RequestLimits::shard_of(std::string_view who) {
    return shards_[std::hash<std::string_view>()(who) % kShards];
}

}  // namespace turnpike
