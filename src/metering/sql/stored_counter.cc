#include "metering/sql/stored_counter.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "metering/same_terms.h"
#include "sql/known_word.h"

namespace turnpike {
namespace {

constexpr std::string_view kCounter = R"sql(
    SELECT c.period_end, c.aggregation, c.used, c.hard_limit, c.last_at,
           s.plan_version_id, s.from_used, s.included, s.overage_unit_price, s.overage_cap,
           c.held, c.entries, s.override_number
      FROM usage_counters c
      JOIN usage_segments s
        ON s.customer_id = c.customer_id AND s.subscription_id = c.subscription_id
       AND s.meter_key = c.meter_key AND s.reset = c.reset AND s.period_start = c.period_start
     WHERE c.customer_id = $1 AND c.subscription_id = $2 AND c.meter_key = $3 AND c.reset = $4
       AND c.period_start = $5
     ORDER BY s.number
)sql";

constexpr std::string_view kBuckets = R"sql(
    SELECT number, used FROM usage_buckets
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
     ORDER BY number
)sql";

constexpr std::string_view kPeriods = R"sql(
    SELECT meter_key, reset, period_start FROM usage_counters
     WHERE customer_id = $1 AND subscription_id = $2 AND reset = 'billing_period'
       AND period_end > $3 AND period_start < $4
     ORDER BY period_start, meter_key
)sql";

constexpr std::string_view kRunning = R"sql(
    SELECT meter_key, reset, period_start FROM usage_counters
     WHERE customer_id = $1 AND subscription_id = $2
       AND ((reset = 'billing_period' AND period_start = $3)
            OR (reset <> 'billing_period' AND period_start <= $4 AND period_end > $4))
     ORDER BY meter_key, reset
)sql";

// A row that another transaction has written since ours began ends ours, here as in an UPDATE.
constexpr std::string_view kOpenCounter = R"sql(
    INSERT INTO usage_counters (customer_id, subscription_id, meter_key, reset, period_start,
                                period_end, aggregation, used, hard_limit, last_at, held,
                                entries)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kUpdateCounter = R"sql(
    UPDATE usage_counters SET period_end = $6, used = $7, hard_limit = $8, last_at = $9, held = $10,
                              entries = $11
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND period_start = $5
)sql";

constexpr std::string_view kDropSegments = R"sql(
    DELETE FROM usage_segments
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND period_start = $5
)sql";

constexpr std::string_view kInsertSegment = R"sql(
    INSERT INTO usage_segments (customer_id, subscription_id, meter_key, reset, period_start,
                                number, plan_version_id, from_used, included, overage_unit_price,
                                overage_cap, override_number)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
)sql";

constexpr std::string_view kMoveSegment = R"sql(
    UPDATE usage_segments SET from_used = $7
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND period_start = $5 AND number = $6
)sql";

constexpr std::string_view kDropBucket = R"sql(
    DELETE FROM usage_buckets
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND number = $5
)sql";

constexpr std::string_view kDropBuckets = R"sql(
    DELETE FROM usage_buckets
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND number < $5
)sql";

constexpr std::string_view kSetBucket = R"sql(
    INSERT INTO usage_buckets (customer_id, subscription_id, meter_key, reset, number, used)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (customer_id, subscription_id, meter_key, reset, number) DO UPDATE
       SET used = excluded.used
)sql";

constexpr std::string_view kUniqueValue = R"sql(
    SELECT 1 FROM usage_unique_values
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND period_start = $5 AND value_hash = $6
)sql";

constexpr std::string_view kAddUniqueValue = R"sql(
    INSERT INTO usage_unique_values (customer_id, subscription_id, meter_key, reset, period_start,
                                     value_hash)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING
)sql";

constexpr std::string_view kRemoveUniqueValue = R"sql(
    DELETE FROM usage_unique_values
     WHERE customer_id = $1 AND subscription_id = $2 AND meter_key = $3 AND reset = $4
       AND period_start = $5 AND value_hash = $6
)sql";

std::optional<UnitPrice> maybe_price(const sql::Row& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return row.unit_price(column);
}

CounterSegment segment_from(const sql::Row& row) {
    return {row.id<PlanVersionId>(5), row.quantity(6),
            row.quantity(7),          maybe_price(row, 8),
            maybe_price(row, 9),      static_cast<std::uint32_t>(row.integer(12))};
}

/// $1 to $5 of every statement about one counter.
std::vector<sql::Value> with_key(const CounterKey& key, std::initializer_list<sql::Value> more) {
    std::vector<sql::Value> parameters{key.customer, text_of(key.contract), key.meter_key,
                                       to_text(key.reset), key.window_start};
    parameters.insert(parameters.end(), more);
    return parameters;
}

void write_row(sql::Transaction& tx, const CounterKey& key, const Counter* before,
               const CountedHistory& counted) {
    const Counter& now = counted.counter;
    if (before != nullptr) {
        tx.run(kUpdateCounter, with_key(key, {now.period.end, now.used, now.hard_limit,
                                              now.trail.last_at, now.held, counted.entries}));
        return;
    }
    const auto opened =
        tx.run(kOpenCounter,
               with_key(key, {now.period.end, to_text(now.aggregation), now.used, now.hard_limit,
                              now.trail.last_at, now.held, counted.entries}));
    if (opened != 1) throw sql::Failure("a counter appeared inside our transaction", false);
}

/// A segment only moves, when usage before it is corrected; a counter that can fall has only its
/// newest.
void write_segments(sql::Transaction& tx, const CounterKey& key, const Counter* before,
                    const Counter& now) {
    std::size_t written = before == nullptr ? 0 : before->segments.size();
    if (before != nullptr && can_fall(rule_of(now)) &&
        !are_same_terms(before->segments.back(), now.segments.back())) {
        tx.run(kDropSegments, with_key(key, {}));
        written = 0;
    }
    for (std::size_t i = 0; i < written; ++i)
        if (now.segments[i].from_used != before->segments[i].from_used)
            tx.run(kMoveSegment,
                   with_key(key, {static_cast<std::int64_t>(i), now.segments[i].from_used}));
    for (std::size_t i = written; i < now.segments.size(); ++i) {
        const CounterSegment& segment = now.segments[i];
        tx.run(kInsertSegment,
               with_key(key, {static_cast<std::int64_t>(i), segment.plan_version, segment.from_used,
                              segment.included, segment.overage_unit_price, segment.overage_cap,
                              static_cast<std::int64_t>(segment.override_number)}));
    }
}

void write_buckets(sql::Transaction& tx, const CounterKey& key, const Counter* before,
                   const Counter& now) {
    const std::vector<UsageBucket> none;
    const auto& old = before == nullptr ? none : before->trail.buckets;
    const auto& buckets = now.trail.buckets;
    const auto statement = [&](std::string_view sql, std::initializer_list<sql::Value> more) {
        std::vector<sql::Value> parameters{key.customer, text_of(key.contract), key.meter_key,
                                           to_text(key.reset)};
        parameters.insert(parameters.end(), more);
        tx.run(sql, parameters);
    };
    const bool has_left =
        !old.empty() && (buckets.empty() || buckets.front().number > old.front().number);
    if (has_left)
        statement(kDropBuckets, {buckets.empty() ? old.back().number + 1 : buckets.front().number});
    // Of the others, a correction can empty one.
    for (const UsageBucket& bucket : old)
        if (!buckets.empty() && bucket.number > buckets.front().number &&
            !std::ranges::binary_search(buckets, bucket.number, {}, &UsageBucket::number))
            statement(kDropBucket, {bucket.number});
    for (const UsageBucket& bucket : buckets) {
        const auto there = std::ranges::lower_bound(old, bucket.number, {}, &UsageBucket::number);
        if (there == old.end() || *there != bucket)
            statement(kSetBucket, {bucket.number, bucket.used});
    }
}

std::vector<Counter> load_each(sql::Transaction& tx, const CustomerId& customer,
                               const Contract& contract, const std::vector<sql::Row>& rows) {
    std::vector<Counter> counters;
    counters.reserve(rows.size());
    for (const auto& row : rows)
        counters.push_back(
            *load_counter(tx, {customer, contract, row.text(0),
                               known_word(parse_reset(row.text(1))), row.instant(2)}));
    return counters;
}

}  // namespace

CounterKey key_of(const CustomerId& customer, const Counter& counter) {
    return {customer, counter.contract, counter.meter_key, counter.reset, counter.period.start};
}

std::optional<CountedHistory> load_counted(sql::Transaction& tx, const CounterKey& key) {
    const auto rows = tx.all(kCounter, with_key(key, {}));
    if (rows.empty()) return std::nullopt;
    const sql::Row& first = rows.front();
    Counter counter{.contract = key.contract,
                    .meter_key = key.meter_key,
                    .aggregation = known_word(parse_aggregation(first.text(1))),
                    .reset = key.reset,
                    .period = {key.window_start, first.instant(0)},
                    .used = first.quantity(2),
                    .hard_limit = {},
                    .segments = {},
                    .trail = {.last_at = first.maybe_instant(4), .buckets = {}},
                    .held = first.quantity(10)};
    if (!first.is_null(3)) counter.hard_limit = first.quantity(3);
    for (const auto& row : rows) counter.segments.push_back(segment_from(row));
    const std::int64_t entries = first.integer(11);
    if (key.reset.kind != Reset::Kind::Rolling) return CountedHistory{std::move(counter), entries};
    for (const auto& row :
         tx.all(kBuckets, {key.customer, text_of(key.contract), key.meter_key, to_text(key.reset)}))
        counter.trail.buckets.push_back({row.integer(0), row.quantity(1)});
    return CountedHistory{std::move(counter), entries};
}

std::optional<Counter> load_counter(sql::Transaction& tx, const CounterKey& key) {
    auto counted = load_counted(tx, key);
    if (!counted) return std::nullopt;
    return std::move(counted->counter);
}

void save_counter(sql::Transaction& tx, const CustomerId& customer, const Counter* before,
                  const CountedHistory& now) {
    const CounterKey key = key_of(customer, now.counter);
    write_row(tx, key, before, now);
    write_segments(tx, key, before, now.counter);
    write_buckets(tx, key, before, now.counter);
}

bool has_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value) {
    return !tx.all(kUniqueValue, with_key(key, {std::bit_cast<std::int64_t>(value)})).empty();
}

void add_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value) {
    if (tx.run(kAddUniqueValue, with_key(key, {std::bit_cast<std::int64_t>(value)})) != 1)
        throw sql::Failure("a value appeared inside our transaction", false);
}

void remove_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value) {
    tx.run(kRemoveUniqueValue, with_key(key, {std::bit_cast<std::int64_t>(value)}));
}

std::vector<Counter> load_counters(sql::Transaction& tx, const PeriodQuery& query) {
    const auto rows = tx.all(
        kPeriods, {query.customer, query.subscription, query.ended_after, query.began_before});
    return load_each(tx, query.customer, query.subscription, rows);
}

std::vector<Counter> load_running_counters(sql::Transaction& tx, const CustomerId& customer,
                                           const Contract& contract, Instant period_start,
                                           Instant now) {
    const auto rows = tx.all(kRunning, {customer, text_of(contract), period_start, now});
    return load_each(tx, customer, contract, rows);
}

}  // namespace turnpike
