#include "metering/usage_delta.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <string_view>
#include <tuple>

#include "metering/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO usage_deltas (id, customer_id, meter_key, source, hour, events, units, millionths,
                              latencies)
    VALUES
)sql";
constexpr std::size_t kColumns = 9;

constexpr std::string_view kTake = R"sql(
    DELETE FROM usage_deltas
     WHERE id IN (SELECT id FROM usage_deltas ORDER BY id LIMIT $1)
    RETURNING customer_id, meter_key, source, hour, events, units, millionths, latencies
)sql";

struct Recorded {
    std::int64_t events = 0, units = 0, millionths = 0;
    std::string latencies;
};

void count(const UsageEvent& event, Quantity value, Recorded& recorded) {
    ++recorded.events;
    recorded.units += value.scaled() / Quantity::kOne;
    recorded.millionths += value.scaled() % Quantity::kOne;
    if (!event.latency_us) return;
    if (!recorded.latencies.empty()) recorded.latencies += ' ';
    recorded.latencies += std::to_string(*event.latency_us);
}

/// An event counts once for each of its meters, in however many of their windows it is.
bool is_first_of_its_meter(const UsageCounts& counts, const UsageCount& count) {
    const auto first = std::ranges::find_if(counts, [&](const UsageCount& other) {
        return other.window->meter_key == count.window->meter_key;
    });
    return &*first == &count;
}

std::vector<std::int64_t> numbers_in(std::string_view text) {
    std::vector<std::int64_t> numbers;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + end, number);
        numbers.push_back(number);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return numbers;
}

UsageDelta from_row(const sql::Row& row) {
    return {.customer = row.text(0),
            .meter_key = row.text(1),
            .source = row.text(2),
            .hour = row.instant(3),
            .events = row.integer(4),
            .units = row.integer(5),
            .millionths = row.integer(6),
            .latencies_us = numbers_in(row.text(7))};
}

}  // namespace

void save_deltas(sql::Transaction& tx, std::span<const PendingUsage> events,
                 std::span<const UsageOutcome> outcomes, Instant received_at, IdSource& ids) {
    using Key = std::tuple<std::string_view, std::string_view, std::string_view, Instant>;
    std::map<Key, Recorded> groups;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (outcomes[i].verdict != Verdict::Accepted) continue;
        const UsageEvent& event = events[i].event;
        const Instant hour = std::chrono::floor<std::chrono::hours>(event.time);
        for (const UsageCount& one : events[i].counts) {
            if (!is_first_of_its_meter(events[i].counts, one)) continue;
            const std::string& meter_key = one.window->meter_key;
            count(event, one.value, groups[{event.customer.text(), meter_key, event.source, hour}]);
        }
    }
    auto next = groups.begin();
    for (const std::size_t rows : row_chunks(groups.size())) {
        std::vector<sql::Value> parameters;
        for (std::size_t i = 0; i < rows; ++i, ++next) {
            const auto& [customer, meter_key, source, hour] = next->first;
            const Recorded& recorded = next->second;
            parameters.insert(parameters.end(), {ids.body(received_at), customer, meter_key, source,
                                                 hour, recorded.events, recorded.units,
                                                 recorded.millionths, recorded.latencies});
        }
        tx.run(std::string(kInsert) + value_rows(rows, kColumns), parameters);
    }
}

void save_delta(sql::Transaction& tx, const UsageDelta& delta, Instant received_at, IdSource& ids) {
    tx.run(std::string(kInsert) + value_rows(1, kColumns),
           {ids.body(received_at), delta.customer, delta.meter_key, delta.source, delta.hour,
            delta.events, delta.units, delta.millionths, ""});
}

std::vector<UsageDelta> take_deltas(sql::Transaction& tx, std::size_t most) {
    std::vector<UsageDelta> deltas;
    for (const auto& row : tx.all(kTake, {static_cast<std::int64_t>(most)}))
        deltas.push_back(from_row(row));
    return deltas;
}

}  // namespace turnpike
