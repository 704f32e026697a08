#include "metering/record.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "metering/append_job.h"
#include "metering/statement_rows.h"
#include "metering/stored_counter.h"

namespace turnpike {
namespace {

// $5 units, $6 the most any counter may hold, $7 the plan version that the usage is under.
constexpr std::string_view kAdd = R"sql(
    UPDATE usage_counters
       SET used = used + $5
     WHERE customer_id = $1 AND meter_key = $2 AND period_start = $3 AND subscription_id = $4
       AND used + $5 <= COALESCE(hard_limit, $6) AND plan_version_id = $7
)sql";

constexpr std::string_view kOpenCounter = R"sql(
    INSERT INTO usage_counters (customer_id, meter_key, period_start, subscription_id, period_end,
                                used, hard_limit, plan_version_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)sql";

constexpr std::string_view kFirstSegment = R"sql(
    INSERT INTO usage_segments (customer_id, meter_key, period_start, subscription_id, number,
                                plan_version_id, from_used, included, overage_unit_price)
    VALUES ($1, $2, $3, $4, 0, $5, 0, $6, $7)
)sql";

constexpr std::string_view kSetLimit = R"sql(
    UPDATE usage_counters SET hard_limit = $5, period_end = $6, plan_version_id = $7
     WHERE customer_id = $1 AND meter_key = $2 AND period_start = $3 AND subscription_id = $4
)sql";

constexpr std::string_view kNextSegment = R"sql(
    INSERT INTO usage_segments (customer_id, meter_key, period_start, subscription_id, number,
                                plan_version_id, from_used, included, overage_unit_price)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
)sql";

constexpr std::string_view kInsertEvents = R"sql(
    INSERT INTO usage_events (id, source, event_id, customer_id, meter_key, quantity, event_time,
                              received_at, subscription_id, period_start, latency_us, content_hash)
    VALUES
)sql";
constexpr std::size_t kEventColumns = 12;

/// These tables have no place for anything else.
void check_is_simple(const PendingUsage& pending) {
    const UsageWindow& window = *pending.counts.front().window;
    const bool adds = window.aggregation == Meter::Aggregation::Sum ||
                      window.aggregation == Meter::Aggregation::Count;
    check(pending.counts.size() == 1 && adds && window.reset == Reset{} && !window.overage_cap &&
              pending.event.properties.empty(),
          "the ledger's tables count sums of billing periods");
}

/// An event and the hex SHA-256 of what it says.
struct Hashed {
    const PendingUsage& pending;
    std::string content;
};

/// Content of the events that are there already, by (source, id).
using EventKey = std::pair<std::string_view, std::string_view>;
using KnownContent = std::map<EventKey, std::string>;

std::string select_known(std::size_t rows) {
    return "WITH keys (source, event_id) AS (VALUES " + value_rows(rows, 2) + R"sql()
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
    for (const std::size_t rows : row_chunks(wanted.size())) {
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

void open_stored_counter(sql::Transaction& tx, const UsageEvent& event, const UsageWindow& window,
                         const Counter& fresh) {
    const Instant start = window.period.start;
    const std::string_view contract = text_of(window.contract);
    tx.run(kOpenCounter, {event.customer, event.meter_key, start, contract, window.period.end,
                          fresh.used, fresh.hard_limit, window.plan_version});
    tx.run(kFirstSegment, {event.customer, event.meter_key, start, contract, window.plan_version,
                           window.included, window.overage_unit_price});
}

void put_under(sql::Transaction& tx, const UsageEvent& event, const UsageWindow& window,
               const Counter& before, const Counter& next) {
    const Instant start = window.period.start;
    const std::string_view contract = text_of(window.contract);
    const auto number = static_cast<std::int64_t>(before.segments.size());
    // On PostgreSQL usage that came between makes this UPDATE fail and the whole job run again.
    tx.run(kSetLimit, {event.customer, event.meter_key, start, contract, next.hard_limit,
                       window.period.end, window.plan_version});
    tx.run(kNextSegment,
           {event.customer, event.meter_key, start, contract, number, window.plan_version,
            before.used, window.included, window.overage_unit_price});
}

/// Moves the counter by `units` if its limit allows, creating it on its first usage, and putting it
/// under the window's allowance when another one was in force.
bool add_units(sql::Transaction& tx, const PendingUsage& to, Quantity units) {
    const UsageEvent& event = to.event;
    const UsageWindow& window = *to.counts.front().window;
    const auto add = [&] {
        return tx.run(kAdd, {event.customer, event.meter_key, window.period.start,
                             text_of(window.contract), units, kMaxQuantity, window.plan_version}) ==
               1;
    };
    if (add()) return true;
    const auto counter =
        load_counter(tx, event.customer, window.contract, event.meter_key, window.period.start);
    if (counter && counter->segments.back().plan_version == window.plan_version) return false;

    const Counter next = counter ? with_allowance(*counter, window) : open_counter(window);
    if (units > next.hard_limit.value_or(kMaxQuantity) - next.used) return false;
    if (counter)
        put_under(tx, event, window, *counter, next);
    else
        open_stored_counter(tx, event, window, next);
    return add();
}

/// The sum, if no counter would be too small for it.
std::optional<Quantity> total_of(std::span<const Hashed> events,
                                 const std::vector<std::size_t>& members) {
    Int128 total = 0;
    for (const std::size_t i : members) total += events[i].pending.event.quantity.scaled();
    if (total > kMaxQuantity.scaled()) return std::nullopt;
    return Quantity::from_scaled(static_cast<std::int64_t>(total));
}

/// Counts the members of one counter: all at once when they fit, one by one when they do not.
void count_group(sql::Transaction& tx, std::span<const Hashed> events,
                 const std::vector<std::size_t>& members, std::vector<UsageOutcome>& outcomes) {
    const auto total = total_of(events, members);
    if (total && add_units(tx, events[members.front()].pending, *total)) return;
    for (const std::size_t i : members) {
        const bool alone = total && members.size() == 1;
        if (alone || !add_units(tx, events[i].pending, events[i].pending.event.quantity))
            outcomes[i] = over_limit();
    }
}

void insert_events(sql::Transaction& tx, std::span<const Hashed> events,
                   const std::vector<std::size_t>& accepted, Instant received_at, IdSource& ids) {
    auto next = accepted.begin();
    for (const std::size_t rows : row_chunks(accepted.size())) {
        std::vector<sql::Value> parameters;
        for (std::size_t i = 0; i < rows; ++i, ++next) {
            const auto& [event, stated, counts] = events[*next].pending;
            const UsageWindow& window = *counts.front().window;
            parameters.insert(
                parameters.end(),
                {ids.make<UsageEventId>(received_at), event.source, event.id, event.customer,
                 event.meter_key, event.quantity, event.time, received_at, text_of(window.contract),
                 window.period.start, event.latency_us, events[*next].content});
        }
        const std::string text = std::string(kInsertEvents) + value_rows(rows, kEventColumns) +
                                 " ON CONFLICT (source, event_id) DO NOTHING";
        // load_known saw none of these. Whoever writes one between, aborts us (PostgreSQL: the
        // whole job runs again) or cannot exist (SQLite has one writer).
        if (tx.run(text, parameters) != static_cast<std::int64_t>(rows))
            throw sql::Failure("an event appeared inside our transaction", false);
    }
}

/// Records events of which no two disagree.
std::vector<UsageOutcome> record_agreeing(sql::Transaction& tx, std::span<const Hashed> events,
                                          Instant received_at, IdSource& ids) {
    std::vector<UsageOutcome> outcomes(events.size());
    const auto first = first_appearances(events);
    const auto known = load_known(tx, first);

    using CounterKey = std::tuple<std::string_view, std::string_view, Contract, Instant>;
    std::map<CounterKey, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& [pending, content] = events[i];
        if (first.at(key_of(events[i])) != i) continue;
        const auto there = known.find(key_of(events[i]));
        if (there != known.end())
            outcomes[i].verdict = content == there->second ? Verdict::Duplicate : Verdict::Conflict;
        else
            groups[{pending.event.customer.text(), pending.event.meter_key,
                    pending.counts.front().window->contract,
                    pending.counts.front().window->period.start}]
                .push_back(i);
    }
    for (const auto& [counter, members] : groups) count_group(tx, events, members, outcomes);

    std::vector<std::size_t> accepted;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const std::size_t original = first.at(key_of(events[i]));
        if (original != i) outcomes[i] = outcomes[original];
        if (outcomes[i].verdict != Verdict::Accepted) continue;
        if (original == i)
            accepted.push_back(i);
        else
            outcomes[i].verdict = Verdict::Duplicate;
    }
    insert_events(tx, events, accepted, received_at, ids);
    return outcomes;
}

}  // namespace

std::vector<UsageOutcome> record_usage(sql::Transaction& tx, std::span<const PendingUsage> events,
                                       Instant received_at, IdSource& ids) {
    std::vector<Hashed> hashed;
    hashed.reserve(events.size());
    for (const PendingUsage& pending : events) {
        check_is_simple(pending);
        hashed.push_back({pending, to_hex(sha256(content_of(pending.event, pending.stated)))});
    }
    std::vector<UsageOutcome> outcomes;
    outcomes.reserve(events.size());
    std::span<const Hashed> rest = hashed;
    while (!rest.empty()) {
        const std::size_t count = agreeing(rest);
        auto recorded = record_agreeing(tx, rest.first(count), received_at, ids);
        std::ranges::move(recorded, std::back_inserter(outcomes));
        rest = rest.subspan(count);
    }
    return outcomes;
}

}  // namespace turnpike
