#include "entitlements/standing_cache.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace turnpike {
namespace {

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

/// Alike in all that matters without counters.
bool same(const Standing& one, const Standing& other) {
    return one.plan->id == other.plan->id && one.subscription == other.subscription &&
           one.revision == other.revision && one.status == other.status &&
           one.period.start == other.period.start && one.since == other.since &&
           one.until == other.until && one.time == other.time &&
           (one.time == Standing::Time::Running || one.now == other.now);
}

bool holds_counts(const StandingSnapshot& snapshot, Instant system_now) {
    return !snapshot.counts_until ||
           customer_now(snapshot.standing, system_now) < *snapshot.counts_until;
}

enum class Order : std::uint8_t { Newer, NotNewer, Unknown };

/// A counter's states follow one another. What only rises shows their order by itself; what is held
/// goes up and down, and can be told apart only where more was used, too.
Order order_of(const Counter& counter, const Counter& known) {
    if (counter.used == known.used && counter.held != known.held) return Order::Unknown;
    if (!can_fall(rule_of(counter)))
        return counter.used > known.used ? Order::Newer : Order::NotNewer;
    if (counter.trail.last_at != known.trail.last_at)
        return counter.trail.last_at > known.trail.last_at ? Order::Newer : Order::NotNewer;
    return counter.used == known.used ? Order::NotNewer : Order::Unknown;
}

/// The snapshot's counter of the same contract and window; nullptr: it shows another one.
Counter* find_same(StandingSnapshot& snapshot, const Counter& counter) {
    if (snapshot.standing.subscription != counter.contract) return nullptr;
    const auto of_meter = snapshot.counters.find(counter.meter_key);
    if (of_meter == snapshot.counters.end()) return nullptr;
    const auto same = std::ranges::find_if(of_meter->second, [&](const Counter& known) {
        return known.reset == counter.reset && known.period.start == counter.period.start;
    });
    return same == of_meter->second.end() ? nullptr : &*same;
}

}  // namespace

StandingCache::Config StandingCache::Config::for_engine(std::string_view engine) {
    Config config;
    if (engine != "sqlite") config.age_max = std::chrono::milliseconds(1'000);
    return config;
}

StandingCache::StandingCache(Config config) : config_(config) {}

StandingCache::Shard& StandingCache::shard_of(std::string_view customer) {
    return shards_[hash_of(customer) % kShards];
}

std::size_t StandingCache::stripe_of(std::string_view customer) {
    return hash_of(customer) / kShards % kStripes;
}

std::optional<std::string> StandingCache::id_of(std::string_view ref) {
    if (CustomerId::parse(ref)) return std::string(ref);
    if (ref.starts_with("ext:")) ref.remove_prefix(4);
    Names& names = names_[hash_of(ref) % kShards];
    const std::lock_guard lock(names.mutex);
    const auto found = names.ids.find(std::string(ref));
    if (found == names.ids.end()) return std::nullopt;
    return found->second.text();
}

void StandingCache::remember_name(const Standing& standing) {
    Names& names = names_[hash_of(standing.external_id) % kShards];
    const std::lock_guard lock(names.mutex);
    const auto known = names.ids.find(standing.external_id);
    if (known != names.ids.end() && known->second == standing.customer) return;
    if (names.ids.size() >= shard_max()) names.ids.clear();
    names.ids.insert_or_assign(standing.external_id, standing.customer);
}

std::optional<StandingCache::Entry> StandingCache::entry_of(std::string_view ref) {
    const auto id = id_of(ref);
    if (!id) return std::nullopt;
    Shard& shard = shard_of(*id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(*id);
    if (found == shard.entries.end()) return std::nullopt;
    return found->second;
}

bool StandingCache::is_young(std::optional<Clock::time_point> since) const {
    return since && Clock::now() - *since <= config_.age_max;
}

bool StandingCache::is_fresh(const Entry& entry, Instant system_now) const {
    if (!is_young(entry.loaded_at)) return false;
    const Standing& standing = entry.snapshot->standing;
    return standing.time == Standing::Time::Frozen || system_now < standing.until;
}

StandingCache::Snapshot StandingCache::find(std::string_view ref, Instant system_now, Age age) {
    const auto entry = entry_of(ref);
    if (!entry) return nullptr;
    if (age == Age::Any) return entry->snapshot;
    const bool is_good = is_young(entry->counted_at) && is_fresh(*entry, system_now) &&
                         holds_counts(*entry->snapshot, system_now);
    return is_good ? entry->snapshot : nullptr;
}

std::optional<Standing> StandingCache::find_standing(std::string_view ref, Instant system_now) {
    const auto entry = entry_of(ref);
    if (!entry || !is_fresh(*entry, system_now)) return std::nullopt;
    Standing standing = entry->snapshot->standing;
    standing.now = customer_now(standing, system_now);
    return standing;
}

void StandingCache::put(Ticket ticket, Snapshot snapshot) {
    const std::string id = snapshot->standing.customer.text();
    remember_name(snapshot->standing);
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (shard.changed[stripe_of(id)] > ticket) return;
    const auto now = Clock::now();
    insert(shard, id, {std::move(snapshot), now, now}, shard_max());
}

void StandingCache::seen(Ticket ticket, const Standing& standing) {
    const std::string& id = standing.customer.text();
    remember_name(standing);
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    if (shard.invalidated[stripe_of(id)] > ticket) return;
    const auto found = shard.entries.find(id);
    if (found != shard.entries.end() && same(found->second.snapshot->standing, standing)) {
        found->second.loaded_at = Clock::now();
        return;
    }
    auto snapshot = std::make_shared<const StandingSnapshot>(StandingSnapshot{standing, {}});
    insert(shard, id, {std::move(snapshot), Clock::now(), std::nullopt}, shard_max());
}

void StandingCache::insert(Shard& shard, const std::string& id, Entry entry, std::size_t most) {
    const auto [at, inserted] = shard.entries.insert_or_assign(id, std::move(entry));
    if (!inserted) return;
    shard.order.push_back(id);
    while (shard.order.size() > most) {
        shard.entries.erase(shard.order.front());
        shard.order.pop_front();
    }
}

void StandingCache::count_moved(Ticket ticket, const CustomerId& customer,
                                std::span<const Counter> counters) {
    const std::string& id = customer.text();
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    shard.changed[stripe_of(id)] = ++changes_;
    const auto found = shard.entries.find(id);
    // Without counters it shows none: these alone would help nobody.
    if (found == shard.entries.end() || !found->second.counted_at) return;
    if (shard.fell[stripe_of(id)] > ticket) {
        found->second.counted_at.reset();
        return;
    }
    StandingSnapshot next = *found->second.snapshot;
    bool is_newer = false;
    for (const Counter& counter : counters) {
        Counter* const known = find_same(next, counter);
        if (known == nullptr) continue;
        const Order order = order_of(counter, *known);
        if (order == Order::Unknown) found->second.counted_at.reset();
        if (order != Order::Newer) continue;
        *known = counter;
        is_newer = true;
    }
    if (is_newer)
        found->second.snapshot = std::make_shared<const StandingSnapshot>(std::move(next));
}

void StandingCache::counts_moved(const CustomerId& customer) { forget_counts(customer, Fell::No); }

void StandingCache::counts_fell(const CustomerId& customer) { forget_counts(customer, Fell::Yes); }

void StandingCache::forget_counts(const CustomerId& customer, Fell fell) {
    const std::string& id = customer.text();
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const Ticket now = ++changes_;
    shard.changed[stripe_of(id)] = now;
    if (fell == Fell::Yes) shard.fell[stripe_of(id)] = now;
    const auto found = shard.entries.find(id);
    if (found != shard.entries.end()) found->second.counted_at.reset();
}

void StandingCache::invalidate(const CustomerId& customer) {
    const std::string& id = customer.text();
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const Ticket now = ++changes_;
    shard.changed[stripe_of(id)] = now;
    shard.invalidated[stripe_of(id)] = now;
    const auto found = shard.entries.find(id);
    if (found == shard.entries.end()) return;
    found->second.loaded_at.reset();
    found->second.counted_at.reset();
}

void StandingCache::clear() {
    for (Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        const Ticket now = ++changes_;
        shard.changed.fill(now);
        shard.invalidated.fill(now);
        shard.entries.clear();
        shard.order.clear();
    }
}

std::size_t StandingCache::size() const {
    std::size_t total = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        total += shard.entries.size();
    }
    return total;
}

}  // namespace turnpike
