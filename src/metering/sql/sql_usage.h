#pragma once

#include "metering/service.h"
#include "sql/database.h"

namespace turnpike {

/// Usage in the ledger's own tables: what is looked up and what is recorded is one transaction.
class SqlUsage final : public UsageStore {
public:
    /// Both outlive it.
    SqlUsage(sql::Database& db, IdSource& ids) : db_(db), ids_(ids) {}

    asio::awaitable<Result<AppendReport>> append(AppendJob job) override;
    Counters counters(sql::Transaction& tx, const CustomerId& customer, const Contract& contract,
                      Instant period_start, Instant now) override;
    asio::awaitable<Result<std::vector<UsedPeriod>>> used_periods(PeriodQuery query) override;
    asio::awaitable<Result<std::vector<RecordedEvent>>> list_events(EventFilter filter) override;
    asio::awaitable<Result<std::optional<FollowedEvent>>> follow_event(UsageEventId id) override;
    asio::awaitable<Result<std::optional<CounterHistory>>> read_history(HistoryQuery query,
                                                                        SeeEntry see) override;
    /// Never: a ledger that is away comes back.
    [[nodiscard]] std::optional<Error> failed() const override { return std::nullopt; }

private:
    sql::Database& db_;
    IdSource& ids_;
};

}  // namespace turnpike
