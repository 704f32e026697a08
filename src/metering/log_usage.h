#pragma once

#include <optional>
#include <span>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "metering/append_job.h"
#include "metering/log/usage_log.h"
#include "metering/service.h"
#include "sql/database.h"

namespace turnpike {

/// Usage in a log of its own; the ledger is only asked where usage goes, and that only for
/// customers that memory does not know and for late usage.
class LogUsage final : public UsageStore {
public:
    /// Both outlive it. Its calls are awaited on executors that run on one thread.
    LogUsage(sql::Database& ledger, UsageLog& log) : ledger_(ledger), log_(log) {}

    asio::awaitable<Result<AppendReport>> append(AppendJob job) override;
    Counters counters(sql::Transaction& tx, const CustomerId& customer, const Contract& contract,
                      Instant period_start, Instant now) override;
    asio::awaitable<Result<std::vector<UsedPeriod>>> used_periods(PeriodQuery query) override;
    /// Reads the log from its newest segment back until the page is full, one listing at a time: of
    /// sealed segments only what the customer's counters need, of the others, at most a few of
    /// 64 MiB, everything.
    asio::awaitable<Result<std::vector<RecordedEvent>>> list_events(EventFilter filter) override;
    /// Reads one segment, behind a listing that is running.
    asio::awaitable<Result<std::optional<FollowedEvent>>> follow_event(UsageEventId id) override;
    /// One at a time, behind no listing: all segments from the oldest on, of sealed ones only what
    /// the customer's counters need.
    asio::awaitable<Result<std::optional<CounterHistory>>> read_history(HistoryQuery query,
                                                                        SeeEntry see) override;
    [[nodiscard]] std::optional<Error> failed() const override { return log_.failed(); }

private:
    asio::awaitable<SubjectWindows> windows_of(const AppendJob& job);
    asio::awaitable<std::vector<Placed>> place(const AppendJob& job);
    /// Answers when the verdicts are durable.
    asio::awaitable<Result<std::vector<LogVerdict>>> record(std::span<const LoggedUse> uses,
                                                            Instant received_at);
    /// Decides events of which none is a correction.
    asio::awaitable<Result<std::vector<UsageOutcome>>> decide(
        const AppendJob& job, const std::vector<PendingUsage>& events);
    /// Events and corrections, each stretch of them durable before the next one is looked at.
    asio::awaitable<Result<AppendReport>> append_in_order(const AppendJob& job, PlacedEvents events,
                                                          AppendReport report);
    asio::awaitable<Result<std::vector<UsageOutcome>>> correct(
        const std::vector<PendingUsage>& corrections, Instant received_at);
    /// On the thread of scans: what it reads of the log may be much.
    asio::awaitable<Result<std::vector<CorrectionVerdict>>> decide_corrections(
        const std::vector<PendingUsage>& corrections, Instant received_at);
    asio::awaitable<Result<std::vector<LoggedEvent>>> scan(EventQuery query);
    asio::awaitable<Result<std::optional<LoggedEvent>>> look_at(LogPlace place);
    asio::awaitable<Result<std::uint64_t>> scan_history(const PlacedCounter& counter,
                                                        EntryRange range, const SeeEntry& see);

    sql::Database& ledger_;
    UsageLog& log_;
    asio::thread_pool scans_{1}, histories_{1};
};

/// What tells a repetition of an event from another event of its name.
std::uint32_t content_check(const PendingUsage& pending);

}  // namespace turnpike
