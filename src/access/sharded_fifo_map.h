#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace turnpike {

/// A bounded table for values that may be lost: when a shard is full, the entry put in first goes.
/// Every operation is O(1) except erase_if. Thread-safe; one mutex per shard, never held across a
/// call out of this class except `work` of update().
template <class Key, class Value, class Hash, std::size_t Shards = 16>
class ShardedFifoMap {
public:
    /// `capacity` entries over all shards; at least one each.
    explicit ShardedFifoMap(std::size_t capacity)
        : per_shard_(capacity / Shards == 0 ? 1 : capacity / Shards) {}

    /// Calls `work(Value*)` under the shard's lock, with nullptr when the key is absent.
    template <class Work>
    auto look(const Key& key, Work work) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.values.find(key);
        return work(found == shard.values.end() ? nullptr : &found->second);
    }

    /// Calls `work(Value&)` under the shard's lock; an absent value is made from `fresh` first.
    template <class Work>
    auto update(const Key& key, const Value& fresh, Work work) {
        Shard& shard = shard_of(key);
        const std::lock_guard lock(shard.mutex);
        auto [at, inserted] = shard.values.try_emplace(key, fresh);
        if (inserted) {
            shard.order.push_back(key);
            while (shard.order.size() > per_shard_) {
                shard.values.erase(shard.order.front());
                shard.order.pop_front();
            }
            at = shard.values.find(key);
        }
        return work(at->second);
    }

    void put(const Key& key, Value value) {
        update(key, value, [&](Value& slot) { slot = std::move(value); });
    }

    /// Visits everything; for rare events.
    template <class Predicate>
    void erase_if(Predicate predicate) {
        for (Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            std::erase_if(shard.order, [&](const Key& key) {
                const auto found = shard.values.find(key);
                if (found == shard.values.end() || !predicate(found->second)) return false;
                shard.values.erase(found);
                return true;
            });
        }
    }

    [[nodiscard]] std::size_t size() const {
        std::size_t total = 0;
        for (const Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            total += shard.values.size();
        }
        return total;
    }

private:
    /// `order` and `values` hold the same keys.
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<Key, Value, Hash> values;
        std::deque<Key> order;
    };

    /// The high bits choose the shard; the map inside uses the low ones.
    Shard& shard_of(const Key& key) {
        constexpr int kTopByte = (sizeof(std::size_t) - 1) * 8;
        return shards_[(Hash{}(key) >> kTopByte) % Shards];
    }

    std::size_t per_shard_;
    std::array<Shard, Shards> shards_;
};

}  // namespace turnpike
