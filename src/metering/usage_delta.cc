#include "metering/usage_delta.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "metering/sql/stored_counter.h"
#include "sql/known_word.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO usage_deltas (id, customer_id, meter_key, source, properties, hour, events, units,
                              millionths, latencies, windows)
    VALUES
)sql";

constexpr std::string_view kTake = R"sql(
    DELETE FROM usage_deltas
     WHERE id IN (SELECT id FROM usage_deltas ORDER BY id LIMIT $1)
    RETURNING customer_id, meter_key, source, properties, hour, events, units, millionths,
              latencies, windows
)sql";

struct Recorded {
    std::int64_t events = 0, units = 0, millionths = 0;
    std::string latencies;
    std::set<std::string> windows;
};

/// Neither ids nor resets have a comma or a space.
std::string window_text(const UsageDelta::Window& window) {
    return std::string(text_of(window.contract)) + ',' + to_text(window.reset) + ',' +
           std::to_string(unix_micros(window.start));
}

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

std::int64_t number_in(std::string_view text) {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

UsageDelta::Window window_from(std::string_view text) {
    const auto parts = parts_of(text, ',');
    const auto reset = known_word(parts.size() == 3 ? parse_reset(parts[1]) : std::nullopt);
    UsageDelta::Window window{{}, reset, from_unix_micros(number_in(parts[2]))};
    if (!parts[0].empty()) window.contract = SubscriptionId::trusted(std::string(parts[0]));
    return window;
}

UsageDelta from_row(const sql::Row& row) {
    UsageDelta delta{.customer = row.text(0),
                     .meter_key = row.text(1),
                     .source = row.text(2),
                     .properties = row.text(3),
                     .hour = row.instant(4),
                     .events = row.integer(5),
                     .units = row.integer(6),
                     .millionths = row.integer(7),
                     .latencies_us = {},
                     .windows = {}};
    for (const auto part : parts_of(row.text(8), ' '))
        delta.latencies_us.push_back(number_in(part));
    for (const auto part : parts_of(row.text(9), ' ')) delta.windows.push_back(window_from(part));
    return delta;
}

}  // namespace

void save_deltas(sql::Transaction& tx, std::span<const PendingUsage> events,
                 std::span<const UsageOutcome> outcomes, Instant received_at, IdSource& ids) {
    using Key =
        std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, Instant>;
    std::map<Key, Recorded> groups;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (outcomes[i].verdict != Verdict::Accepted) continue;
        const UsageEvent& event = events[i].event;
        const Instant hour = std::chrono::floor<std::chrono::hours>(event.time);
        for (const UsageCount& one : events[i].counts) {
            const std::string& meter_key = one.window->meter_key;
            Recorded& group =
                groups[{event.customer.text(), meter_key, event.source, event.properties, hour}];
            group.windows.insert(
                window_text({one.window->contract, one.window->reset, one.window->period.start}));
            if (is_first_of_its_meter(events[i].counts, one)) count(event, one.value, group);
        }
    }
    sql::InsertRows rows(tx, kInsert);
    for (const auto& [key, recorded] : groups) {
        const auto& [customer, meter_key, source, properties, hour] = key;
        rows.add({ids.body(received_at), customer, meter_key, source, properties, hour,
                  recorded.events, recorded.units, recorded.millionths, recorded.latencies,
                  fmt::format("{}", fmt::join(recorded.windows, " "))});
    }
    rows.finish();
}

void save_delta(sql::Transaction& tx, const UsageDelta& delta, Instant received_at, IdSource& ids) {
    std::set<std::string> windows;
    for (const UsageDelta::Window& window : delta.windows) windows.insert(window_text(window));
    sql::InsertRows row(tx, kInsert);
    row.add({ids.body(received_at), delta.customer, delta.meter_key, delta.source, delta.properties,
             delta.hour, delta.events, delta.units, delta.millionths, "",
             fmt::format("{}", fmt::join(windows, " "))});
    row.finish();
}

std::vector<UsageDelta> take_deltas(sql::Transaction& tx, std::size_t most) {
    std::vector<UsageDelta> deltas;
    for (const auto& row : tx.all(kTake, {static_cast<std::int64_t>(most)}))
        deltas.push_back(from_row(row));
    return deltas;
}

std::vector<CustomerCounter> load_moved_counters(sql::Transaction& tx,
                                                 std::span<const UsageDelta> deltas) {
    std::set<std::tuple<std::string_view, std::string_view, UsageDelta::Window>> moved;
    for (const UsageDelta& delta : deltas)
        for (const UsageDelta::Window& window : delta.windows)
            moved.emplace(delta.customer, delta.meter_key, window);
    std::vector<CustomerCounter> counters;
    for (const auto& [customer, meter_key, window] : moved) {
        const auto id = CustomerId::trusted(std::string(customer));
        const std::string meter(meter_key);
        auto counter = load_counter(tx, {id, window.contract, meter, window.reset, window.start});
        if (counter) counters.push_back({id, *std::move(counter)});
    }
    return counters;
}

}  // namespace turnpike
