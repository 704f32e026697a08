#include "metering/sql/sql_usage.h"

#include <algorithm>
#include <utility>

#include "metering/append_job.h"
#include "metering/sql/record.h"
#include "metering/sql/stored_correction.h"
#include "metering/sql/stored_counter.h"
#include "metering/sql/stored_event.h"
#include "metering/sql/stored_history.h"
#include "metering/usage_delta.h"

namespace turnpike {
namespace {

/// Each stretch sees what the ones before it have written.
void record_in_order(const RecordJob& job, PlacedEvents events, AppendReport& report) {
    for (const PlacedEvents& stretch : stretches_of(std::move(events))) {
        if (stretch.pending.front().correction) {
            take_outcomes(correct_usage(job, stretch.pending), stretch, report);
            continue;
        }
        auto outcomes = record_usage(job, stretch.pending);
        save_deltas(job.tx, stretch.pending, outcomes, job.received_at, job.ids);
        take_outcomes(std::move(outcomes), stretch, report);
    }
}

AppendReport record_job(const AppendJob& job, sql::Transaction& tx, IdSource& ids) {
    AppendReport report;
    SubjectWindows windows;
    find_windows(job, tx, windows);
    auto placed = job.place(windows);
    const auto sought = windows.take_sought();
    if (!sought.empty()) {
        find_past_windows(job, tx, sought, windows);
        placed = job.place(windows);
    }
    auto events = take_placed(std::move(placed), report);
    if (job.has_corrections) {
        record_in_order({tx, ids, job.system_now, job.counters}, std::move(events), report);
        return report;
    }
    auto outcomes = record_usage({tx, ids, job.system_now, job.counters}, events.pending);
    save_deltas(tx, events.pending, outcomes, job.system_now, ids);
    take_outcomes(std::move(outcomes), events, report);
    return report;
}

}  // namespace

asio::awaitable<Result<AppendReport>> SqlUsage::append(AppendJob job) {
    auto work = [&](sql::Transaction& tx) { return record_job(job, tx, ids_); };
    co_return co_await db_.write(work);
}

UsageStore::Counters SqlUsage::counters(sql::Transaction& tx, const CustomerId& customer,
                                        const Contract& contract, Instant period_start,
                                        Instant now) {
    Counters counters;
    for (Counter& counter : load_running_counters(tx, customer, contract, period_start, now)) {
        auto& of_meter = counters[counter.meter_key];
        of_meter.push_back(as_of(std::move(counter), now));
    }
    for (auto& [meter_key, of_meter] : counters) std::ranges::sort(of_meter, {}, &Counter::reset);
    return counters;
}

asio::awaitable<Result<std::vector<UsedPeriod>>> SqlUsage::used_periods(PeriodQuery query) {
    auto work = [&](sql::Transaction& tx) { return periods_of(load_counters(tx, query)); };
    co_return co_await db_.read(work);
}

asio::awaitable<Result<std::optional<CounterHistory>>> SqlUsage::read_history(HistoryQuery query,
                                                                              SeeEntry see) {
    auto look = [&](sql::Transaction& tx) {
        const Contract contract = query.subscription;
        return load_counted(
            tx, {query.customer, contract, query.meter_key, Reset{}, query.period_start});
    };
    auto counted = co_await db_.read(look);
    if (!counted) co_return std::nullopt;
    const auto all = static_cast<std::uint64_t>(counted->entries);
    const std::uint64_t last = std::min(query.last.value_or(all), all);
    // What is there never changes, so the pages need no transaction in common.
    std::uint64_t shown = query.after;
    while (shown < last) {
        const EntryPage page{query, shown, std::min(last, shown + kEntriesPerPage)};
        auto load = [&](sql::Transaction& tx) { return load_entries(tx, page); };
        const std::vector<CounterEntry> entries = co_await db_.read(load);
        for (const CounterEntry& entry : entries) see(entry);
        shown = page.last;
    }
    co_return CounterHistory{std::move(counted->counter), last};
}

asio::awaitable<Result<std::vector<RecordedEvent>>> SqlUsage::list_events(EventFilter filter) {
    auto work = [&](sql::Transaction& tx) { return load_events(tx, filter); };
    co_return co_await db_.read(work);
}

asio::awaitable<Result<std::optional<FollowedEvent>>> SqlUsage::follow_event(UsageEventId id) {
    auto work = [&](sql::Transaction& tx) { return load_followed_event(tx, id); };
    co_return co_await db_.read(work);
}

}  // namespace turnpike
