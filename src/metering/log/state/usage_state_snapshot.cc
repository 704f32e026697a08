#include <algorithm>
#include <utility>
#include <vector>

#include "metering/log/state/contradiction.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {
namespace {

/// Hashes in one record, so that pieces stay small.
constexpr std::size_t kHashesMax = 8'192;
/// Buckets beside those of the window are kept for a while: two windows full at most.
constexpr Quantity kBucketsUsedMax = kMaxQuantity + kMaxQuantity;

std::unexpected<Error> bad_snapshot(const char* what) {
    return contradiction(what, "a snapshot of the usage log");
}

bool is_rolling(const CountRule& rule) { return rule.reset.kind == Reset::Kind::Rolling; }

}  // namespace

void UsageState::write_counter(std::uint32_t number, std::string& records) const {
    const Entry& entry = counters_[number];
    const ContractUsage& contract = contracts_[entry.contract];
    for (const Segment& segment : entry.segments) {
        std::optional<LogPlace> begins;
        if (&segment != &entry.segments.front() || !adds_up(entry.rule)) begins = segment.begins;
        if (segment.from_used > Quantity{})
            write_record(records, UsedRecord{number, segment.from_used});
        write_record(records, AllowanceRecord{.counter = number,
                                              .customer = contract.customer,
                                              .subscription = contract.subscription,
                                              .meter = entry.meter,
                                              .plan_version = segment.plan_version,
                                              .period = entry.period,
                                              .included = segment.included,
                                              .overage_unit_price = segment.overage_unit_price,
                                              .revision = entry.revision,
                                              .rule = entry.rule,
                                              .overage_cap = segment.overage_cap,
                                              .begins = begins,
                                              .kept = entry.kept,
                                              .override_number = segment.override_number});
    }
    write_record(records, UsedRecord{number, entry.used, entry.is_corrected});
    if (!keeps_trail(entry.rule)) return;
    const UsageTrail& trail = trail_of(entry);
    std::string buckets;
    put_buckets(buckets, trail.buckets);
    write_record(records, TrailRecord{number, trail.last_at, buckets});
}

Result<std::monostate> UsageState::write_values(std::uint32_t number, std::string& records,
                                                const TakeRecords& take) const {
    const Entry& entry = counters_[number];
    if (entry.past == kNoPast) return std::monostate{};
    const auto& unique = pasts_[entry.past].unique;
    std::vector<std::uint64_t> sorted(unique.begin(), unique.end());
    std::ranges::sort(sorted);
    for (auto rest = std::span(sorted); !rest.empty();) {
        const auto part = rest.first(std::min(rest.size(), kHashesMax));
        rest = rest.subspan(part.size());
        std::string hashes;
        for (const std::uint64_t hash : part) put_hash(hashes, hash);
        write_record(records, UniqueRecord{number, hashes});
        if (const auto taken = take(records); !taken) return failure(taken);
    }
    return std::monostate{};
}

Result<std::monostate> UsageState::write_snapshot(const TakeRecords& take) const {
    std::string records;
    const TakeRecords take_full = [&](std::string_view) -> Result<std::monostate> {
        if (records.size() < kSnapshotPieceBytes) return std::monostate{};
        auto taken = take(records);
        records.clear();
        return taken;
    };
    write_record(records, TotalsRecord{arrivals_, events_});
    for (std::size_t table = 0; table < names_.size(); ++table)
        for (std::uint32_t i = 0; i < names_[table].size(); ++i) {
            write_record(records, NameRecord{static_cast<NameTable>(table), names_[table].text(i)});
            if (const auto taken = take_full(records); !taken) return failure(taken);
        }
    for (std::uint32_t i = 0; i < counters_.size(); ++i) {
        write_counter(i, records);
        if (const auto taken = take_full(records); !taken) return failure(taken);
        if (const auto taken = write_values(i, records, take_full); !taken) return failure(taken);
    }
    if (const auto written = write_holds(records, take_full); !written) return failure(written);
    for (const auto& [place, status] : corrected_) {
        write_record(records, CorrectedRecord{place, status.is_voided, status.amended});
        if (const auto taken = take_full(records); !taken) return failure(taken);
    }
    // A piece that ended with the last record has taken all.
    if (records.empty()) return std::monostate{};
    return take(records);
}

Result<std::monostate> UsageState::apply_record(const UsedRecord& record) {
    if (record.counter >= counters_.size()) return bad_snapshot("a count has no counter");
    Entry& entry = counters_[record.counter];
    // What can fall may be above a limit that became smaller.
    const bool falls = can_fall(entry.rule);
    const Quantity least = falls ? Quantity{} : entry.used;
    const Quantity most = falls ? kBucketsUsedMax : kMaxQuantity - entry.held;
    if (record.used < least || record.used > most)
        return bad_snapshot("a count is beyond its limit");
    entry.used = record.used;
    // What was reserved under another plan may have passed the limit of the one in force.
    if (!falls && entry.hard_limit)
        entry.hard_limit = std::max(*entry.hard_limit, entry.used + entry.held);
    entry.is_corrected = record.is_corrected;
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const TrailRecord& record) {
    if (record.counter >= counters_.size()) return bad_snapshot("a count has no counter");
    const Entry& entry = counters_[record.counter];
    auto buckets = read_buckets(record.buckets);
    if (!buckets || !keeps_trail(entry.rule)) return bad_snapshot("a counter has no such past");
    if (record.last_at && !is_event_time(*record.last_at))
        return bad_snapshot("an event is of another time");
    Int128 used = 0;
    for (const UsageBucket& bucket : *buckets) used += bucket.used.scaled();
    if (is_rolling(entry.rule) ? used != entry.used.scaled() : !buckets->empty())
        return bad_snapshot("a count is not the sum of its past");
    pasts_[entry.past].trail = {record.last_at, *std::move(buckets)};
    queue_past(entry);
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const UniqueRecord& record) {
    if (record.counter >= counters_.size()) return bad_snapshot("a count has no counter");
    const Entry& entry = counters_[record.counter];
    if (entry.rule.aggregation != Meter::Aggregation::Unique || entry.past == kNoPast)
        return bad_snapshot("a counter has no such past");
    auto& unique = pasts_[entry.past].unique;
    NumberReader hashes(record.hashes);
    if (record.hashes.size() % sizeof(std::uint64_t) != 0)
        return bad_snapshot("a list of values has no end");
    while (!hashes.rest().empty()) unique.insert(read_hash(hashes));
    return std::monostate{};
}

Result<std::monostate> UsageState::apply_record(const TotalsRecord& record) {
    if (arrivals_ != 0 || events_ != 0) return bad_snapshot("totals come first");
    arrivals_ = record.arrivals;
    events_ = record.events;
    return std::monostate{};
}

}  // namespace turnpike
