#include "metering/sql_usage.h"

#include <utility>

#include "metering/append_job.h"
#include "metering/record.h"
#include "metering/stored_counter.h"
#include "metering/stored_event.h"
#include "metering/usage_delta.h"

namespace turnpike {
namespace {

/// The smallest distance of two moments: periods that began at this one are those before the next.
constexpr Duration kTick{1};

AppendReport record_job(const AppendJob& job, sql::Transaction& tx, IdSource& ids) {
    AppendReport report;
    SubjectWindows windows;
    find_windows(job, tx, windows);
    const auto events = take_placed(job.place(windows), report);
    auto outcomes = record_usage(tx, events.pending, job.system_now, ids);
    save_deltas(tx, events.pending, outcomes, job.system_now, ids);
    if (job.counters == AppendJob::Counters::Report) {
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            const auto& [event, stated, counts] = events.pending[i];
            const UsageWindow& window = *counts.front().window;
            outcomes[i].counters = {under_window(load_counter(tx, event.customer, window.contract,
                                                              event.meter_key, window.period.start),
                                                 window)};
        }
    }
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
                                        Instant /*now*/) {
    Counters counters;
    const CounterRange range{customer, contract, period_start, period_start + kTick};
    for (Counter& counter : load_counters(tx, range))
        counters[counter.meter_key].push_back(counter);
    return counters;
}

asio::awaitable<Result<std::vector<ClosedPeriod>>> SqlUsage::close(CloseJob job) {
    auto work = [&](sql::Transaction& tx) {
        const Contract contract = job.subscription;
        const CounterRange range{job.customer, contract, job.from, job.before};
        fence_counters(tx, range);
        return closed_periods(load_counters(tx, range));
    };
    co_return co_await db_.write(work);
}

asio::awaitable<Result<std::vector<RecordedEvent>>> SqlUsage::list_events(EventFilter filter) {
    auto work = [&](sql::Transaction& tx) { return load_events(tx, filter); };
    co_return co_await db_.read(work);
}

}  // namespace turnpike
