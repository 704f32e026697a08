#include "metering/counter_history.h"

#include <algorithm>

namespace turnpike {
namespace {

using enum Meter::Aggregation;

/// Neither part has control characters.
std::string name_of(const std::string& source, const std::string& id) { return source + '\n' + id; }

std::vector<Quantity> differences(std::vector<Quantity> ends) {
    for (std::size_t i = ends.size(); i-- > 1;) ends[i] = ends[i] - ends[i - 1];
    return ends;
}

}  // namespace

void HistoryTally::add(const CounterEntry& entry) {
    if (aggregation_ == Sum || aggregation_ == Count) {
        if (sums_.size() <= entry.segment) sums_.resize(entry.segment + 1);
        sums_[entry.segment] = sums_[entry.segment] + entry.value;
        return;
    }
    if (entry.corrects) {
        const auto at = by_name_.find(name_of(entry.corrects->source, entry.corrects->id));
        if (at == by_name_.end()) return;
        EventStatus& status = facts_[at->second].status;
        status = corrected_by(status, *entry.corrects);
        return;
    }
    by_name_.emplace(name_of(entry.source, entry.event_id), facts_.size());
    facts_.push_back({entry.time, entry.segment, entry.value, entry.unique.value_or(0)});
}

std::vector<Quantity> HistoryTally::used(std::size_t segments) const {
    if (aggregation_ != Sum && aggregation_ != Count) return differences(ends(segments));
    auto sums = sums_;
    sums.resize(std::max(segments, sums.size()));
    return sums;
}

std::vector<Quantity> HistoryTally::ends(std::size_t segments) const {
    if (aggregation_ == Max) return most(segments);
    if (aggregation_ == Unique) return different(segments);
    // What can fall has no other segment than the newest.
    return std::vector<Quantity>(segments, aggregation_ == Min ? least() : latest());
}

std::vector<Quantity> HistoryTally::most(std::size_t segments) const {
    std::vector<Quantity> ends(segments);
    for (const Fact& fact : facts_) {
        if (fact.status.is_voided) continue;
        const Quantity value = fact.status.amended.value_or(fact.value);
        for (std::size_t i = fact.segment; i < segments; ++i) ends[i] = std::max(ends[i], value);
    }
    return ends;
}

Quantity HistoryTally::least() const {
    std::optional<Quantity> least;
    for (const Fact& fact : facts_) {
        if (fact.status.is_voided) continue;
        const Quantity value = fact.status.amended.value_or(fact.value);
        least = std::min(least.value_or(value), value);
    }
    return least.value_or(Quantity{});
}

Quantity HistoryTally::latest() const {
    const Fact* latest = nullptr;
    for (const Fact& fact : facts_) {
        if (fact.status.is_voided) continue;
        if (latest == nullptr || fact.time >= latest->time) latest = &fact;
    }
    if (latest == nullptr) return Quantity{};
    return latest->status.amended.value_or(latest->value);
}

std::vector<Quantity> HistoryTally::different(std::size_t segments) const {
    std::unordered_map<std::uint64_t, std::size_t> first_in;
    for (const Fact& fact : facts_) {
        if (fact.status.is_voided) continue;
        const auto [at, is_new] = first_in.emplace(fact.unique, fact.segment);
        if (!is_new) at->second = std::min(at->second, fact.segment);
    }
    std::vector<Quantity> ends(segments);
    for (const auto& [value, segment] : first_in)
        for (std::size_t i = segment; i < segments; ++i) ends[i] = ends[i] + Quantity::whole(1);
    return ends;
}

std::vector<Quantity> used_by_segment(const Counter& counter) {
    std::vector<Quantity> ends;
    for (std::size_t i = 0; i < counter.segments.size(); ++i)
        ends.push_back(end_of_segment(counter, i));
    return differences(std::move(ends));
}

}  // namespace turnpike
