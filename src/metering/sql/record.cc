#include "metering/sql/record.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "metering/append_job.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsertEvents = R"sql(
    INSERT INTO usage_events (id, source, event_id, customer_id, meter_key, quantity, event_time,
                              received_at, subscription_id, reset, period_start, segment,
                              position, value_hash, latency_us, properties, content_hash)
    VALUES
)sql";
constexpr std::size_t kEventColumns = 17;

constexpr std::string_view kInsertCounts = R"sql(
    INSERT INTO usage_event_counts (usage_event_id, number, meter_key, reset, period_start,
                                    quantity, segment, position, value_hash)
    VALUES
)sql";
constexpr std::size_t kCountColumns = 9;

/// An event and the hex SHA-256 of what it says.
struct Hashed {
    const PendingUsage& pending;
    std::string content;
};

/// Content of the events that are there already, by (source, id).
using EventKey = std::pair<std::string_view, std::string_view>;
using KnownContent = std::map<EventKey, std::string>;

std::string select_known(std::size_t rows) {
    return "WITH keys (source, event_id) AS (VALUES " + sql::value_rows(rows, 2) + R"sql()
    SELECT e.source, e.event_id, e.content_hash
      FROM keys k JOIN usage_events e ON e.source = k.source AND e.event_id = k.event_id
)sql";
}

EventKey key_of(const Hashed& event) {
    return {event.pending.event.source, event.pending.event.id};
}

/// The longest beginning in which no (source, id) has two contents. What else its repetition meets,
/// a recorded event or a name that a denied one left free, is known only when all before it is.
std::size_t agreeing(std::span<const Hashed> events) {
    std::map<EventKey, std::string_view> contents;
    for (std::size_t i = 0; i < events.size(); ++i)
        if (contents.try_emplace(key_of(events[i]), events[i].content).first->second !=
            events[i].content)
            return i;
    return events.size();
}

/// Indices of the events, each (source, id) once: its first appearance.
std::map<EventKey, std::size_t> first_appearances(std::span<const Hashed> events) {
    std::map<EventKey, std::size_t> first;
    for (std::size_t i = 0; i < events.size(); ++i) first.try_emplace(key_of(events[i]), i);
    return first;
}

KnownContent load_known(sql::Transaction& tx, const std::map<EventKey, std::size_t>& wanted) {
    KnownContent known;
    auto next = wanted.begin();
    for (const std::size_t rows : sql::row_chunks(wanted.size())) {
        std::vector<sql::Value> parameters;
        for (std::size_t i = 0; i < rows; ++i, ++next) {
            parameters.emplace_back(next->first.first);
            parameters.emplace_back(next->first.second);
        }
        for (const auto& row : tx.all(select_known(rows), parameters)) {
            const auto key = wanted.find(EventKey(row.text(0), row.text(1)));
            known.emplace(key->first, row.text(2));
        }
    }
    return known;
}

/// An event that is in, and where it counted, one for each count.
struct Accepted {
    std::size_t index;
    std::vector<CountPlace> places;
};

/// What an event did beside its first count.
struct FurtherCount {
    UsageEventId event;
    std::int64_t number;
    const UsageCount& count;
    CountPlace place;
};

std::optional<std::int64_t> value_hash(const UsageCount& count) {
    if (count.window->aggregation != Meter::Aggregation::Unique) return std::nullopt;
    return std::bit_cast<std::int64_t>(count.unique);
}

void insert_counts(sql::Transaction& tx, const std::vector<FurtherCount>& counts) {
    auto next = counts.begin();
    for (const std::size_t rows : sql::row_chunks(counts.size())) {
        std::vector<sql::Value> parameters;
        for (std::size_t i = 0; i < rows; ++i, ++next) {
            const UsageWindow& window = *next->count.window;
            parameters.insert(parameters.end(),
                              {next->event, next->number, window.meter_key, to_text(window.reset),
                               window.period.start, next->count.value, next->place.segment,
                               next->place.position, value_hash(next->count)});
        }
        tx.run(std::string(kInsertCounts) + sql::value_rows(rows, kCountColumns), parameters);
    }
}

void insert_events(sql::Transaction& tx, std::span<const Hashed> events,
                   const std::vector<Accepted>& accepted, Instant received_at, IdSource& ids) {
    auto next = accepted.begin();
    for (const std::size_t rows : sql::row_chunks(accepted.size())) {
        std::vector<sql::Value> parameters;
        std::vector<FurtherCount> further;
        for (std::size_t i = 0; i < rows; ++i, ++next) {
            const PendingUsage& pending = events[next->index].pending;
            const UsageEvent& event = pending.event;
            const UsageCount& first = pending.counts.front();
            const CountPlace& place = next->places.front();
            const UsageWindow& window = *first.window;
            const auto id = ids.make<UsageEventId>(received_at);
            parameters.insert(
                parameters.end(),
                {id, event.source, event.id, event.customer, event.meter_key, event.quantity,
                 event.time, received_at, text_of(window.contract), to_text(window.reset),
                 window.period.start, place.segment, place.position, value_hash(first),
                 event.latency_us, event.properties, events[next->index].content});
            for (std::size_t k = 1; k < pending.counts.size(); ++k)
                further.push_back(
                    {id, static_cast<std::int64_t>(k), pending.counts[k], next->places[k]});
        }
        const std::string text = std::string(kInsertEvents) + sql::value_rows(rows, kEventColumns) +
                                 " ON CONFLICT (source, event_id) DO NOTHING";
        // load_known saw none of these. Whoever writes one between, aborts us (PostgreSQL: the
        // whole job runs again) or cannot exist (SQLite has one writer).
        if (tx.run(text, parameters) != static_cast<std::int64_t>(rows))
            throw sql::Failure("an event appeared inside our transaction", false);
        insert_counts(tx, further);
    }
}

std::vector<Counter> counters_after(CounterBook& book, const PendingUsage& pending) {
    std::vector<Counter> counters;
    counters.reserve(pending.counts.size());
    for (const UsageCount& count : pending.counts)
        counters.push_back(book.look(pending.event.customer, count, pending.event.time));
    return counters;
}

/// Records events of which no two disagree.
std::vector<UsageOutcome> record_agreeing(const RecordJob& job, std::span<const Hashed> events,
                                          CounterBook& book) {
    std::vector<UsageOutcome> outcomes(events.size());
    const auto first = first_appearances(events);
    const auto known = load_known(job.tx, first);
    std::vector<Accepted> accepted;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& [pending, content] = events[i];
        const std::size_t original = first.at(key_of(events[i]));
        const auto there = known.find(key_of(events[i]));
        if (there != known.end()) {
            outcomes[i].verdict = content == there->second ? Verdict::Duplicate : Verdict::Conflict;
        } else if (original != i) {
            outcomes[i] = outcomes[original];
            if (outcomes[i].verdict == Verdict::Accepted) outcomes[i].verdict = Verdict::Duplicate;
        } else if (const auto full =
                       book.count(pending.event.customer, pending.counts, pending.event.time)) {
            outcomes[i] = over_limit(*full);
        } else {
            accepted.push_back({i, book.places_of(pending.event.customer, pending.counts)});
        }
        if (job.counters == AppendJob::Counters::Report)
            outcomes[i].counters = counters_after(book, pending);
    }
    insert_events(job.tx, events, accepted, job.received_at, job.ids);
    return outcomes;
}

}  // namespace

std::vector<UsageOutcome> record_usage(const RecordJob& job, std::span<const PendingUsage> events) {
    std::vector<Hashed> hashed;
    hashed.reserve(events.size());
    for (const PendingUsage& pending : events) hashed.push_back({pending, content_hash(pending)});
    CounterBook book(job.tx, job.received_at);
    std::vector<UsageOutcome> outcomes;
    outcomes.reserve(events.size());
    std::span<const Hashed> rest = hashed;
    while (!rest.empty()) {
        const std::size_t count = agreeing(rest);
        auto recorded = record_agreeing(job, rest.first(count), book);
        std::ranges::move(recorded, std::back_inserter(outcomes));
        rest = rest.subspan(count);
    }
    book.save();
    return outcomes;
}

std::string content_hash(const PendingUsage& pending) {
    return to_hex(sha256(content_of(pending.event, pending.stated, pending.said)));
}

void insert_counted(const RecordJob& job, const PendingUsage& pending, const std::string& content,
                    std::vector<CountPlace> places) {
    const Hashed event{pending, content};
    insert_events(job.tx, std::span(&event, 1), {{0, std::move(places)}}, job.received_at, job.ids);
}

}  // namespace turnpike
