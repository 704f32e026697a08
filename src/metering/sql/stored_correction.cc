#include "metering/sql/stored_correction.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "metering/recount.h"
#include "metering/sql/counter_book.h"
#include "metering/sql/stored_counter.h"
#include "metering/sql/stored_recount.h"
#include "metering/usage_delta.h"

namespace turnpike {
namespace {

constexpr std::string_view kContent = R"sql(
    SELECT content_hash FROM usage_events WHERE source = $1 AND event_id = $2
)sql";

// The name of a reservation is a row here as well, with an id before 'ue', and no event.
constexpr std::string_view kOriginal = R"sql(
    SELECT e.id, e.event_time, e.subscription_id, e.properties
      FROM usage_events e LEFT JOIN usage_corrections c ON c.id = e.id
     WHERE e.source = $1 AND e.event_id = $2 AND e.customer_id = $3 AND c.id IS NULL
       AND e.id > 'ue'
)sql";

constexpr std::string_view kCounts = R"sql(
    SELECT 0 AS number, meter_key, reset, period_start, quantity, segment, position, value_hash
      FROM usage_events WHERE id = $1
    UNION ALL
    SELECT number, meter_key, reset, period_start, quantity, segment, position, value_hash
      FROM usage_event_counts WHERE usage_event_id = $1
     ORDER BY 1
)sql";

constexpr std::string_view kEarlier = R"sql(
    SELECT quantity FROM usage_corrections WHERE original_id = $1 ORDER BY number
)sql";

constexpr std::string_view kInsertEvent = R"sql(
    INSERT INTO usage_events (id, source, event_id, customer_id, meter_key, quantity, event_time,
                              received_at, subscription_id, reset, period_start, segment,
                              properties, content_hash)
    VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, '', $12)
    ON CONFLICT (source, event_id) DO NOTHING
)sql";

constexpr std::string_view kInsertCorrection = R"sql(
    INSERT INTO usage_corrections (original_id, number, id, kind, quantity)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kInsertCount = R"sql(
    INSERT INTO usage_correction_counts (correction_id, number, meter_key, reset, period_start,
                                         segment, position, change)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)sql";

/// One count of the original, and its counter as it is.
struct StoredCount {
    Counter counter;
    std::int64_t entries;  ///< of its history
    Quantity value;
    std::size_t segment;
    std::optional<std::int64_t> position, value_hash;  ///< as the row says
};

/// A counter as a correction leaves it.
struct CorrectedCounter {
    Counter counter;
    bool is_value_gone = false;
};

struct Original {
    std::string id;
    Instant time;
    std::string properties;
    std::vector<StoredCount> counts;
    EventStatus status;
    std::int64_t corrections = 0;  ///< so far
};

UsageOutcome rejected(EventComplaint complaint) {
    return {Verdict::Rejected, std::move(complaint), {}};
}

std::vector<StoredCount> load_counts(sql::Transaction& tx, const std::string& event,
                                     const CustomerId& customer, const Contract& contract) {
    std::vector<StoredCount> counts;
    for (const auto& row : tx.all(kCounts, {event})) {
        const auto reset = parse_reset(row.text(2));
        check(reset.has_value(), "the ledger holds only words that we wrote");
        const std::string meter_key = row.text(1);
        auto counted = load_counted(tx, {customer, contract, meter_key, *reset, row.instant(3)});
        check(counted.has_value(), "an event moved a counter that is there");
        counts.push_back({std::move(counted->counter), counted->entries, row.quantity(4),
                          static_cast<std::size_t>(row.integer(5)), row.maybe_integer(6),
                          row.maybe_integer(7)});
    }
    return counts;
}

std::optional<Original> load_original(sql::Transaction& tx, const PendingUsage& pending) {
    const Correction& correction = *pending.correction;
    const CustomerId& customer = pending.event.customer;
    const auto row = tx.one(kOriginal, {correction.source, correction.id, customer});
    if (!row) return std::nullopt;
    Original original{.id = row->text(0),
                      .time = row->instant(1),
                      .properties = row->text(3),
                      .counts = {},
                      .status = {}};
    const std::string subscription = row->text(2);
    Contract contract;
    if (!subscription.empty()) contract = SubscriptionId::trusted(subscription);
    original.counts = load_counts(tx, original.id, customer, contract);
    for (const auto& earlier : tx.all(kEarlier, {original.id})) {
        ++original.corrections;
        if (earlier.is_null(0))
            original.status.is_voided = true;
        else
            original.status.amended = earlier.quantity(0);
    }
    return original;
}

CorrectedCounter revalued(const RecordJob& job, const CustomerId& customer,
                          const Original& original, const StoredCount& count,
                          const ValueChange& change) {
    const Counter& before = count.counter;
    const Revaluation event{count.segment, original.time, change};
    OtherEvents others;
    if (rests_on_others(before, event))
        others = load_other_events(job.tx, key_of(customer, before), before.aggregation,
                                   {original.id, count.position, count.value_hash});
    const auto next = recounted(before, event, others);
    if (!next) return {before};
    auto after = moved_to(before, *next);
    check(after.has_value(), "the events of a counter make a counter");
    return {*std::move(after), next->is_value_gone};
}

CorrectedCounter counter_after(const RecordJob& job, const CustomerId& customer,
                               const Original& original, const StoredCount& count,
                               const ValueChange& change) {
    if (!adds_up(rule_of(count.counter))) return revalued(job, customer, original, count, change);
    auto after = corrected(count.counter, {count.segment, change.difference(), original.time});
    check(after.has_value(), "what an event counted can be taken away");
    return {*std::move(after)};
}

/// The counters as the correction leaves them, or why it cannot be.
std::expected<std::vector<CorrectedCounter>, EventComplaint> counters_after(
    const RecordJob& job, const PendingUsage& pending, const Original& original,
    const std::vector<ValueChange>& changes) {
    const UsageEvent& event = pending.event;
    const bool is_amend = pending.correction->kind == Correction::Kind::Amend;
    std::vector<CorrectedCounter> counters;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const StoredCount& count = original.counts[i];
        counters.push_back(counter_after(job, event.customer, original, count, changes[i]));
        if (!is_amend) continue;
        if (const auto bound = bound_passed(count.counter, counters.back().counter, event.time))
            return std::unexpected(
                complaint_of(*bound, count.counter.meter_key, count.counter.reset));
    }
    return counters;
}

void save_counters(const RecordJob& job, const CustomerId& customer, const Original& original,
                   const std::vector<CorrectedCounter>& counters) {
    for (std::size_t i = 0; i < counters.size(); ++i) {
        const auto& [counter, is_value_gone] = counters[i];
        const StoredCount& count = original.counts[i];
        save_counter(job.tx, customer, &count.counter, {counter, count.entries + 1});
        if (is_value_gone)
            remove_unique_value(job.tx, key_of(customer, counter),
                                std::bit_cast<std::uint64_t>(count.value_hash.value()));
    }
}

void save_correction(const RecordJob& job, const PendingUsage& pending, const Original& original,
                     const std::vector<ValueChange>& changes, const std::string& content) {
    const UsageEvent& event = pending.event;
    const Correction& correction = *pending.correction;
    const Counter& first = original.counts.front().counter;
    const auto id = job.ids.make<UsageEventId>(job.received_at);
    const auto inserted = job.tx.run(
        kInsertEvent,
        {id, event.source, event.id, event.customer, first.meter_key, event.time, job.received_at,
         text_of(first.contract), to_text(first.reset), first.period.start,
         static_cast<std::int64_t>(original.counts.front().segment), content});
    std::optional<Quantity> amended;
    if (correction.kind == Correction::Kind::Amend) amended = correction.quantity;
    const auto linked = job.tx.run(kInsertCorrection, {original.id, original.corrections + 1, id,
                                                       to_text(correction.kind), amended});
    if (inserted != 1 || linked != 1)
        throw sql::Failure("a correction appeared inside our transaction", false);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const StoredCount& count = original.counts[i];
        job.tx.run(kInsertCount, {id, static_cast<std::int64_t>(i), count.counter.meter_key,
                                  to_text(count.counter.reset), count.counter.period.start,
                                  static_cast<std::int64_t>(count.segment), count.entries + 1,
                                  changes[i].difference()});
    }
}

/// Of the counters that the original moved in this meter.
std::vector<UsageDelta::Window> windows_of(const Original& original, std::string_view meter_key) {
    std::vector<UsageDelta::Window> windows;
    for (const StoredCount& count : original.counts)
        if (count.counter.meter_key == meter_key)
            windows.push_back(
                {count.counter.contract, count.counter.reset, count.counter.period.start});
    return windows;
}

/// As the event itself, it counts once for each of its meters.
void save_correction_deltas(const RecordJob& job, const PendingUsage& pending,
                            const Original& original, const std::vector<ValueChange>& changes) {
    std::vector<std::string_view> meters;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const std::string& meter_key = original.counts[i].counter.meter_key;
        if (std::ranges::find(meters, meter_key) != meters.end()) continue;
        meters.push_back(meter_key);
        const bool is_void = pending.correction->kind == Correction::Kind::Void;
        save_delta(job.tx,
                   {.customer = pending.event.customer.text(),
                    .meter_key = meter_key,
                    .source = pending.correction->source,
                    .properties = original.properties,
                    .hour = std::chrono::floor<std::chrono::hours>(original.time),
                    .events = is_void ? -1 : 0,
                    .units = changes[i].difference().scaled() / Quantity::kOne,
                    .millionths = changes[i].difference().scaled() % Quantity::kOne,
                    .latencies_us = {},
                    .windows = windows_of(original, meter_key)},
                   job.received_at, job.ids);
    }
}

UsageOutcome correct_one(const RecordJob& job, const PendingUsage& pending) {
    const UsageEvent& event = pending.event;
    const std::string content = content_hash(pending);
    if (const auto known = job.tx.one(kContent, {event.source, event.id}))
        return {known->text(0) == content ? Verdict::Duplicate : Verdict::Conflict, {}, {}};
    const auto original = load_original(job.tx, pending);
    if (!original)
        return rejected({"unknown_event",
                         "the customer has no event of this source and id; a correction is none"});
    std::vector<RecordedCount> counts;
    for (const StoredCount& count : original->counts)
        counts.push_back({rule_of(count.counter), count.value});
    const auto changes = changes_of(*pending.correction, original->status, counts);
    if (!changes) return rejected(changes.error());
    const auto after = counters_after(job, pending, *original, *changes);
    if (!after) return rejected(after.error());
    save_counters(job, event.customer, *original, *after);
    save_correction(job, pending, *original, *changes, content);
    save_correction_deltas(job, pending, *original, *changes);
    return {};
}

}  // namespace

std::vector<UsageOutcome> correct_usage(const RecordJob& job,
                                        std::span<const PendingUsage> corrections) {
    // What has expired by then leaves its room to them.
    CounterBook book(job.tx, job.received_at);
    for (const PendingUsage& pending : corrections) book.expire(pending.event.customer);
    book.save();
    std::vector<UsageOutcome> outcomes;
    outcomes.reserve(corrections.size());
    for (const PendingUsage& pending : corrections) outcomes.push_back(correct_one(job, pending));
    return outcomes;
}

}  // namespace turnpike
