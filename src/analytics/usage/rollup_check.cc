#include "analytics/usage/rollup_check.h"

#include <chrono>
#include <functional>
#include <optional>

#include <boost/container_hash/hash.hpp>
#include <fmt/format.h>

#include "analytics/usage/rollup_store.h"
#include "metering/log/segment/frame_events.h"

namespace turnpike {
namespace {

constexpr std::string_view kOwners = R"sql(
    SELECT DISTINCT customer_id, meter_key FROM usage_rollups
)sql";

constexpr std::string_view kRows = R"sql(
    SELECT span, starts_at, route, events, units, millionths
      FROM usage_rollups
     WHERE customer_id = $1 AND meter_key = $2
)sql";

/// Of one row.
RollupCheck::Sums weighted(Instant start, std::string_view route, std::int64_t events,
                           const UsageSum& quantity) {
    std::size_t seed = 0;
    boost::hash_combine(seed, unix_micros(start));
    boost::hash_combine(seed, std::hash<std::string_view>()(route));
    const std::uint64_t weight_of_events = seed;
    boost::hash_combine(seed, 1);
    const auto millionths = static_cast<std::uint64_t>(quantity.scaled());
    return {events, quantity,
            weight_of_events * static_cast<std::uint64_t>(events) + seed * millionths};
}

std::string shown(const RollupCheck::Sums& sums) {
    return fmt::format("{} events and {} units", sums.events, sums.quantity.text());
}

}  // namespace

RollupCheck::RollupCheck(sql::Database& ledger)
    : last_arrival_(ledger.read_blocking(load_mark).last_arrival) {}

void RollupCheck::Sums::add(const Sums& other) {
    events += other.events;
    quantity = quantity + other.quantity;
    weighted += other.weighted;
}

LogNames RollupCheck::names() const {
    return {
        .counted_by = [this](std::uint32_t counter) { return state_->counted_by(counter); },
        .counters_of = {},
        .source =
            [this](std::uint32_t source) { return state_->names(NameTable::Source).text(source); },
        .status_of = {}};
}

void RollupCheck::count(std::string_view records, const UsageState& so_far) {
    state_ = &so_far;
    const auto read = show_events(records, {.event =
                                                [this](const SealedEvent& event) {
                                                    if (event.place.arrival <= last_arrival_)
                                                        tally_.count(event.record);
                                                },
                                            .correction =
                                                [this](const CorrectionRecord& correction) {
                                                    if (correction.place.arrival <= last_arrival_)
                                                        tally_.count(correction);
                                                }});
    if (read && tally_.is_full()) fold();
}

void RollupCheck::fold() {
    for (const auto& [key, figures] : tally_.rollups()) {
        const Instant day = std::chrono::floor<std::chrono::days>(key.hour);
        const Sums hours = weighted(key.hour, key.route, figures.events, figures.quantity);
        const Sums days = weighted(day, key.route, figures.events, figures.quantity);
        for (const std::string& customer : {key.customer, std::string()}) {
            Spans& spans = expected_[{customer, key.meter_key}];
            spans.hours.add(hours);
            spans.days.add(days);
        }
    }
    tally_ = LogTally(names());
}

std::vector<std::string> RollupCheck::compare(sql::Transaction& tx, const UsageState& usage) {
    state_ = &usage;
    fold();
    if (last_arrival_ > usage.arrivals())
        return {fmt::format("usage_rollups: they count arrivals up to {}, and the log has {}",
                            last_arrival_, usage.arrivals())};
    for (const auto& row : tx.all(kOwners)) expected_.try_emplace({row.text(0), row.text(1)});
    std::vector<std::string> problems;
    std::size_t more = 0;
    const auto hold = [&](const Owner& owner, std::string_view span, const Sums& found,
                          const Sums& expected) {
        if (found == expected) return;
        if (problems.size() == kProblemsMax) {
            ++more;
            return;
        }
        const bool is_shifted =
            found.events == expected.events && found.quantity == expected.quantity;
        problems.push_back(fmt::format("usage_rollups of {}, {}, by {}: {}, {}",
                                       owner.first.empty() ? "all customers" : owner.first,
                                       owner.second, span, shown(found),
                                       is_shifted ? "which the log has in other hours or routes"
                                                  : "and the log has " + shown(expected)));
    };
    for (const auto& [owner, expected] : expected_) {
        Spans found;
        for (const auto& row : tx.all(kRows, {owner.first, owner.second}))
            (row.text(0) == to_text(RollupSpan::Hour) ? found.hours : found.days)
                .add(weighted(row.instant(1), row.text(2), row.integer(3),
                              UsageSum::from_parts(row.integer(4), row.integer(5))));
        hold(owner, "hour", found.hours, expected.hours);
        hold(owner, "day", found.days, expected.days);
    }
    if (more > 0) problems.push_back(fmt::format("usage_rollups: and {} more", more));
    return problems;
}

}  // namespace turnpike
